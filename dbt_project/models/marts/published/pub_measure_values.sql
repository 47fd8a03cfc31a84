with organisations as (
    select
        org_code,
        org_name,
        organisation_type
    from {{ ref('int_organisations__unioned') }}
    where is_current
)

select
    measures.measure_id,
    measures.org_code,
    case when measures.org_code = 'ENG' then 'England' else organisations.org_name end as org_name,
    case when measures.org_code = 'ENG' then 'all' else organisations.organisation_type end as organisation_type,
    measures.period_type,
    measures.period_key,
    measures.period_start,
    measures.period_end,
    measures.n_periods,
    measures.numerator,
    measures.denominator,
    measures.value,
    measures.value_status,
    measures.published_on,
    {{ data_origin() }} as data_origin
from {{ ref('int_measures__pooled') }} as measures
left join organisations on measures.org_code = organisations.org_code
