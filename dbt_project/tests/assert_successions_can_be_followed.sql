select
    org_code,
    chain,
    is_cycle,
    is_too_long
from {{ ref('int_organisations__resolved') }}
where is_cycle or is_too_long
