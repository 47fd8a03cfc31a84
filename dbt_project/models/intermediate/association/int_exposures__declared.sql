-- Every exposure that is looked at, with the name that a sentence gives it. That of a secondary driver tells how few
-- survey items it rests on; that of a driver without the items of an outcome tells which are left out.
with evidence as (
    select
        exposure_kind,
        exposure_id,
        driver_id,
        only_measure_id,
        max(mapping_version) as mapping_version,
        cast(count(*) as string) || case when count(*) = 1 then ' item' else ' items' end as size_words
    from {{ ref('int_evidence_items__mapped') }}
    where item_map = 'own'
    group by exposure_kind, exposure_id, driver_id, only_measure_id
),

left_out as (
    select
        evidence.exposure_id,
        replace({{ joined_list('items.concept') }}, '|', ', ') as concepts
    from evidence
    inner join {{ ref('int_evidence_items__mapped') }} as items
        on
            evidence.driver_id = items.exposure_id
            and items.exposure_kind = 'driver'
            and items.item_map = 'own'
    inner join {{ ref('int_measure_items__listed') }} as measure_items
        on
            evidence.only_measure_id = measure_items.measure_id
            and items.concept = measure_items.concept
    group by evidence.exposure_id
),

self_assessed as (
    select
        secondary.sd_key,
        max(mapped.mapping_version) as mapping_version
    from {{ ref('instrument_item_secondary_driver') }} as mapped
    inner join {{ ref('secondary_driver') }} as secondary on mapped.sd_key = secondary.sd_key
    group by secondary.sd_key
)

select
    'staff_survey_evidence' as basis,
    evidence.exposure_kind,
    evidence.driver_id,
    evidence.exposure_id,
    case evidence.exposure_kind
        when 'driver' then drivers.label
        when 'driver_disjoint' then drivers.label || ', without ' || left_out.concepts
        when 'secondary_driver' then secondary.short_label || ' (' || evidence.size_words || ')'
        else items.concept || ', ' || items.short_label
    end as exposure_label,
    evidence.only_measure_id,
    evidence.mapping_version
from evidence
inner join {{ ref('driver') }} as drivers on evidence.driver_id = drivers.driver_id
left join left_out on evidence.exposure_id = left_out.exposure_id
left join {{ ref('secondary_driver') }} as secondary on evidence.exposure_id = secondary.sd_key
left join {{ ref('survey_item') }} as items on evidence.exposure_id = items.concept

union all

select
    'self_assessment' as basis,
    'driver' as exposure_kind,
    driver_id,
    driver_id as exposure_id,
    label as exposure_label,
    cast(null as string) as only_measure_id,
    cast(null as string) as mapping_version
from {{ ref('driver') }}

union all

select
    'self_assessment' as basis,
    'secondary_driver' as exposure_kind,
    secondary.driver_id,
    secondary.sd_key as exposure_id,
    secondary.short_label as exposure_label,
    cast(null as string) as only_measure_id,
    self_assessed.mapping_version
from {{ ref('secondary_driver') }} as secondary
inner join self_assessed on secondary.sd_key = self_assessed.sd_key
