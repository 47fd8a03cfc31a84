-- Attendances within four hours, booked appointments included: attendances less those over four hours. All types of
-- department are 12 counts, type 1 alone is 4. Where one of them is absent nothing is measured, so that attendances
-- without four-hour figures do not enter England's denominator.
with counts as (
    select
        counts.*,
        'ae_within_4_hours' as measure_id,
        12 as counts_wanted
    from {{ ref('stg_ae_four_hour__counts') }} as counts

    union all

    select
        counts.*,
        'ae_within_4_hours_type_1' as measure_id,
        4 as counts_wanted
    from {{ ref('stg_ae_four_hour__counts') }} as counts
    where item_name like '%type_1'
),

summed as (
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
        measure_id,
        max(org_name) as org_name,
        min(source_row) as source_row,
        cast(sum(value) filter (where item_name like 'attendances%') as double) as attendances,
        cast(sum(value) filter (where item_name like 'over_4_hours%') as double) as over_4_hours,
        count(value) = max(counts_wanted) as is_complete,
        max(case when value_status = 'not_applicable' then 1 else 0 end) = 1 as has_no_four_hour_figures
    from counts
    group by
        source_id,
        edition,
        vintage,
        vintage_rank,
        published_on,
        source_file,
        period_start,
        period_end,
        org_code,
        measure_id
),

measures as (
    select
        summed.*,
        'month' as period_type,
        {{ month_key('period_start') }} as period_key,
        case when is_complete then attendances - over_4_hours end as numerator,
        case when is_complete then attendances end as denominator,
        case when is_complete then 100 * {{ div('attendances - over_4_hours', 'attendances') }} end as value,
        case
            when has_no_four_hour_figures then 'not_applicable'
            when not is_complete then 'missing'
            when attendances = 0 then 'not_applicable'
            else 'observed'
        end as value_status
    from summed
)

select
    {{ measure_columns() }}
from measures
