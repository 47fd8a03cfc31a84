-- The outcome that stands beside an exposure of a year, for each eligible organisation, whether or not it has one.
with wanted as (
    select distinct
        measure_id,
        alignment,
        exposure_year,
        outcome_period_key
    from {{ ref('int_association_pairs') }}
    where alignment in ('same_year', 'outcome_one_year_later')
)

select
    wanted.measure_id,
    wanted.alignment,
    wanted.exposure_year,
    wanted.outcome_period_key,
    eligible.organisation_type,
    eligible.org_code,
    outcomes.outcome_value,
    cast(
        median(outcomes.outcome_value) over (
            partition by
                wanted.measure_id, wanted.alignment, wanted.exposure_year, wanted.outcome_period_key,
                eligible.organisation_type
        ) as double
    ) as median_of_type
from wanted
inner join {{ ref('int_organisations__eligible') }} as eligible on wanted.exposure_year = eligible.start_year
left join {{ ref('int_outcomes__annualised') }} as outcomes
    on
        wanted.measure_id = outcomes.measure_id
        and wanted.outcome_period_key = outcomes.outcome_period_key
        and eligible.org_code = outcomes.org_code
        and (wanted.alignment <> 'outcome_one_year_later' or outcomes.is_set_in_year)
