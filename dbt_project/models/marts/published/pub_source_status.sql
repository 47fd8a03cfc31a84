-- What came in and what became of it. Of a restricted source only the sums are told, because a file's name, date or
-- reason could tell who has sent it.
with editions as (
    select
        editions.*,
        coalesce(sources.is_restricted, true) as is_restricted
    from {{ ref('stg_registry__editions') }} as editions
    left join {{ ref('stg_registry__sources') }} as sources on editions.source_id = sources.source_id
),

open_sources as (
    select
        source_id,
        edition,
        vintage,
        coalesce(vintage_rank = 1 and outcome = 'accepted', false) as is_latest_vintage,
        outcome,
        reason,
        decision,
        decision_reason,
        same_as is not null as is_unchanged,
        rows_read,
        rows_accepted,
        rows_rejected,
        rows_out_of_scope,
        published_on,
        published_basis,
        due_on
    from editions
    where not is_restricted
),

restricted_sources as (
    select
        source_id,
        'all' as edition,
        'all' as vintage,
        false as is_latest_vintage,
        outcome,
        cast(null as string) as reason,
        cast(null as string) as decision,
        cast(null as string) as decision_reason,
        false as is_unchanged,
        cast(sum(rows_read) as bigint) as rows_read,
        cast(sum(rows_accepted) as bigint) as rows_accepted,
        cast(sum(rows_rejected) as bigint) as rows_rejected,
        cast(sum(rows_out_of_scope) as bigint) as rows_out_of_scope,
        cast(null as date) as published_on,
        cast(null as string) as published_basis,
        cast(null as date) as due_on
    from editions
    where is_restricted
    group by source_id, outcome
),

statuses as (
    select * from open_sources
    union all
    select * from restricted_sources
)

select
    source_id,
    edition,
    vintage,
    is_latest_vintage,
    outcome,
    reason,
    decision,
    decision_reason,
    is_unchanged,
    rows_read,
    rows_accepted,
    rows_rejected,
    rows_out_of_scope,
    published_on,
    published_basis,
    due_on,
    {{ data_origin() }} as data_origin
from statuses
