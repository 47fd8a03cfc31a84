select
    cast(data_origin as string) as data_origin,
    cast(code_version as string) as code_version
from {{ source('staged', 'registry_run') }}
