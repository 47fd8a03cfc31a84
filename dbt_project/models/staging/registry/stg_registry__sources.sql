select
    cast(source_id as string) as source_id,
    cast(source_name as string) as source_name,
    cast(publisher as string) as publisher,
    cast(landing_page as string) as landing_page,
    cast(licence as string) as licence,
    cast(attribution as string) as attribution,
    cast(cadence as string) as cadence,
    cast(owner as string) as owner,
    cast(review_date as date) as review_date,
    cast(is_restricted as boolean) as is_restricted,
    cast(is_required as boolean) as is_required,
    cast(next_edition as string) as next_edition,
    cast(next_due_on as date) as next_due_on,
    cast(is_calendar_verified as boolean) as is_calendar_verified
from {{ source('staged', 'registry_sources') }}
