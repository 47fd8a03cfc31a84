-- Full-time-equivalent days lost to sickness as a share of those available; recomputed, because the published
-- rate is rounded.
with measures as (
    select
        source_id,
        edition,
        vintage,
        vintage_rank,
        published_on,
        source_file,
        source_row,
        period_start,
        period_end,
        org_code,
        org_name,
        'sickness_absence' as measure_id,
        'month' as period_type,
        {{ month_key('period_start') }} as period_key,
        days_lost as numerator,
        days_available as denominator,
        100 * {{ div('days_lost', 'days_available') }} as value,
        case when days_available = 0 then 'not_applicable' else value_status end as value_status
    from {{ ref('stg_sickness_absence__absences') }}
)

select
    {{ measure_columns() }}
from measures
