-- Holds every sharing scope, and nothing that was withdrawn. It is never released.
select
    responses.submission_id,
    responses.org_code,
    responses.unit_code,
    responses.instrument_version,
    responses.round_key,
    responses.assessment_date,
    responses.submission_status,
    responses.sharing_scope,
    reportable.submission_id is not null as is_reportable,
    responses.item_id,
    responses.item_title,
    responses.driver_id,
    responses.level,
    responses.value_status,
    responses.source_id,
    responses.edition,
    responses.vintage,
    {{ data_origin() }} as data_origin
from {{ ref('int_maturity__responses_joined') }} as responses
left join {{ ref('int_maturity__reportable') }} as reportable
    on responses.submission_id = reportable.submission_id
