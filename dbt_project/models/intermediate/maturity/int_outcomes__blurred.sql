-- Each eligible organisation's outcome, and the same blurred so that no organisation can be told by it: outcomes of a type
-- are put in order and in groups of at least five, and each is replaced by the mean of its group (microaggregation:
-- Domingo-Ferrer and Mateo-Sanz 2002, IEEE Transactions on Knowledge and Data Engineering 14:189-201). All organisations
-- of the type take part, whether they share or not, so that nothing follows from the groups.
{% set minimum = var('minimum_sharing_organisations') %}

with wanted as (
    select distinct
        measure_id,
        exposure_year,
        outcome_period_key
    from {{ ref('int_association_pairs') }}
    where alignment in ('same_year', 'outcome_one_year_later')
),

ordered as (
    select
        wanted.measure_id,
        wanted.exposure_year,
        wanted.outcome_period_key,
        eligible.organisation_type,
        eligible.org_code,
        outcomes.outcome_value,
        row_number() over (
            partition by
                wanted.measure_id, wanted.exposure_year, wanted.outcome_period_key, eligible.organisation_type
            order by outcomes.outcome_value asc nulls last, eligible.org_code asc nulls last
        ) as place,
        count(outcomes.outcome_value) over (
            partition by
                wanted.measure_id, wanted.exposure_year, wanted.outcome_period_key, eligible.organisation_type
        ) as n_with_value,
        count(*) over (
            partition by
                wanted.measure_id, wanted.exposure_year, wanted.outcome_period_key, eligible.organisation_type
        ) as n_eligible
    from wanted
    inner join {{ ref('int_organisations__eligible') }} as eligible on wanted.exposure_year = eligible.start_year
    left join {{ ref('int_outcomes__annualised') }} as outcomes
        on
            wanted.measure_id = outcomes.measure_id
            and wanted.outcome_period_key = outcomes.outcome_period_key
            and eligible.org_code = outcomes.org_code
),

grouped as (
    select
        ordered.*,
        -- What is left over after the last full group belongs to that group.
        least(
            floor({{ div('place - 1', minimum) }}), floor({{ div('n_with_value', minimum) }}) - 1
        ) as blur_group
    from ordered
    where outcome_value is not null
)

select
    measure_id,
    exposure_year,
    outcome_period_key,
    organisation_type,
    org_code,
    cast(n_with_value as integer) as n_with_value,
    cast(n_eligible - n_with_value as integer) as n_without_value,
    outcome_value,
    cast(
        median(outcome_value) over (partition by measure_id, exposure_year, outcome_period_key, organisation_type) as double
    ) as median_of_type,
    case
        when n_with_value >= {{ minimum }}
            then
                cast(
                    avg(outcome_value) over (
                        partition by measure_id, exposure_year, outcome_period_key, organisation_type, blur_group
                        order by place asc nulls last
                        rows between unbounded preceding and unbounded following
                    ) as double
                )
    end as blurred_value
from grouped
