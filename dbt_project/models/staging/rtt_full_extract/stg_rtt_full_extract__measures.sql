-- Incomplete pathways summed over commissioners: the share within 18 weeks and the share over 52 weeks.
-- The denominator is the published "Total All", which has no band edges.
with counted as (
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
        cast(sum(pathway_count) filter (where to_weeks <= 18) as double) as within_18_weeks,
        cast(sum(pathway_count) filter (where from_weeks >= 52) as double) as over_52_weeks,
        cast(sum(pathway_count) filter (where from_weeks is null) as double) as denominator
    from {{ ref('stg_rtt_full_extract__waits') }}
    group by
        source_id, edition, vintage, vintage_rank, published_on, source_file, period_start, period_end, org_code
),

measured as (
    select
        counted.*,
        'rtt_within_18_weeks' as measure_id,
        coalesce(within_18_weeks, 0) as numerator
    from counted

    union all

    select
        counted.*,
        'rtt_over_52_weeks' as measure_id,
        coalesce(over_52_weeks, 0) as numerator
    from counted
),

measures as (
    select
        measured.*,
        'month' as period_type,
        {{ month_key('period_start') }} as period_key,
        100 * {{ div('numerator', 'denominator') }} as value,
        case when denominator > 0 then 'observed' else 'not_applicable' end as value_status
    from measured
)

select
    {{ measure_columns() }}
from measures
