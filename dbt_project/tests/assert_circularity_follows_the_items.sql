-- Reckoned once more from the flag on each question, which neither the registry nor the list of measures' items holds.
with index_items as (
    select
        concept,
        driver_id,
        role in ('evidence', 'evidence_or_outcome') as is_evidence
    from {{ ref('survey_item') }}
    where in_engagement_index
),

expected as (
    select
        driver_id,
        {{ joined_list('concept') }} as shared_items
    from index_items
    where is_evidence and driver_id is not null
    group by driver_id
),

flagged as (
    select distinct
        driver_id,
        is_circular,
        shared_items
    from {{ ref('int_associations__declared') }}
    where basis = 'staff_survey_evidence' and exposure_kind = 'driver' and measure_id = 'staff_engagement'
)

select
    coalesce(expected.driver_id, flagged.driver_id) as exposure_id,
    expected.shared_items as expected_items,
    flagged.shared_items as flagged_items
from expected
full outer join flagged on expected.driver_id = flagged.driver_id
where
    expected.shared_items is distinct from flagged.shared_items
    or flagged.is_circular is distinct from (expected.driver_id is not null)

union all

-- A variant that is offered as free of the outcome's items holds none of them.
select
    declared.exposure_id,
    cast(null as string) as expected_items,
    mapped.concept as flagged_items
from {{ ref('int_exposures__declared') }} as declared
inner join {{ ref('int_evidence_items__mapped') }} as mapped on declared.exposure_id = mapped.exposure_id
inner join index_items on mapped.concept = index_items.concept
where declared.only_measure_id = 'staff_engagement'
