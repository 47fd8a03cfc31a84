select
    {{ provenance_columns() }},
    cast(provider_code as string) as provider_code,
    cast(provider_ods_code as string) as provider_ods_code,
    cast(provider_name as string) as provider_name,
    cast(provider_type as string) as provider_type,
    cast(inspection_category as string) as inspection_category,
    cast(service_group as string) as service_group,
    cast(domain as string) as domain,
    cast(rating as string) as rating,
    cast(publication_date as date) as publication_date,
    cast(report_type as string) as report_type,
    cast(is_inherited as boolean) as is_inherited,
    cast(value_status as string) as value_status
from {{ source('staged', 'cqc_provider_ratings') }}
