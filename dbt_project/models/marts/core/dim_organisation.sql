select
    org_code || '|' || {{ iso_date('valid_from') }} as organisation_key,
    org_code,
    org_name,
    organisation_type,
    region_code,
    region_name,
    icb_code,
    icb_name,
    opened_on,
    closed_on,
    valid_from,
    valid_to,
    is_current,
    is_in_ods,
    source_id,
    {{ data_origin() }} as data_origin
from {{ ref('int_organisations__unioned') }}
