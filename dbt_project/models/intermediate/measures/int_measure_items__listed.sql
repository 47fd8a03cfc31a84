-- The survey questions that a measure is made of: those its registry entry lists, and those of the reference list.
-- Either naming is enough, so that a new measure cannot pass for item-disjoint by an omission.
with from_registry as (
    select
        measures.measure_id,
        items.concept
    from {{ ref('stg_registry__measures') }} as measures
    inner join {{ ref('survey_item') }} as items on {{ is_listed('items.concept', 'measures.items') }}
),

named as (
    select * from from_registry
    union
    select
        measure_id,
        concept
    from {{ ref('measure_item') }}
)

select
    named.measure_id,
    named.concept,
    coalesce(reference.verified, false) as verified
from named
left join {{ ref('measure_item') }} as reference
    on
        named.measure_id = reference.measure_id
        and named.concept = reference.concept
