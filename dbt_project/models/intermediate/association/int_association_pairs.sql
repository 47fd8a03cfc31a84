-- An eligible organisation's exposure beside its outcome, in the most recent exposure year that has any pair. Each
-- organisation stands in its own type and in 'all'.
with paired as (
    select
        declared.basis,
        declared.exposure_id,
        declared.measure_id,
        declared.alignment,
        declared.organisation_type,
        declared.family_id,
        declared.is_circular,
        exposures.exposure_year,
        exposures.exposure_period_key,
        outcomes.outcome_period_key,
        exposures.org_code,
        exposures.exposure_value,
        outcomes.outcome_value,
        dense_rank() over (
            partition by declared.basis, declared.exposure_id, declared.measure_id, declared.alignment
            order by exposures.exposure_year desc nulls last
        ) as recency
    from {{ ref('int_associations__declared') }} as declared
    inner join {{ ref('int_exposures__unioned') }} as exposures
        on
            declared.basis = exposures.basis
            and declared.exposure_id = exposures.exposure_id
    inner join {{ ref('int_outcomes__annualised') }} as outcomes
        on
            declared.measure_id = outcomes.measure_id
            and exposures.org_code = outcomes.org_code
            and exposures.exposure_year + declared.years_later = outcomes.outcome_year
    inner join {{ ref('int_organisations__eligible') }} as eligible
        on
            exposures.org_code = eligible.org_code
            and exposures.exposure_year = eligible.start_year
    where declared.organisation_type in ('all', eligible.organisation_type)
)

select
    basis,
    exposure_id,
    measure_id,
    alignment,
    organisation_type,
    family_id,
    is_circular,
    exposure_year,
    exposure_period_key,
    outcome_period_key,
    org_code,
    exposure_value,
    outcome_value
from paired
where recency = 1
