with organisations as (
    select
        org_code,
        organisation_type
    from {{ ref('int_organisations__unioned') }}
    where is_current
)

select
    metrics.quarter_key,
    quarters.framework_version,
    quarters.comparable_from_quarter,
    metrics.org_code,
    metrics.org_name,
    organisations.organisation_type,
    metrics.org_kind,
    metrics.org_subtype,
    metrics.framework_domain,
    metrics.framework_subdomain,
    metrics.metric_id,
    metrics.metric_name,
    metrics.metric_unit,
    reference.relevance,
    metrics.reporting_text,
    metrics.period_start,
    metrics.period_end,
    metrics.value,
    metrics.value_status,
    metrics.median_value,
    metrics.lower_quartile,
    metrics.upper_quartile,
    metrics.position,
    metrics.published_on,
    metrics.source_id,
    metrics.edition,
    metrics.vintage,
    metrics.vintage_rank,
    quarters.is_latest_vintage,
    metrics.source_row,
    {{ data_origin() }} as data_origin
from {{ ref('stg_oversight_framework_metrics__metrics') }} as metrics
inner join {{ ref('int_oversight_quarters__ranked') }} as quarters
    on
        metrics.source_id = quarters.source_id
        and metrics.edition = quarters.edition
        and metrics.vintage = quarters.vintage
        and metrics.quarter_key = quarters.quarter_key
left join {{ ref('oversight_metric') }} as reference on metrics.metric_id = reference.metric_id
left join organisations on metrics.org_code = organisations.org_code
