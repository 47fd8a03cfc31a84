-- Organisations at each level of an exposure with their outcome. By the staff survey a level is a fifth of the
-- organisation's type; in 'all' the fifths of all types stand together, and an outcome is the difference from the median
-- of its type, so that differences between types are not taken for ones between levels. By self-assessment a level is the
-- organisation's own, its outcome is blurred, and types are not put together: from such a total and the parts that are
-- shown, the others would follow.
{% set minimum = var('minimum_sharing_organisations') %}

with pairs as (
    select
        pairs.*,
        eligible.median_of_type,
        count(*) over (
            partition by pairs.basis, pairs.exposure_id, pairs.measure_id, pairs.alignment, pairs.organisation_type
        ) as n_of_type
    from {{ ref('int_association_pairs') }} as pairs
    inner join {{ ref('int_outcomes__eligible') }} as eligible
        on
            pairs.measure_id = eligible.measure_id
            and pairs.alignment = eligible.alignment
            and pairs.exposure_year = eligible.exposure_year
            and pairs.outcome_period_key = eligible.outcome_period_key
            and pairs.org_code = eligible.org_code
    where not pairs.is_circular
),

fifths as (
    select * from pairs
    where basis = 'staff_survey_evidence' and n_of_type >= {{ minimum }}
),

self_assessed as (
    select distinct
        basis,
        exposure_kind,
        exposure_id,
        measure_id,
        alignment,
        exposure_year,
        exposure_period_key,
        outcome_period_key
    from pairs
    where basis = 'self_assessment' and exposure_kind = 'driver'
)

select
    basis,
    exposure_kind,
    exposure_id,
    measure_id,
    alignment,
    exposure_period_key,
    outcome_period_key,
    cast(null as string) as instrument_version,
    organisation_type,
    level,
    false as is_blurred,
    cast(null as boolean) as is_unnamed,
    cast(null as integer) as blur_group,
    cast(null as integer) as group_size,
    org_code,
    outcome_value
from fifths
where n_of_type >= 5 * {{ minimum }}

union all

select
    basis,
    exposure_kind,
    exposure_id,
    measure_id,
    alignment,
    exposure_period_key,
    outcome_period_key,
    cast(null as string) as instrument_version,
    'all' as organisation_type,
    level,
    false as is_blurred,
    cast(null as boolean) as is_unnamed,
    cast(null as integer) as blur_group,
    cast(null as integer) as group_size,
    org_code,
    outcome_value - median_of_type as outcome_value
from fifths

union all

select
    self_assessed.basis,
    self_assessed.exposure_kind,
    self_assessed.exposure_id,
    self_assessed.measure_id,
    self_assessed.alignment,
    self_assessed.exposure_period_key,
    self_assessed.outcome_period_key,
    members.instrument_version,
    members.organisation_type,
    members.category as level,
    true as is_blurred,
    members.is_unnamed,
    blurred.blur_group,
    blurred.group_size,
    members.org_code,
    blurred.blurred_value as outcome_value
from self_assessed
inner join {{ ref('int_maturity_members__placed') }} as members
    on
        members.table_name = 'pub_maturity_distribution'
        and self_assessed.exposure_kind = members.exposure_kind
        and self_assessed.exposure_id = members.exposure_id
        and self_assessed.exposure_year = members.round_start_year
inner join {{ ref('int_outcomes__blurred') }} as blurred
    on
        self_assessed.measure_id = blurred.measure_id
        and self_assessed.alignment = blurred.alignment
        and self_assessed.exposure_year = blurred.exposure_year
        and self_assessed.outcome_period_key = blurred.outcome_period_key
        and members.org_code = blurred.org_code
