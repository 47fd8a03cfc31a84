select
    cast(source_id as string) as source_id,
    cast(edition as string) as edition,
    cast(org_code as string) as org_code,
    cast(org_name as string) as org_name,
    cast(icb_code as string) as icb_code,
    cast(icb_name as string) as icb_name,
    cast(region_name as string) as region_name
from {{ source('staged', 'nhse_ae_system_mapping') }}
where vintage_rank = 1
