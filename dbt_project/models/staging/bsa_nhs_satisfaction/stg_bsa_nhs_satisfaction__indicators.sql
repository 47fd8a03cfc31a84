select
    {{ provenance_columns() }},
    cast(indicator_id as string) as indicator_id,
    cast(indicator_year as integer) as indicator_year,
    cast(value as double) as value,
    cast(verified as boolean) as verified,
    cast(source_text as string) as source_text,
    cast(value_status as string) as value_status
from {{ source('staged', 'bsa_nhs_satisfaction') }}
