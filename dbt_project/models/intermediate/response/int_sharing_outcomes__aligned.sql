-- What was publicly known of each eligible organisation's outcomes when a round began: those of the year before, or,
-- of a measure that has none, those of the round's own year.
with years as (
    select
        rounds.round_start_year,
        outcomes.measure_id,
        min(outcomes.outcome_year) as outcome_year
    from (select distinct round_start_year from {{ ref('int_sharing__listed') }}) as rounds
    inner join {{ ref('int_outcomes__annualised') }} as outcomes
        on outcomes.outcome_year between rounds.round_start_year - 1 and rounds.round_start_year
    group by rounds.round_start_year, outcomes.measure_id
)

select
    listed.round_start_year,
    listed.org_code,
    outcomes.measure_id,
    registry.outcome_domain,
    outcomes.outcome_period_key,
    outcomes.outcome_value
from years
inner join {{ ref('int_outcomes__annualised') }} as outcomes
    on
        years.measure_id = outcomes.measure_id
        and years.outcome_year = outcomes.outcome_year
inner join {{ ref('int_sharing__listed') }} as listed
    on
        years.round_start_year = listed.round_start_year
        and outcomes.org_code = listed.org_code
inner join {{ ref('stg_registry__measures') }} as registry on outcomes.measure_id = registry.measure_id
