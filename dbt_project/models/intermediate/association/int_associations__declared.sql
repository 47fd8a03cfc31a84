-- Every pair of exposure and outcome that is looked at, with the family in which it is tested and the survey questions
-- that both are made of. The list is complete before any result is known.
with shared as (
    select
        exposure_items.exposure_kind,
        exposure_items.exposure_id,
        exposure_items.item_map,
        measure_items.measure_id,
        {{ joined_list('measure_items.concept') }} as shared_items
    from {{ ref('int_evidence_items__mapped') }} as exposure_items
    inner join {{ ref('int_measure_items__listed') }} as measure_items
        on exposure_items.concept = measure_items.concept
    group by
        exposure_items.exposure_kind, exposure_items.exposure_id, exposure_items.item_map, measure_items.measure_id
),

types as (
    select organisation_type from {{ ref('organisation_type') }} where is_eligible
    union all
    select 'all' as organisation_type
),

looked_at as (
    select
        exposures.basis,
        exposures.exposure_kind,
        exposures.driver_id,
        exposures.exposure_id,
        exposures.exposure_label,
        exposures.mapping_version,
        measures.measure_id,
        measures.measure_name,
        measures.polarity,
        measures.survey_concept is not null as is_survey_measure,
        measures.unit = 'rating' and not alignments.is_change as is_ordinal,
        types.organisation_type,
        alignments.alignment,
        alignments.years_later,
        alignments.is_change,
        alignments.is_negative_control
    from {{ ref('int_exposures__declared') }} as exposures
    inner join {{ ref('stg_registry__measures') }} as measures
        on exposures.only_measure_id is null or exposures.only_measure_id = measures.measure_id
    inner join {{ ref('association_scope') }} as scope on exposures.exposure_kind = scope.exposure_kind
    inner join {{ ref('association_alignment') }} as alignments on scope.alignment = alignments.alignment
    inner join types
        on scope.organisation_types = 'any' or {{ is_listed('types.organisation_type', 'scope.organisation_types') }}
),

-- Of the families that fit a pair, the one that names its exposure goes first, then its alignment, then its measure.
families as (
    select
        pairs.basis,
        pairs.exposure_kind,
        pairs.exposure_id,
        pairs.measure_id,
        pairs.alignment,
        families.family_id || case when families.alignment = 'each' then '_' || pairs.alignment else '' end as family_id,
        row_number() over (
            partition by pairs.basis, pairs.exposure_kind, pairs.exposure_id, pairs.measure_id, pairs.alignment
            order by
                case when families.exposure_id = 'any' then 1 else 0 end asc nulls last,
                case when families.alignment = 'each' then 1 else 0 end asc nulls last,
                case when families.measure_id = 'any_other' then 1 else 0 end asc nulls last
        ) as choice
    from (
        select distinct
            basis,
            exposure_kind,
            exposure_id,
            measure_id,
            alignment
        from looked_at
    ) as pairs
    inner join {{ ref('association_family') }} as families
        on
            pairs.basis = families.basis
            and pairs.exposure_kind = families.exposure_kind
            and families.exposure_id in ('any', pairs.exposure_id)
            and families.measure_id in ('any_other', pairs.measure_id)
            and families.alignment in ('each', pairs.alignment)
)

select
    looked_at.basis,
    looked_at.exposure_kind,
    looked_at.driver_id,
    looked_at.exposure_id,
    looked_at.exposure_label,
    looked_at.mapping_version,
    looked_at.measure_id,
    looked_at.measure_name,
    looked_at.polarity,
    looked_at.organisation_type,
    looked_at.alignment,
    looked_at.years_later,
    looked_at.is_change,
    looked_at.is_negative_control,
    looked_at.is_survey_measure,
    looked_at.is_ordinal,
    families.family_id,
    case when looked_at.basis = 'self_assessment' then confidential.place end as confidential_place,
    case when looked_at.basis = 'staff_survey_evidence' then shared.shared_items end as shared_items,
    looked_at.basis = 'staff_survey_evidence' and shared.shared_items is not null as is_circular,
    looked_at.basis = 'staff_survey_evidence' and rival.shared_items is not null as is_rival_circular,
    looked_at.basis = 'staff_survey_evidence' and looked_at.is_survey_measure as is_same_survey
from looked_at
left join families
    on
        looked_at.basis = families.basis
        and looked_at.exposure_kind = families.exposure_kind
        and looked_at.exposure_id = families.exposure_id
        and looked_at.measure_id = families.measure_id
        and looked_at.alignment = families.alignment
        and families.choice = 1
left join {{ ref('association_confidential') }} as confidential
    on
        looked_at.measure_id = confidential.measure_id
        and looked_at.alignment = confidential.alignment
left join shared
    on
        looked_at.exposure_kind = shared.exposure_kind
        and looked_at.exposure_id = shared.exposure_id
        and looked_at.measure_id = shared.measure_id
        and shared.item_map = 'own'
left join shared as rival
    on
        looked_at.exposure_kind = rival.exposure_kind
        and looked_at.exposure_id = rival.exposure_id
        and looked_at.measure_id = rival.measure_id
        and rival.item_map = 'rival'
