{#-
  How an estimate is shown. `basis` and `direction` (-1 where lower is better, else 1) are columns of the relation.
-#}

{#- The ends of an interval, turned round with its estimate: where lower is better they change places. -#}
{% macro harmonised_low(low, high) -%}
    case when direction = 1 then {{ low }} else -{{ high }} end
{%- endmacro %}

{% macro harmonised_high(low, high) -%}
    case when direction = 1 then {{ high }} else -{{ low }} end
{%- endmacro %}

{#-
  A figure as it may be published. Of self-assessments it is rounded: outcomes are public, so that exact rank statistics
  would be equations from which the levels of organisations that are not named could be solved.
-#}
{% macro blurred(number, digits) -%}
    case when basis = 'self_assessment' then round({{ number }}, {{ digits }}) else {{ number }} end
{%- endmacro %}

{#- A correlation in a sentence: two decimals, or three where two would make a small one look like none. -#}
{% macro rho_words(number) -%}
    case when abs({{ number }}) < 0.005 and {{ number }} <> 0 then {{ fixed(number, 3) }} else {{ fixed(number, 2) }} end
{%- endmacro %}
