-- Which files said something else than an earlier one of their edition. Restricted sources have no such rows.
select
    revisions.source_id,
    revisions.edition,
    revisions.old_vintage,
    revisions.new_vintage,
    revisions.is_announced,
    revisions.rows_added,
    revisions.rows_removed,
    revisions.rows_changed,
    revisions.rows_relabelled,
    revisions.organisations,
    revisions.largest,
    editions.published_on,
    {{ data_origin() }} as data_origin
from {{ ref('stg_registry__revisions') }} as revisions
inner join {{ ref('stg_registry__sources') }} as sources
    on
        revisions.source_id = sources.source_id
        and not sources.is_restricted
left join {{ ref('stg_registry__editions') }} as editions
    on
        revisions.source_id = editions.source_id
        and revisions.edition = editions.edition
        and revisions.new_vintage = editions.vintage
