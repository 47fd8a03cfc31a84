with accepted as (
    select
        source_id,
        max(edition) as latest_edition,
        max(published_on) as latest_published_on
    from {{ ref('stg_registry__editions') }}
    where outcome = 'accepted'
    group by source_id
)

select
    sources.source_id,
    sources.source_name,
    sources.publisher,
    sources.landing_page,
    sources.licence,
    sources.attribution,
    sources.cadence,
    sources.owner,
    sources.review_date,
    sources.is_restricted,
    sources.is_required,
    -- The editions of a restricted source would tell when somebody sent something.
    case when not sources.is_restricted then accepted.latest_edition end as latest_edition,
    case when not sources.is_restricted then accepted.latest_published_on end as latest_published_on,
    case when not sources.is_restricted then sources.next_edition end as next_edition,
    case when not sources.is_restricted then sources.next_due_on end as next_due_on,
    sources.is_calendar_verified,
    {{ data_origin() }} as data_origin
from {{ ref('stg_registry__sources') }} as sources
left join accepted on sources.source_id = accepted.source_id
