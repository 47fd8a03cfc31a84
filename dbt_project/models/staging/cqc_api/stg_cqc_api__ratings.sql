-- Locations and providers are two lists of one interface, laid out alike.
{% for kind in ['locations', 'providers'] %}
select
    {{ provenance_columns() }},
    cast(rated_level as string) as rated_level,
    cast(rated_code as string) as rated_code,
    cast(rated_name as string) as rated_name,
    cast(rated_type as string) as rated_type,
    cast(inspection_category as string) as inspection_category,
    cast(provider_code as string) as provider_code,
    cast(registration_status as string) as registration_status,
    cast(deregistered_on as date) as deregistered_on,
    cast(framework as string) as framework,
    cast(service_group as string) as service_group,
    cast(domain as string) as domain,
    cast(rating as string) as rating,
    cast(publication_date as date) as publication_date,
    cast(assessment_date as date) as assessment_date,
    cast(assessment_status as string) as assessment_status,
    cast(percentage_score as double) as percentage_score,
    cast(is_current_rating as boolean) as is_current_rating,
    cast(inherited_from as string) as inherited_from,
    cast(value_status as string) as value_status
from {{ source('staged', 'cqc_api_' ~ kind) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
