-- The maturity of an organisation on the primary drivers alone.
select
    submission_id,
    org_code,
    instrument_version,
    round_key,
    round_start_year,
    is_shared_nationally,
    may_be_named,
    driver_id,
    items_expected,
    items_answered,
    is_complete,
    mean_level,
    median_level
from {{ ref('int_maturity_exposures__scored') }}
where exposure_kind = 'driver'
