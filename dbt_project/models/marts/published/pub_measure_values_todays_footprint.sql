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
    case
        when measures.org_code = 'ENG' then 'England'
        else coalesce(organisations.org_name, icbs.icb_name)
    end as org_name,
    case
        when measures.org_code = 'ENG' then 'all'
        -- A successor that no source lists yet is of its predecessors' kind.
        else coalesce(organisations.organisation_type, before.organisation_type, 'other')
    end as organisation_type,
    measures.period_type,
    measures.period_key,
    measures.period_start,
    measures.period_end,
    measures.n_periods,
    measures.numerator,
    measures.denominator,
    measures.value,
    measures.value_status,
    measures.value_reason,
    measures.n_organisations_combined,
    measures.combined_from,
    measures.roll_forward_status,
    measures.lacks_part_of,
    measures.includes_part_of,
    measures.is_duplicate_suspected,
    measures.published_on,
    {{ data_origin() }} as data_origin
from {{ ref('int_measures__todays_footprint') }} as measures
left join organisations on measures.org_code = organisations.org_code
left join {{ ref('int_icbs__named') }} as icbs on measures.org_code = icbs.icb_code
left join organisations as before on measures.first_code = before.org_code
