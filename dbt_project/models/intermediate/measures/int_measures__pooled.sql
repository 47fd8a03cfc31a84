-- Counts roll up, ratios are recomputed from them: over organisations to England, over months to financial years.
with latest as (
    select
        measures.measure_id,
        measures.org_code,
        measures.period_type,
        measures.period_key,
        measures.period_start,
        measures.period_end,
        measures.numerator,
        measures.denominator,
        measures.value,
        measures.value_status,
        measures.published_on
    from {{ ref('int_measures__unioned') }} as measures
    where measures.is_latest_vintage
),

england as (
    select
        measure_id,
        'ENG' as org_code,
        period_type,
        period_key,
        min(period_start) as period_start,
        max(period_end) as period_end,
        cast(sum(numerator) as double) as numerator,
        cast(sum(denominator) as double) as denominator,
        100 * {{ div('sum(numerator)', 'sum(denominator)') }} as value,
        case when sum(denominator) > 0 then 'observed' else 'not_applicable' end as value_status,
        max(published_on) as published_on
    from latest
    where numerator is not null and denominator is not null
    group by measure_id, period_type, period_key
),

as_published as (
    select * from latest
    union all
    select * from england
),

monthly_counts as (
    select
        as_published.*,
        {{ financial_year_start('as_published.period_start') }} as start_year
    from as_published
    inner join {{ ref('stg_registry__measures') }} as registry
        on as_published.measure_id = registry.measure_id
    where
        registry.annual_rule = 'pooled'
        and as_published.period_type = 'month'
        and as_published.numerator is not null
        and as_published.denominator is not null
),

financial_years as (
    select
        measure_id,
        org_code,
        'financial_year' as period_type,
        {{ financial_year_key('start_year') }} as period_key,
        make_date(start_year, 4, 1) as period_start,
        make_date(start_year + 1, 3, 31) as period_end,
        cast(sum(numerator) as double) as numerator,
        cast(sum(denominator) as double) as denominator,
        100 * {{ div('sum(numerator)', 'sum(denominator)') }} as value,
        case when sum(denominator) > 0 then 'observed' else 'not_applicable' end as value_status,
        max(published_on) as published_on,
        cast(count(distinct period_key) as integer) as n_periods
    from monthly_counts
    group by measure_id, org_code, start_year
)

select
    as_published.*,
    1 as n_periods
from as_published

union all

select * from financial_years
