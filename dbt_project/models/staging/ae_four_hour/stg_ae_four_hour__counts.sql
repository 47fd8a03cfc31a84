select
    {{ provenance_columns() }},
    cast(period_start as date) as period_start,
    cast(period_end as date) as period_end,
    cast(org_code as string) as org_code,
    cast(org_name as string) as org_name,
    cast(item_name as string) as item_name,
    cast(value as double) as value,
    cast(value_status as string) as value_status
from {{ source('staged', 'ae_four_hour') }}
