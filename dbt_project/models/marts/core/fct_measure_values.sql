with organisations as (
    select
        org_code,
        organisation_type
    from {{ ref('int_organisations__unioned') }}
    where is_current
)

select
    measures.measure_id,
    measures.org_code,
    measures.org_name,
    organisations.organisation_type,
    measures.period_type,
    measures.period_key,
    measures.period_start,
    measures.period_end,
    measures.numerator,
    measures.denominator,
    measures.value,
    measures.value_status,
    measures.published_on,
    measures.source_id,
    measures.edition,
    measures.vintage,
    measures.vintage_rank,
    measures.is_latest_vintage,
    measures.source_file,
    measures.source_row,
    {{ data_origin() }} as data_origin
from {{ ref('int_measures__unioned') }} as measures
left join organisations on measures.org_code = organisations.org_code
