{#-
  The origin that every released row carries. A warehouse that does not say where its data come from is labelled
  SYNTHETIC, because nothing may be taken for published data by default.
-#}
{% macro data_origin() -%}
    cast(coalesce((select max(run.data_origin) from {{ ref('stg_registry__run') }} as run), 'SYNTHETIC') as string)
{%- endmacro %}
