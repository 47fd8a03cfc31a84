-- Outcomes of the organisations that are not named in a round, whether or not they share: among these nobody must be told.
select distinct
    eligible.exposure_year,
    eligible.organisation_type,
    eligible.org_code,
    eligible.measure_id || '|' || eligible.outcome_period_key as outcome_key,
    eligible.outcome_value
from {{ ref('int_outcomes__eligible') }} as eligible
inner join (
    select distinct round_start_year
    from {{ ref('int_maturity_exposures__scored') }}
) as rounds on eligible.exposure_year = rounds.round_start_year
left join {{ ref('int_maturity_exposures__scored') }} as named
    on
        eligible.org_code = named.org_code
        and eligible.exposure_year = named.round_start_year
        and named.may_be_named
where named.org_code is null
