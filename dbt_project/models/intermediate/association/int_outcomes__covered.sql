-- How much of a financial year its pooled figure covers, where that is less than the whole: England's months or
-- quarters, so that a sentence about a year can say what it rests on.
with parts as (
    select distinct
        measure_id,
        period_type
    from {{ ref('int_measures__unioned') }}
    where period_type in ('month', 'quarter')
)

select
    pooled.measure_id,
    pooled.period_key as outcome_period_key,
    cast(pooled.n_periods as string)
    || case when parts.period_type = 'month' then ' of 12 months' else ' of 4 quarters' end as outcome_coverage
from {{ ref('int_measures__pooled') }} as pooled
inner join parts on pooled.measure_id = parts.measure_id
where
    pooled.org_code = 'ENG'
    and pooled.period_type = 'financial_year'
    and pooled.n_periods < case when parts.period_type = 'month' then 12 else 4 end
