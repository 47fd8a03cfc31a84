-- Patients treated within 62 days, over all routes and types of cancer. The slice by treatment holds the same patients
-- once more and is left out.
with summed as (
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
        cast(sum(value) filter (where item_name = 'within_standard') as double) as within_standard,
        cast(sum(value) filter (where item_name = 'treated') as double) as treated,
        count(value) = count(*) as is_complete
    from {{ ref('stg_cancer_62_day__counts') }}
    where slice = 'cancer_type'
    group by
        source_id, edition, vintage, vintage_rank, published_on, source_file, period_start, period_end, org_code
),

measures as (
    select
        summed.*,
        'cancer_62_day' as measure_id,
        'month' as period_type,
        {{ month_key('period_start') }} as period_key,
        case when is_complete then within_standard end as numerator,
        case when is_complete then treated end as denominator,
        case when is_complete then 100 * {{ div('within_standard', 'treated') }} end as value,
        case
            when not is_complete then 'missing'
            when treated = 0 then 'not_applicable'
            else 'observed'
        end as value_status
    from summed
)

select
    {{ measure_columns() }}
from measures
