select
    cast(data_origin as varchar) as data_origin,
    cast(code_version as varchar) as code_version
from {{ source('staged', 'registry_run') }}
