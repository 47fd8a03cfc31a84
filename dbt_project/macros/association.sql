{#-
  How an estimate is shown. `direction` (-1 where lower is better, else 1) is a column of the relation.
-#}

{#- The ends of an interval, turned round with its estimate: where lower is better they change places. -#}
{% macro harmonised_low(low, high) -%}
    case when direction = 1 then {{ low }} else -{{ high }} end
{%- endmacro %}

{% macro harmonised_high(low, high) -%}
    case when direction = 1 then {{ high }} else -{{ low }} end
{%- endmacro %}

{#- A correlation in a sentence: two decimals, or three where two would make a small one look like none. -#}
{% macro rho_words(number) -%}
    case when abs({{ number }}) < 0.005 and {{ number }} <> 0 then {{ fixed(number, 3) }} else {{ fixed(number, 2) }} end
{%- endmacro %}
