-- What maturity is measured by: a driver's evidence score, a headline item, or a driver's self-assessed level.
with drivers as (
    select
        'staff_survey_evidence' as basis,
        'driver' as exposure_kind,
        driver_id,
        driver_id as exposure_id,
        org_code,
        survey_year as exposure_year,
        period_key as exposure_period_key,
        score as exposure_value
    from {{ ref('int_driver_evidence__scored') }}
    where score is not null
),

items as (
    select
        'staff_survey_evidence' as basis,
        'item' as exposure_kind,
        items.driver_id,
        items.concept as exposure_id,
        scored.org_code,
        cast(scored.period_key as integer) as exposure_year,
        scored.period_key as exposure_period_key,
        scored.value as exposure_value
    from {{ ref('int_survey_measures__scored') }} as scored
    inner join {{ ref('survey_item') }} as items
        on
            scored.measure_id = items.concept
            and items.is_headline
    where scored.vintage_rank = 1 and scored.value is not null
),

self_assessed as (
    select
        'self_assessment' as basis,
        'driver' as exposure_kind,
        driver_id,
        driver_id as exposure_id,
        org_code,
        round_start_year as exposure_year,
        round_key as exposure_period_key,
        mean_level as exposure_value
    from {{ ref('int_driver_maturity__scored') }}
    where is_complete and is_shared_nationally
)

select * from drivers
union all
select * from items
union all
select * from self_assessed
