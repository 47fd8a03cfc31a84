with reported as (
    select
        measure_id,
        period_type,
        period_key,
        cast(sum(cast(numerator as decimal(28, 8))) as double) as numerator,
        cast(sum(cast(denominator as decimal(28, 8))) as double) as denominator
    from {{ ref('pub_measure_values') }}
    where org_code <> 'ENG' and numerator is not null and denominator is not null
    group by measure_id, period_type, period_key
),

rolled as (
    select
        measure_id,
        period_type,
        period_key,
        cast(sum(cast(numerator as decimal(28, 8))) as double) as numerator,
        cast(sum(cast(denominator as decimal(28, 8))) as double) as denominator
    from {{ ref('pub_measure_values_todays_footprint') }}
    where org_code <> 'ENG' and numerator is not null and denominator is not null
    group by measure_id, period_type, period_key
)

select
    reported.measure_id,
    reported.period_key,
    reported.numerator as reported_numerator,
    rolled.numerator as rolled_numerator,
    reported.denominator as reported_denominator,
    rolled.denominator as rolled_denominator
from reported
full outer join rolled
    on
        reported.measure_id = rolled.measure_id
        and reported.period_type = rolled.period_type
        and reported.period_key = rolled.period_key
where
    abs(reported.numerator - rolled.numerator) > 0.001
    or abs(reported.denominator - rolled.denominator) > 0.001
    or reported.measure_id is null
    or rolled.measure_id is null
