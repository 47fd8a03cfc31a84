-- Outcomes as they enter figures on self-assessed levels. Those of an organisation that is not named are replaced by the
-- mean of its group, for every outcome the same group: whatever is published depends on how many of a group are at a
-- level, and never on which. One without an outcome has its group's, so that nothing follows from what is missing. Those
-- of a named organisation are as they are: its level is public too.
with unnamed as (
    select
        eligible.measure_id,
        eligible.alignment,
        eligible.exposure_year,
        eligible.outcome_period_key,
        eligible.organisation_type,
        eligible.org_code,
        grouped.blur_group,
        cast(
            count(*) over (
                partition by
                    eligible.measure_id, eligible.alignment, eligible.exposure_year, eligible.outcome_period_key,
                    eligible.organisation_type, grouped.blur_group
            ) as integer
        ) as group_size,
        avg(eligible.outcome_value) over (
            partition by
                eligible.measure_id, eligible.alignment, eligible.exposure_year, eligible.outcome_period_key,
                eligible.organisation_type, grouped.blur_group
            order by eligible.outcome_value asc nulls last, eligible.org_code asc nulls last
            rows between unbounded preceding and unbounded following
        ) as blurred_value
    from {{ ref('int_outcomes__eligible') }} as eligible
    inner join {{ ref('int_outcomes__grouped') }} as grouped
        on
            eligible.exposure_year = grouped.exposure_year
            and eligible.organisation_type = grouped.organisation_type
            and eligible.org_code = grouped.org_code
),

named as (
    select distinct
        org_code,
        round_start_year
    from {{ ref('int_maturity_exposures__scored') }}
    where may_be_named
)

select
    measure_id,
    alignment,
    exposure_year,
    outcome_period_key,
    organisation_type,
    org_code,
    blur_group,
    group_size,
    cast(blurred_value as double) as blurred_value
from unnamed
where blurred_value is not null

union all

select
    eligible.measure_id,
    eligible.alignment,
    eligible.exposure_year,
    eligible.outcome_period_key,
    eligible.organisation_type,
    eligible.org_code,
    cast(null as integer) as blur_group,
    cast(null as integer) as group_size,
    eligible.outcome_value as blurred_value
from {{ ref('int_outcomes__eligible') }} as eligible
inner join named
    on
        eligible.org_code = named.org_code
        and eligible.exposure_year = named.round_start_year
where eligible.outcome_value is not null
