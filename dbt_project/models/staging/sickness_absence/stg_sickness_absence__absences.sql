select
    {{ provenance_columns() }},
    cast(period_start as date) as period_start,
    cast(period_end as date) as period_end,
    cast(org_code as string) as org_code,
    cast(org_name as string) as org_name,
    cast(org_kind as string) as org_kind,
    cast(region_code as string) as region_code,
    cast(icb_code as string) as icb_code,
    cast(numerator as double) as days_lost,
    cast(denominator as double) as days_available,
    cast(published_value as double) as published_value,
    cast(value_status as string) as value_status
from {{ source('staged', 'sickness_absence') }}
