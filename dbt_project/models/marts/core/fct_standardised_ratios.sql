select
    measures.measure_id,
    measures.org_code,
    measures.org_name,
    measures.period_type,
    measures.period_key,
    measures.period_start,
    measures.period_end,
    ratios.spells,
    ratios.observed,
    ratios.expected,
    ratios.counts_rounded_to,
    measures.value,
    measures.value_status,
    ratios.published_value,
    ratios.banding,
    ratios.po_lower_limit,
    ratios.po_upper_limit,
    ratios.od_lower_limit,
    ratios.od_upper_limit,
    measures.published_on,
    measures.source_id,
    measures.edition,
    measures.vintage,
    measures.vintage_rank,
    measures.is_latest_vintage,
    measures.source_row,
    {{ data_origin() }} as data_origin
from {{ ref('int_measures__unioned') }} as measures
inner join {{ ref('stg_shmi__ratios') }} as ratios
    on
        measures.source_id = ratios.source_id
        and measures.edition = ratios.edition
        and measures.vintage = ratios.vintage
        and measures.source_row = ratios.source_row
        and measures.org_code = ratios.org_code
where measures.measure_id = 'shmi'
