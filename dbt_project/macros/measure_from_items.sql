{#-
  The long shape of one measure from a relation of counted items (shape `provider_items`): a sum of items over a sum of
  items, as a percentage. `complement` turns a count of what should not happen into one of what should. Where an item
  is not there, the measure is not there either, and carries the item's reason; an item without a row is missing.
-#}
{% macro measure_from_items(relation, measure_id, period_type, numerator, denominator, complement=false) -%}
    {%- set of_numerator = "item_name in ('" ~ numerator | join("', '") ~ "')" -%}
    {%- set of_denominator = "item_name in ('" ~ denominator | join("', '") ~ "')" -%}
    {%- set part = 'whole - part' if complement else 'part' -%}
    select
        summed.*,
        '{{ measure_id }}' as measure_id,
        '{{ period_type }}' as period_type,
        {{ period_key(period_type, 'period_start') }} as period_key,
        case when is_complete then {{ part }} end as numerator,
        case when is_complete then whole end as denominator,
        case when is_complete then 100 * {{ div(part, 'whole') }} end as value,
        case
            when not is_complete then coalesce(absent_status, 'missing')
            when whole = 0 then 'not_applicable'
            else 'observed'
        end as value_status
    from (
        select
            source_id,
            edition,
            vintage,
            vintage_rank,
            published_on,
            source_file,
            period_start,
            period_end,
            org_code,
            max(org_name) as org_name,
            min(source_row) as source_row,
            cast(sum(value) filter (where {{ of_numerator }}) as double) as part,
            cast(sum(value) filter (where {{ of_denominator }}) as double) as whole,
            max(value_status) filter (where value is null) as absent_status,
            count(value) = count(*)
            and count(distinct item_name) = {{ (numerator + denominator) | unique | list | length }} as is_complete
        from {{ relation }}
        where {{ of_numerator }} or {{ of_denominator }}
        group by
            source_id, edition, vintage, vintage_rank, published_on, source_file, period_start, period_end, org_code
    ) as summed
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
