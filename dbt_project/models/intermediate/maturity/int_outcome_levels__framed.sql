-- Organisations at each level of an exposure with their outcome. By the staff survey a level is a fifth of the
-- organisation's type; in 'all' the fifths of all types stand together, and an outcome is the difference from the median
-- of its type, so that differences between types are not taken for ones between levels. By self-assessment a level is the
-- organisation's own, its outcome is blurred, and types are not put together: from such a total and the parts that are
-- shown, the others would follow.
{% set minimum = var('minimum_sharing_organisations') %}

with pairs as (
    select
        pairs.*,
        blurred.median_of_type,
        blurred.blurred_value,
        rank() over (
            partition by pairs.basis, pairs.exposure_id, pairs.measure_id, pairs.alignment, pairs.organisation_type
            order by pairs.exposure_value asc nulls last
        ) as place,
        count(*) over (
            partition by
                pairs.basis, pairs.exposure_id, pairs.measure_id, pairs.alignment, pairs.organisation_type,
                pairs.exposure_value
        ) as n_equal,
        count(*) over (
            partition by pairs.basis, pairs.exposure_id, pairs.measure_id, pairs.alignment, pairs.organisation_type
        ) as n_of_type
    from {{ ref('int_association_pairs') }} as pairs
    inner join {{ ref('int_outcomes__blurred') }} as blurred
        on
            pairs.measure_id = blurred.measure_id
            and pairs.exposure_year = blurred.exposure_year
            and pairs.outcome_period_key = blurred.outcome_period_key
            and pairs.org_code = blurred.org_code
    where pairs.alignment in ('same_year', 'outcome_one_year_later') and not pairs.is_circular
),

fifths as (
    select
        pairs.*,
        -- The fifth in which the middle of a value's ties lies.
        1 + cast(floor({{ div('5 * (2 * (place - 1) + n_equal)', '2 * n_of_type') }}) as integer) as fifth
    from pairs
    where basis = 'staff_survey_evidence' and n_of_type >= {{ minimum }}
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
    fifth as level,
    false as is_blurred,
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
    fifth as level,
    false as is_blurred,
    org_code,
    outcome_value - median_of_type as outcome_value
from fifths

union all

select
    pairs.basis,
    pairs.exposure_kind,
    pairs.exposure_id,
    pairs.measure_id,
    pairs.alignment,
    pairs.exposure_period_key,
    pairs.outcome_period_key,
    scored.instrument_version,
    pairs.organisation_type,
    pairs.level,
    true as is_blurred,
    pairs.org_code,
    pairs.blurred_value as outcome_value
from pairs
inner join {{ ref('int_maturity_exposures__scored') }} as scored
    on
        pairs.org_code = scored.org_code
        and pairs.exposure_kind = scored.exposure_kind
        and pairs.exposure_id = scored.exposure_id
        and pairs.exposure_year = scored.round_start_year
        and scored.is_shared_nationally
where pairs.basis = 'self_assessment' and pairs.exposure_kind = 'driver' and pairs.blurred_value is not null
