-- The cells of the primary drivers after disclosure control.
select
    driver_id,
    round_key,
    instrument_version,
    items_expected,
    organisation_type,
    region_code,
    cell_label,
    case when not is_hidden then n_shared end as n_shared,
    n_eligible,
    case when not is_hidden then coverage_pct end as coverage_pct,
    case when not is_hidden then median_figure end as median_level,
    case when not is_hidden then share_at_or_above_3 end as share_at_or_above_3,
    case when is_hidden then 'suppressed' else 'observed' end as value_status
from {{ ref('int_maturity_cells__worded') }}
where table_name = 'pub_maturity_distribution' and exposure_kind = 'driver'
