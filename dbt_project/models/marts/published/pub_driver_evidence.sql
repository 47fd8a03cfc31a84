select
    evidence.driver_id,
    evidence.org_code,
    organisations.org_name,
    organisations.organisation_type,
    organisations.region_code,
    evidence.period_key,
    evidence.mapping_version,
    evidence.score,
    evidence.rival_score,
    evidence.items_shown,
    evidence.items_expected,
    evidence.value_status,
    {{ data_origin() }} as data_origin
from {{ ref('int_driver_evidence__scored') }} as evidence
left join {{ ref('int_organisations__unioned') }} as organisations
    on
        evidence.org_code = organisations.org_code
        and organisations.is_current
