-- Every pair of exposure and outcome that is looked at, with the family in which it is tested and the survey questions
-- that both are made of. The list is complete before any result is known.
with exposures as (
    select
        'staff_survey_evidence' as basis,
        'driver' as exposure_kind,
        driver_id,
        driver_id as exposure_id,
        label as exposure_label
    from {{ ref('driver') }}

    union all

    select
        'self_assessment' as basis,
        'driver' as exposure_kind,
        driver_id,
        driver_id as exposure_id,
        label as exposure_label
    from {{ ref('driver') }}

    union all

    select
        'staff_survey_evidence' as basis,
        'item' as exposure_kind,
        driver_id,
        concept as exposure_id,
        concept || ', ' || short_label as exposure_label
    from {{ ref('survey_item') }}
    where is_headline
),

exposure_items as (
    select
        'driver' as exposure_kind,
        driver_id as exposure_id,
        concept
    from {{ ref('survey_item') }}
    where driver_id is not null and role in ('evidence', 'evidence_or_outcome')

    union all

    select
        'item' as exposure_kind,
        concept as exposure_id,
        concept
    from {{ ref('survey_item') }}
    where is_headline
),

shared as (
    select
        exposure_items.exposure_kind,
        exposure_items.exposure_id,
        measure_items.measure_id,
        {{ joined_list('measure_items.concept') }} as shared_items
    from exposure_items
    inner join {{ ref('int_measure_items__listed') }} as measure_items
        on exposure_items.concept = measure_items.concept
    group by exposure_items.exposure_kind, exposure_items.exposure_id, measure_items.measure_id
),

alignments as (
    select
        'same_year' as alignment,
        0 as years_later
    union all
    select
        'outcome_one_year_later' as alignment,
        1 as years_later
),

types as (
    select organisation_type from {{ ref('organisation_type') }} where is_eligible
    union all
    select 'all' as organisation_type
)

select
    exposures.basis,
    exposures.exposure_kind,
    exposures.driver_id,
    exposures.exposure_id,
    exposures.exposure_label,
    measures.measure_id,
    measures.measure_name,
    measures.polarity,
    types.organisation_type,
    alignments.alignment,
    alignments.years_later,
    coalesce(named.family_id, otherwise.family_id) as family_id,
    case when exposures.basis = 'staff_survey_evidence' then shared.shared_items end as shared_items,
    exposures.basis = 'staff_survey_evidence' and shared.shared_items is not null as is_circular,
    exposures.basis = 'staff_survey_evidence' and measures.survey_concept is not null as is_same_survey
from exposures
cross join {{ ref('stg_registry__measures') }} as measures
cross join alignments
cross join types
left join {{ ref('association_family') }} as named
    on
        exposures.basis = named.basis
        and exposures.exposure_kind = named.exposure_kind
        and measures.measure_id = named.measure_id
left join {{ ref('association_family') }} as otherwise
    on
        exposures.basis = otherwise.basis
        and exposures.exposure_kind = otherwise.exposure_kind
        and otherwise.measure_id = 'any_other'
left join shared
    on
        exposures.exposure_kind = shared.exposure_kind
        and exposures.exposure_id = shared.exposure_id
        and measures.measure_id = shared.measure_id
