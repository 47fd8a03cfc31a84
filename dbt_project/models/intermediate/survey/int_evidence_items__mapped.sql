-- The survey items that each exposure is made of: a driver, a secondary driver, a headline item, and a driver without
-- the items that one outcome shares with it. Under the rival map every item that has a second driver counts for that
-- one instead: all doubts decided the other way.
with evidence as (
    select
        concept,
        driver_id,
        alt_driver_id,
        is_headline,
        mapping_version
    from {{ ref('survey_item') }}
    where role in ('evidence', 'evidence_or_outcome') and driver_id is not null
),

shared as (
    select distinct
        evidence.driver_id,
        measure_items.measure_id
    from evidence
    inner join {{ ref('int_measure_items__listed') }} as measure_items on evidence.concept = measure_items.concept
)

select
    'driver' as exposure_kind,
    driver_id as exposure_id,
    'own' as item_map,
    driver_id,
    cast(null as string) as only_measure_id,
    concept,
    mapping_version
from evidence

union all

select
    'driver' as exposure_kind,
    coalesce(alt_driver_id, driver_id) as exposure_id,
    'rival' as item_map,
    coalesce(alt_driver_id, driver_id) as driver_id,
    cast(null as string) as only_measure_id,
    concept,
    mapping_version
from evidence

union all

select
    'driver_disjoint' as exposure_kind,
    shared.driver_id || '_without_' || shared.measure_id as exposure_id,
    'own' as item_map,
    shared.driver_id,
    shared.measure_id as only_measure_id,
    evidence.concept,
    evidence.mapping_version
from shared
inner join evidence on shared.driver_id = evidence.driver_id
left join {{ ref('int_measure_items__listed') }} as measure_items
    on
        shared.measure_id = measure_items.measure_id
        and evidence.concept = measure_items.concept
where measure_items.concept is null

union all

select
    'secondary_driver' as exposure_kind,
    secondary.sd_key as exposure_id,
    'own' as item_map,
    secondary.driver_id,
    cast(null as string) as only_measure_id,
    mapped.concept,
    mapped.mapping_version
from {{ ref('survey_item_secondary_driver') }} as mapped
inner join {{ ref('secondary_driver') }} as secondary on mapped.sd_key = secondary.sd_key

union all

select
    'item' as exposure_kind,
    concept as exposure_id,
    'own' as item_map,
    driver_id,
    cast(null as string) as only_measure_id,
    concept,
    mapping_version
from evidence
where is_headline
