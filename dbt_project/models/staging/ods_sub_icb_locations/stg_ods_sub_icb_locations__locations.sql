select
    cast(source_id as string) as source_id,
    cast(edition as string) as edition,
    cast(org_code as string) as org_code,
    cast(org_name as string) as org_name,
    cast(icb_code as string) as icb_code,
    cast(opened_on as date) as opened_on,
    cast(closed_on as date) as closed_on,
    cast(edition_date as date) as edition_date
from {{ source('staged', 'ods_sub_icb_locations') }}
where vintage_rank = 1
