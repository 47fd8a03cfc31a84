{#- Where a staged row comes from, typed: the first columns of every staging model of published data. -#}
{% macro provenance_columns() -%}
    cast(source_id as string) as source_id,
    cast(edition as string) as edition,
    cast(vintage as string) as vintage,
    cast(vintage_rank as integer) as vintage_rank,
    cast(published_on as date) as published_on,
    cast(source_file as string) as source_file,
    cast(source_row as integer) as source_row
{%- endmacro %}
