-- The cells of the primary drivers after disclosure control. That few are at level 3 or above, or few are not, is not told.
select
    cells.driver_id,
    cells.round_key,
    cells.instrument_version,
    cells.items_expected,
    cells.organisation_type,
    cells.region_code,
    cells.cell_label,
    case when not cells.is_hidden then cells.n_shared end as n_shared,
    cells.n_eligible,
    case when not cells.is_hidden then cells.coverage_pct end as coverage_pct,
    case when not cells.is_hidden then cells.median_figure end as median_level,
    case when not cells.is_hidden and told.is_told_from then cells.share_at_or_above_3 end as share_at_or_above_3,
    case when cells.is_hidden then 'suppressed' else 'observed' end as value_status
from {{ ref('int_maturity_cells__worded') }} as cells
left join {{ ref('int_maturity_levels__told') }} as told
    on
        cells.table_name = told.table_name
        and cells.group_key = told.group_key
        and cells.organisation_type || '|' || cells.region_code = told.cell_key
        and told.category = 3
where cells.table_name = 'pub_maturity_distribution' and cells.exposure_kind = 'driver'
