select
    cast(source_id as varchar) as source_id,
    cast(source_name as varchar) as source_name,
    cast(publisher as varchar) as publisher,
    cast(landing_page as varchar) as landing_page,
    cast(licence as varchar) as licence,
    cast(attribution as varchar) as attribution,
    cast(cadence as varchar) as cadence,
    cast(owner as varchar) as owner,
    cast(review_date as date) as review_date,
    cast(is_restricted as boolean) as is_restricted,
    cast(is_required as boolean) as is_required
from {{ source('staged', 'registry_sources') }}
