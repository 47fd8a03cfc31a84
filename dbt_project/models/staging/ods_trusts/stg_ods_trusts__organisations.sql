select
    cast(source_id as varchar) as source_id,
    cast(edition as varchar) as edition,
    cast(vintage as varchar) as vintage,
    cast(vintage_rank as integer) as vintage_rank,
    cast(org_code as varchar) as org_code,
    cast(org_name as varchar) as org_name,
    cast(region_code as varchar) as region_code,
    cast(icb_code as varchar) as icb_code,
    cast(opened_on as date) as opened_on,
    cast(closed_on as date) as closed_on,
    cast(edition_date as date) as edition_date
from {{ source('staged', 'ods_trusts') }}
