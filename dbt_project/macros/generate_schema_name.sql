{#- The plain schema name, without the target's own in front: readers type `core.dim_driver`. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
