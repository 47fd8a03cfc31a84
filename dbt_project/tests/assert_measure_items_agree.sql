with from_registry as (
    select
        measures.measure_id,
        items.concept
    from {{ ref('stg_registry__measures') }} as measures
    inner join {{ ref('survey_item') }} as items on {{ is_listed('items.concept', 'measures.items') }}
),

named_twice as (
    select distinct reference.measure_id
    from {{ ref('measure_item') }} as reference
    inner join from_registry on reference.measure_id = from_registry.measure_id
)

select
    coalesce(from_registry.measure_id, reference.measure_id) as measure_id,
    coalesce(from_registry.concept, reference.concept) as concept
from from_registry
full outer join {{ ref('measure_item') }} as reference
    on
        from_registry.measure_id = reference.measure_id
        and from_registry.concept = reference.concept
inner join named_twice on coalesce(from_registry.measure_id, reference.measure_id) = named_twice.measure_id
where from_registry.concept is null or reference.concept is null

union all

-- A concept that the item list does not know could not be compared with anything.
select
    measures.measure_id,
    measures.items as concept
from {{ ref('stg_registry__measures') }} as measures
left join from_registry on measures.measure_id = from_registry.measure_id
where measures.items is not null
group by measures.measure_id, measures.items
having count(from_registry.concept) <> {{ list_length('measures.items') }}
