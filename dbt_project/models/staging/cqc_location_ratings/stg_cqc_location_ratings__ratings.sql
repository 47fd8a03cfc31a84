select
    {{ provenance_columns() }},
    cast(location_code as string) as location_code,
    cast(location_name as string) as location_name,
    cast(location_type as string) as location_type,
    cast(inspection_category as string) as inspection_category,
    cast(is_care_home as boolean) as is_care_home,
    cast(location_region as string) as location_region,
    cast(service_group as string) as service_group,
    cast(domain as string) as domain,
    cast(rating as string) as rating,
    cast(publication_date as date) as publication_date,
    cast(report_type as string) as report_type,
    cast(is_inherited as boolean) as is_inherited,
    cast(provider_code as string) as provider_code,
    cast(provider_name as string) as provider_name,
    cast(value_status as string) as value_status
from {{ source('staged', 'cqc_location_ratings') }}
