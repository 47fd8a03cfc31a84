-- Observed over expected deaths; recomputed, because the published ratio is rounded, unless the published counts are
-- rounded more.
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
        'shmi' as measure_id,
        'rolling_year' as period_type,
        {{ month_key('period_end') }} as period_key,
        observed as numerator,
        expected as denominator,
        case
            when value_status = 'observed' and counts_rounded_to = 0
                then coalesce({{ div('observed', 'expected') }}, published_value)
            when value_status = 'observed' then published_value
        end as value,
        value_status
    from {{ ref('stg_shmi__ratios') }}
)

select
    {{ measure_columns() }}
from measures
