-- What came in and what became of it. Of a restricted source nothing is told: how many files or rows have come, or that
-- any have, could tell who has sent one.
select
    editions.source_id,
    editions.edition,
    editions.vintage,
    coalesce(editions.vintage_rank = 1 and editions.outcome = 'accepted', false) as is_latest_vintage,
    editions.outcome,
    editions.reason,
    editions.decision,
    editions.decision_reason,
    editions.same_as is not null as is_unchanged,
    editions.rows_read,
    editions.rows_accepted,
    editions.rows_rejected,
    editions.rows_out_of_scope,
    editions.published_on,
    editions.published_basis,
    editions.due_on,
    {{ data_origin() }} as data_origin
from {{ ref('stg_registry__editions') }} as editions
inner join {{ ref('stg_registry__sources') }} as sources
    on
        editions.source_id = sources.source_id
        and not sources.is_restricted
