{#-
  The long shape of every outcome measure, in order. Each model named in `int_measures__unioned` has these columns;
  a new outcome measure is a staging model that ends with them.
-#}
{% macro measure_columns() -%}
    measure_id,
    org_code,
    org_name,
    period_type,
    period_key,
    period_start,
    period_end,
    numerator,
    denominator,
    value,
    value_status,
    published_on,
    source_id,
    edition,
    vintage,
    vintage_rank,
    source_file,
    source_row
{%- endmacro %}
