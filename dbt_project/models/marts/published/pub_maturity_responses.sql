-- Item by item, only for organisations that have agreed to be named.
select
    reportable.org_code,
    organisations.org_name,
    coalesce(organisations.organisation_type, 'other') as organisation_type,
    responses.instrument_version,
    responses.round_key,
    responses.assessment_date,
    responses.submission_status,
    responses.sharing_scope,
    responses.driver_id,
    responses.item_id,
    responses.item_title,
    responses.level,
    responses.value_status,
    {{ data_origin() }} as data_origin
from {{ ref('int_maturity__responses_joined') }} as responses
inner join {{ ref('int_maturity__reportable') }} as reportable
    on responses.submission_id = reportable.submission_id
left join {{ ref('int_organisations__unioned') }} as organisations
    on
        reportable.org_code = organisations.org_code
        and organisations.is_current
where reportable.may_be_named
