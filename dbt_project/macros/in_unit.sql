{#-
  A figure of a measure as text in its own unit, as it is written in a sentence; a difference of percentages in points.
-#}
{% macro in_unit(number, unit, is_difference) -%}
    case
        when {{ unit }} in ('percent', 'signed_percent') and {{ is_difference }}
            then {{ fixed(number, 1) }} || ' percentage points'
        when {{ unit }} in ('percent', 'signed_percent') then {{ fixed(number, 1) }} || '%'
        else {{ fixed(number, 2) }}
    end
{%- endmacro %}
