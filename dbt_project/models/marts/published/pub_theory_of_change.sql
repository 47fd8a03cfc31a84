-- The theory of change as a list of edges: from the aim to primary and secondary drivers and the items that are evidence
-- of them, and from drivers and the aim's parts to the outcomes that they are tested against. An edge with the relation
-- `tested_against` is met again in pub_driver_outcome_association: from_id is its exposure_id, to_id its measure_id.
with steps as (
    select
        'step' as from_kind,
        earlier.step as from_id,
        earlier.text as from_label,
        'leads_to' as relation,
        'step' as to_kind,
        later.step as to_id,
        later.text as to_label,
        cast(null as string) as mapping_version,
        cast(null as double) as confidence,
        true as verified
    from {{ ref('theory_of_change') }} as earlier
    inner join {{ ref('theory_of_change') }} as later on earlier.step_no + 1 = later.step_no
),

primary_drivers as (
    select
        'step' as from_kind,
        steps.step as from_id,
        steps.text as from_label,
        'pursued_through' as relation,
        'primary_driver' as to_kind,
        drivers.driver_id as to_id,
        drivers.label as to_label,
        cast(null as string) as mapping_version,
        cast(null as double) as confidence,
        true as verified
    from {{ ref('theory_of_change') }} as steps
    cross join {{ ref('driver') }} as drivers
    where steps.step = 'aim'
),

secondary_drivers as (
    select
        'primary_driver' as from_kind,
        drivers.driver_id as from_id,
        drivers.label as from_label,
        'consists_of' as relation,
        'secondary_driver' as to_kind,
        secondary.sd_key as to_id,
        secondary.label as to_label,
        secondary.mapping_version,
        secondary.confidence,
        false as verified
    from {{ ref('secondary_driver') }} as secondary
    inner join {{ ref('driver') }} as drivers on secondary.driver_id = drivers.driver_id
),

rivals as (
    select
        'primary_driver' as from_kind,
        drivers.driver_id as from_id,
        drivers.label as from_label,
        'might_consist_of' as relation,
        'secondary_driver' as to_kind,
        secondary.sd_key as to_id,
        secondary.label as to_label,
        secondary.mapping_version,
        cast(null as double) as confidence,
        false as verified
    from {{ ref('secondary_driver_rival') }} as rivals
    inner join {{ ref('secondary_driver') }} as secondary on rivals.sd_key = secondary.sd_key
    inner join {{ ref('driver') }} as drivers on rivals.driver_id = drivers.driver_id
),

survey_items as (
    select
        'primary_driver' as from_kind,
        driver_id as from_id,
        concept,
        mapping_version,
        verified
    from {{ ref('survey_item') }}
    where driver_id is not null and role in ('evidence', 'evidence_or_outcome')

    union all

    select
        'secondary_driver' as from_kind,
        sd_key as from_id,
        concept,
        mapping_version,
        verified
    from {{ ref('survey_item_secondary_driver') }}
),

instrument_items as (
    select
        'primary_driver' as from_kind,
        driver_id as from_id,
        instrument_version,
        item_id,
        cast(null as string) as mapping_version,
        verified
    from {{ ref('instrument_item') }}
    where driver_id is not null

    union all

    select
        'secondary_driver' as from_kind,
        sd_key as from_id,
        instrument_version,
        item_id,
        mapping_version,
        verified
    from {{ ref('instrument_item_secondary_driver') }}
),

named as (
    select
        'primary_driver' as kind,
        driver_id as id,
        label
    from {{ ref('driver') }}

    union all

    select
        'secondary_driver' as kind,
        sd_key as id,
        label
    from {{ ref('secondary_driver') }}
),

evidence as (
    select
        named.kind as from_kind,
        named.id as from_id,
        named.label as from_label,
        'evidenced_by' as relation,
        'survey_item' as to_kind,
        survey_items.concept as to_id,
        items.short_label as to_label,
        survey_items.mapping_version,
        cast(null as double) as confidence,
        survey_items.verified
    from survey_items
    inner join named
        on
            survey_items.from_kind = named.kind
            and survey_items.from_id = named.id
    inner join {{ ref('survey_item') }} as items on survey_items.concept = items.concept

    union all

    select
        named.kind as from_kind,
        named.id as from_id,
        named.label as from_label,
        'evidenced_by' as relation,
        'instrument_item' as to_kind,
        instrument_items.instrument_version || ':' || instrument_items.item_id as to_id,
        items.title as to_label,
        instrument_items.mapping_version,
        cast(null as double) as confidence,
        instrument_items.verified
    from instrument_items
    inner join named
        on
            instrument_items.from_kind = named.kind
            and instrument_items.from_id = named.id
    inner join {{ ref('instrument_item') }} as items
        on
            instrument_items.instrument_version = items.instrument_version
            and instrument_items.item_id = items.item_id
),

domains as (
    select
        'step' as from_kind,
        steps.step as from_id,
        steps.text as from_label,
        'looked_for_in' as relation,
        'outcome_domain' as to_kind,
        domains.outcome_domain as to_id,
        domains.domain_label as to_label,
        cast(null as string) as mapping_version,
        cast(null as double) as confidence,
        domains.verified
    from {{ ref('theory_of_change') }} as steps
    cross join {{ ref('outcome_domain') }} as domains
    where steps.step = 'aim'
),

measures as (
    select
        'outcome_domain' as from_kind,
        domains.outcome_domain as from_id,
        domains.domain_label as from_label,
        'measured_by' as relation,
        'outcome_measure' as to_kind,
        measures.measure_id as to_id,
        measures.measure_name as to_label,
        cast(null as string) as mapping_version,
        cast(null as double) as confidence,
        domains.verified
    from {{ ref('stg_registry__measures') }} as measures
    inner join {{ ref('outcome_domain') }} as domains on measures.outcome_domain = domains.outcome_domain
),

tested as (
    select distinct
        named.kind as from_kind,
        named.id as from_id,
        named.label as from_label,
        'tested_against' as relation,
        'outcome_measure' as to_kind,
        declared.measure_id as to_id,
        declared.measure_name as to_label,
        cast(null as string) as mapping_version,
        cast(null as double) as confidence,
        cast(null as boolean) as verified
    from {{ ref('int_associations__declared') }} as declared
    inner join named on declared.exposure_id = named.id
),

edges as (
    select * from steps
    union all
    select * from primary_drivers
    union all
    select * from secondary_drivers
    union all
    select * from rivals
    union all
    select * from evidence
    union all
    select * from domains
    union all
    select * from measures
    union all
    select * from tested
)

select
    from_kind,
    from_id,
    from_label,
    relation,
    to_kind,
    to_id,
    to_label,
    mapping_version,
    confidence,
    verified,
    {{ data_origin() }} as data_origin
from edges
