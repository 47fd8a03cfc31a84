{#-
  The long shape of one measure from counted items (shape `provider_items`): a sum of items over a sum of items, as a
  percentage. `complement` turns a count of what should not happen into one of what should. Where an item is not there,
  the measure is not there either, and carries the item's reason.
-#}
{% macro measure_from_items(source_id, measure_id, period_type, numerator, denominator, complement=false) -%}
    {%- set of_numerator = "item_name in ('" ~ numerator | join("', '") ~ "')" -%}
    {%- set of_denominator = "item_name in ('" ~ denominator | join("', '") ~ "')" -%}
    select
        source_id,
        edition,
        vintage,
        vintage_rank,
        published_on,
        source_file,
        min(source_row) as source_row,
        period_start,
        period_end,
        org_code,
        max(org_name) as org_name,
        '{{ measure_id }}' as measure_id,
        '{{ period_type }}' as period_type,
        {{ period_key(period_type, 'period_start') }} as period_key,
        {{ summed_items(of_denominator, of_numerator) if complement else summed_items(of_numerator) }} as numerator,
        {{ summed_items(of_denominator) }} as denominator,
        100 * {{ div(
            summed_items(of_denominator, of_numerator) if complement else summed_items(of_numerator),
            summed_items(of_denominator)
        ) }} as value,
        case
            when count(*) filter (where value is null) > 0 then max(value_status) filter (where value is null)
            when {{ summed_items(of_denominator) }} = 0 then 'not_applicable'
            else 'observed'
        end as value_status
    from {{ source('staged', source_id) }}
    where {{ of_numerator }} or {{ of_denominator }}
    group by
        source_id, edition, vintage, vintage_rank, published_on, source_file, period_start, period_end, org_code
{%- endmacro %}

{#- The sum of some items, less that of others, or null where any item of the organisation is not there. -#}
{% macro summed_items(of, less=none) -%}
    case
        when count(*) filter (where value is null) = 0
            then cast(sum(case when {{ of }} then value else 0 end) as double)
            {%- if less %} - cast(sum(case when {{ less }} then value else 0 end) as double){% endif %}
    end
{%- endmacro %}

{#- The key of the period that begins on a day: '2025-03', '2024-25 Q4' or '2024-25'. -#}
{% macro period_key(period_type, start) -%}
    {%- if period_type == 'month' -%}
        {{ month_key(start) }}
    {%- elif period_type == 'quarter' -%}
        {{ financial_year_key(financial_year_start(start)) }} || ' Q'
        || cast(cast(floor((extract(month from {{ start }}) + 8) % 12 / 3.0) as integer) + 1 as string)
    {%- else -%}
        {{ financial_year_key(financial_year_start(start)) }}
    {%- endif -%}
{%- endmacro %}
