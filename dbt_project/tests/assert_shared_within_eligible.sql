select
    driver_id,
    round_key,
    organisation_type,
    region_code,
    n_shared,
    n_eligible
from {{ ref('pub_driver_maturity') }}
where n_shared > n_eligible
