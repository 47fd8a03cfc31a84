-- Counts roll up, ratios are recomputed from them: over organisations to England, over months or quarters to financial years.
-- They are summed as decimals: a sum of doubles depends on the order of rows, and two builds would differ.
with latest as (
    select
        measure_id,
        org_code,
        period_type,
        period_key,
        period_start,
        period_end,
        numerator,
        denominator,
        value,
        value_status,
        published_on,
        1 as n_periods
    from {{ ref('int_measures__unioned') }}
    where is_latest_vintage
),

counts as (
    select
        measure_id,
        org_code,
        period_type,
        period_key,
        period_start,
        period_end,
        published_on,
        cast(numerator as decimal(28, 8)) as numerator,
        cast(denominator as decimal(28, 8)) as denominator
    from latest
    where numerator is not null and denominator is not null
),

all_counts as (
    select
        counts.*,
        false as is_summed
    from counts

    union all

    select
        measure_id,
        'ENG' as org_code,
        period_type,
        period_key,
        min(period_start) as period_start,
        max(period_end) as period_end,
        max(published_on) as published_on,
        cast(sum(numerator) as decimal(28, 8)) as numerator,
        cast(sum(denominator) as decimal(28, 8)) as denominator,
        true as is_summed
    from counts
    group by measure_id, period_type, period_key
),

within_years as (
    select
        all_counts.*,
        {{ financial_year_start('all_counts.period_start') }} as start_year
    from all_counts
    inner join {{ ref('stg_registry__measures') }} as registry on all_counts.measure_id = registry.measure_id
    where registry.annual_rule = 'pooled' and all_counts.period_type in ('month', 'quarter')
),

summed as (
    select
        measure_id,
        org_code,
        period_type,
        period_key,
        period_start,
        period_end,
        numerator,
        denominator,
        published_on,
        1 as n_periods
    from all_counts
    where is_summed

    union all

    select
        measure_id,
        org_code,
        'financial_year' as period_type,
        {{ financial_year_key('start_year') }} as period_key,
        make_date(start_year, 4, 1) as period_start,
        make_date(start_year + 1, 3, 31) as period_end,
        cast(sum(numerator) as decimal(28, 8)) as numerator,
        cast(sum(denominator) as decimal(28, 8)) as denominator,
        max(published_on) as published_on,
        cast(count(distinct period_key) as integer) as n_periods
    from within_years
    group by measure_id, org_code, start_year
)

select * from latest

union all

select
    summed.measure_id,
    summed.org_code,
    summed.period_type,
    summed.period_key,
    summed.period_start,
    summed.period_end,
    cast(summed.numerator as double) as numerator,
    cast(summed.denominator as double) as denominator,
    case when registry.unit = 'ratio' then 1 else 100 end
    * {{ div('summed.numerator', 'summed.denominator') }} as value,
    case when summed.denominator > 0 then 'observed' else 'not_applicable' end as value_status,
    summed.published_on,
    summed.n_periods
from summed
inner join {{ ref('stg_registry__measures') }} as registry on summed.measure_id = registry.measure_id
