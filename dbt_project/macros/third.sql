{#-
  The third in which the middle of a value's ties lies: 1 lower, 2 middle, 3 upper. The relation has `place` (rank from
  below), `n_equal` (rows with the same value) and `n_of_type` (rows ranked).
-#}
{% macro third(relation) -%}
    case
        when 3 * (2 * ({{ relation }}.place - 1) + {{ relation }}.n_equal) < 2 * {{ relation }}.n_of_type then 1
        when 3 * (2 * ({{ relation }}.place - 1) + {{ relation }}.n_equal) > 4 * {{ relation }}.n_of_type then 3
        else 2
    end
{%- endmacro %}
