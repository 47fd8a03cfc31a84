select
    {{ provenance_columns() }},
    cast(period_start as date) as period_start,
    cast(period_end as date) as period_end,
    cast(org_code as string) as org_code,
    cast(org_name as string) as org_name,
    cast(commissioner_code as string) as commissioner_code,
    cast(band_label as string) as band_label,
    cast(from_weeks as integer) as from_weeks,
    cast(to_weeks as integer) as to_weeks,
    cast(pathway_count as bigint) as pathway_count
from {{ source('staged', 'rtt_full_extract') }}
