{#- A figure of a measure as text in its own unit, as it is written in a sentence. -#}
{% macro in_unit(number, unit) -%}
    case
        when {{ unit }} in ('percent', 'signed_percent') then {{ fixed(number, 1) }} || '%'
        else {{ fixed(number, 2) }}
    end
{%- endmacro %}
