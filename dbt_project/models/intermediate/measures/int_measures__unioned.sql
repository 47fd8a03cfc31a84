-- Every outcome measure in the long shape, with the newest figures marked.
with measures as (
    select
        {{ measure_columns() | indent(8) }}
    from {{ ref('int_measures__gathered') }}
),

-- Newest first by edition, then by vintage: a period that a later edition publishes again is replaced as a whole,
-- so that an organisation which the publisher has taken out does not live on.
ranked as (
    select
        measures.*,
        dense_rank() over (
            partition by measure_id, period_type, period_key
            order by edition desc nulls last, vintage_rank asc nulls last
        ) as recency
    from measures
)

select
    {{ measure_columns() }},
    recency = 1 as is_latest_vintage
from ranked
