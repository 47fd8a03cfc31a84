{#-
  What engines spell differently, or answer differently without a word. Models call these; they hold no such SQL.
  Each macro has a default (DuckDB) and, where it must differ, a `spark__` form.
-#}

{#- A quotient as a double; null where the denominator is zero. Engines disagree on 1/0 and on decimal scale. -#}
{% macro div(numerator, denominator) -%}
    (cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0))
{%- endmacro %}

{#- Whole days from one date to another. `date - date` is a number on one engine and an interval on another. -#}
{% macro days_between(from_date, to_date) -%}
    {{ return(adapter.dispatch('days_between')(from_date, to_date)) }}
{%- endmacro %}

{% macro default__days_between(from_date, to_date) -%}
    cast(date_diff('day', {{ from_date }}, {{ to_date }}) as integer)
{%- endmacro %}

{% macro spark__days_between(from_date, to_date) -%}
    datediff({{ to_date }}, {{ from_date }})
{%- endmacro %}

{#- The next day. `date + 1` is a date on one engine, an error on another, and `+ interval` may be a timestamp. -#}
{% macro day_after(date_expression) -%}
    {{ return(adapter.dispatch('day_after')(date_expression)) }}
{%- endmacro %}

{% macro default__day_after(date_expression) -%}
    cast({{ date_expression }} + interval '1 day' as date)
{%- endmacro %}

{% macro spark__day_after(date_expression) -%}
    date_add({{ date_expression }}, 1)
{%- endmacro %}

{#- A date as 'yyyy-mm-dd'. -#}
{% macro iso_date(date_expression) -%}
    cast(cast({{ date_expression }} as date) as string)
{%- endmacro %}

{#- A month as 'yyyy-mm'. -#}
{% macro month_key(date_expression) -%}
    substr({{ iso_date(date_expression) }}, 1, 7)
{%- endmacro %}

{#- The year in which the financial year (April to March) of a date starts. -#}
{% macro financial_year_start(date_expression) -%}
    cast(
        extract(year from {{ date_expression }})
        - case when extract(month from {{ date_expression }}) < 4 then 1 else 0 end as integer
    )
{%- endmacro %}

{#- The name of a financial year, '2024-25', from the year in which it starts. -#}
{% macro financial_year_key(start_year) -%}
    cast({{ start_year }} as string) || '-' || substr(cast({{ start_year }} + 1 as string), 3, 2)
{%- endmacro %}

{#- True where the text is one of the '|'-separated members of the list; false where either is null. -#}
{% macro is_listed(member, list) -%}
    coalesce(position('|' || {{ member }} || '|' in '|' || {{ list }} || '|') > 0, false)
{%- endmacro %}

{#- How many '|'-separated members a list has; 0 where it is null. -#}
{% macro list_length(list) -%}
    coalesce(length({{ list }}) - length(replace({{ list }}, '|', '')) + 1, 0)
{%- endmacro %}

{#- An aggregate: the distinct values in order, joined by '|'. -#}
{% macro joined_list(expression) -%}
    {{ return(adapter.dispatch('joined_list')(expression)) }}
{%- endmacro %}

{% macro default__joined_list(expression) -%}
    string_agg(distinct {{ expression }}, '|' order by {{ expression }})
{%- endmacro %}

{% macro spark__joined_list(expression) -%}
    nullif(array_join(array_sort(collect_set({{ expression }})), '|'), '')
{%- endmacro %}

{#- A number as text with a fixed count of decimals, as it is written in a sentence. -#}
{% macro fixed(number, digits) -%}
    cast(cast({{ number }} as decimal(18, {{ digits }})) as string)
{%- endmacro %}
