-- Every outcome measure in the long shape, with the newest figures marked.
with measures as (
    select
        {{ measure_columns() | indent(8) }}
    from {{ ref('int_measures__gathered') }}
),

-- Newest first by edition, then by vintage: a period that a later edition publishes again is replaced as a whole,
-- so that an organisation which the publisher has taken out does not live on. Where several files make up an edition,
-- each replaces its own part only.
ranked as (
    select
        measures.*,
        dense_rank() over (
            partition by measures.measure_id, measures.period_type, measures.period_key, editions.part
            order by measures.edition desc nulls last, measures.vintage_rank asc nulls last
        ) as recency
    from measures
    left join {{ ref('stg_registry__editions') }} as editions
        on
            measures.source_id = editions.source_id
            and measures.edition = editions.edition
            and measures.vintage = editions.vintage
)

select
    {{ measure_columns() }},
    recency = 1 as is_latest_vintage
from ranked
