-- The newest figures, once for each chart they could stand in, and why they cannot. A measure that pools over a year
-- has its months in the series and its years in the funnel: a year rests on more events than a month.
with figures as (
    select
        pooled.*,
        registry.annual_rule = 'pooled' as is_pooled,
        registry.unit,
        registry.polarity,
        registry.minimum_denominator,
        registry.funnel_group,
        periods.months_per_period,
        periods.no_xmr_reason,
        periods.no_funnel_reason,
        organisations.organisation_type,
        types.plural_label,
        coalesce(types.is_eligible, false) as is_comparable_type
    from {{ ref('int_measures__pooled') }} as pooled
    inner join {{ ref('stg_registry__measures') }} as registry on pooled.measure_id = registry.measure_id
    left join {{ ref('chart_period') }} as periods on pooled.period_type = periods.period_type
    left join {{ ref('int_organisations__unioned') }} as organisations
        on pooled.org_code = organisations.org_code and organisations.is_current
    left join {{ ref('organisation_type') }} as types on organisations.organisation_type = types.organisation_type
    where pooled.value is not null
),

charted as (
    select
        figures.*,
        'xmr' as chart,
        cast(null as string) as comparison_group,
        case
            when months_per_period is null
                then coalesce(no_xmr_reason, 'nobody has said whether its periods make a series')
            when denominator < minimum_denominator
                then 'the denominator is below ' || {{ fixed('minimum_denominator', 0) }}
        end as not_charted_reason
    from figures
    where not (is_pooled and period_type = 'financial_year')

    union all

    select
        figures.*,
        'funnel' as chart,
        case
            when funnel_group = 'all' then 'all'
            when is_comparable_type then organisation_type
        end as comparison_group,
        case
            when no_funnel_reason is not null then no_funnel_reason
            when unit not in ('percent', 'ratio') then 'it is no share or ratio of counts, so chance has no known size'
            when numerator is null or denominator is null then 'no count of events is published'
            when denominator <= 0 or denominator < minimum_denominator
                then 'the denominator is below ' || {{ fixed('coalesce(minimum_denominator, 1)', 0) }}
            when funnel_group = 'organisation_type' and organisation_type is null
                then 'the type of the organisation is not known'
            when funnel_group = 'organisation_type' and not is_comparable_type
                then 'the organisations are of no type whose members can be compared'
        end as not_charted_reason
    from figures
    where org_code <> 'ENG' and (not is_pooled or period_type = 'financial_year')
),

counted as (
    select
        charted.*,
        count(*) over (
            partition by chart, measure_id, period_type, period_key, comparison_group, not_charted_reason is null
        ) as comparison_n
    from charted
)

select
    chart,
    measure_id,
    org_code,
    period_type,
    period_key,
    period_start,
    period_end,
    n_periods,
    numerator,
    denominator,
    value,
    value_status,
    unit,
    polarity,
    months_per_period,
    comparison_group,
    coalesce(
        not_charted_reason,
        case
            when chart = 'funnel' and comparison_n < {{ var('funnel_minimum_organisations') }}
                then 'there are fewer than {{ var("funnel_minimum_organisations") }} comparable organisations'
        end
    ) as not_charted_reason
from counted
