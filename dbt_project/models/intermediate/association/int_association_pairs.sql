-- An eligible organisation's exposure beside its outcome, in the most recent exposure year that has any pair, with what
-- the estimate is adjusted for. A change stands beside the change of the outcome between the same two years. By the staff
-- survey the level is a fifth of the organisation's type.
with declared as (
    select distinct
        basis,
        exposure_kind,
        exposure_id,
        measure_id,
        alignment,
        years_later,
        is_change,
        is_negative_control,
        is_survey_measure,
        is_ordinal,
        is_circular,
        is_rival_circular
    from {{ ref('int_associations__declared') }}
),

outcomes as (
    select
        measure_id,
        org_code,
        outcome_year,
        outcome_period_key,
        outcome_value,
        is_set_in_year
    from {{ ref('int_outcomes__annualised') }}
),

broken as (
    select
        org_code,
        max(survey_year) as survey_year
    from {{ ref('survey_history_break') }}
    group by org_code
),

paired as (
    select
        declared.*,
        exposures.exposure_year,
        exposures.exposure_period_key,
        case
            when declared.is_change then base.outcome_period_key || ' to ' || outcomes.outcome_period_key
            else outcomes.outcome_period_key
        end as outcome_period_key,
        exposures.org_code,
        eligible.organisation_type,
        eligible.region_code,
        sized.size,
        exposures.exposure_value,
        outcomes.outcome_value - case when declared.is_change then base.outcome_value else 0 end as outcome_value,
        exposures.level,
        -- The value before a negative control's outcome would be adjusted for is that outcome; a change holds it already.
        case
            when not declared.is_change and not declared.is_negative_control then base.outcome_value
        end as prior_outcome_value,
        case when declared.basis = 'self_assessment' then sharing.weight end as weight,
        case when not declared.is_rival_circular then exposures.rival_exposure_value end as rival_exposure_value,
        dense_rank() over (
            partition by declared.basis, declared.exposure_id, declared.measure_id, declared.alignment
            order by exposures.exposure_year desc nulls last
        ) as recency
    from declared
    inner join {{ ref('int_exposures__unioned') }} as exposures
        on
            declared.basis = exposures.basis
            and declared.exposure_kind = exposures.exposure_kind
            and declared.exposure_id = exposures.exposure_id
            and declared.is_change = exposures.is_change
    inner join {{ ref('int_organisations__eligible') }} as eligible
        on
            exposures.org_code = eligible.org_code
            and exposures.exposure_year = eligible.start_year
    inner join outcomes
        on
            declared.measure_id = outcomes.measure_id
            and exposures.org_code = outcomes.org_code
            and exposures.exposure_year + declared.years_later = outcomes.outcome_year
            -- Later means set later, not only read later.
            and (declared.years_later < 1 or outcomes.is_set_in_year)
    left join outcomes as base
        on
            declared.measure_id = base.measure_id
            and exposures.org_code = base.org_code
            and coalesce(exposures.base_year, exposures.exposure_year + declared.years_later - 1) = base.outcome_year
    left join {{ ref('int_organisations__sized') }} as sized
        on
            exposures.org_code = sized.org_code
            and exposures.exposure_year = sized.start_year
    left join {{ ref('int_sharing__weighted') }} as sharing
        on
            exposures.org_code = sharing.org_code
            and exposures.exposure_year = sharing.round_start_year
    left join broken
        on
            declared.is_change
            and declared.is_survey_measure
            and exposures.org_code = broken.org_code
            and exposures.base_year < broken.survey_year
            and exposures.exposure_year >= broken.survey_year
    where (not declared.is_change or base.outcome_value is not null) and broken.org_code is null
),

placed as (
    select
        paired.*,
        rank() over (
            partition by basis, exposure_id, measure_id, alignment, organisation_type
            order by exposure_value asc nulls last
        ) as place,
        count(*) over (
            partition by basis, exposure_id, measure_id, alignment, organisation_type, exposure_value
        ) as n_equal,
        count(*) over (partition by basis, exposure_id, measure_id, alignment, organisation_type) as n_of_type
    from paired
    where recency = 1
)

select
    basis,
    exposure_kind,
    exposure_id,
    measure_id,
    alignment,
    is_circular,
    exposure_year,
    exposure_period_key,
    outcome_period_key,
    org_code,
    organisation_type,
    region_code,
    size,
    exposure_value,
    outcome_value,
    case
        when basis = 'self_assessment' then level
        -- The fifth in which the middle of a value's ties lies.
        when not is_change and n_of_type >= 5
            then 1 + cast(floor({{ div('5 * (2 * (place - 1) + n_equal)', '2 * n_of_type') }}) as integer)
    end as level,
    prior_outcome_value,
    rival_exposure_value,
    weight,
    is_ordinal
from placed
