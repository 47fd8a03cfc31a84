-- The cells with the names that a sentence gives them, and with how many of the eligible organisations share. What earlier
-- releases would make disclosive is hidden here, too.
with exposures as (
    select
        'driver' as exposure_kind,
        driver_id as exposure_id,
        label as exposure_label
    from {{ ref('driver') }}

    union all

    select
        'secondary_driver' as exposure_kind,
        sd_key as exposure_id,
        label as exposure_label
    from {{ ref('secondary_driver') }}
)

select
    cells.table_name,
    cells.group_key,
    cells.round_key,
    cells.instrument_version,
    cells.previous_round_key,
    cells.previous_instrument_version,
    cells.evidence_basis,
    cells.exposure_kind,
    cells.exposure_id,
    exposures.exposure_label,
    cells.driver_id,
    cells.items_expected,
    cells.items_compared,
    cast(cells.items_expected as string) || case when cells.items_expected = 1 then ' item' else ' items' end as items_words,
    cells.organisation_type,
    cells.region_code,
    case
        when cells.organisation_type <> 'all' then types.plural_label
        when cells.region_code = 'unknown' then 'organisations without a known region'
        when cells.region_code <> 'all' then 'organisations in ' || coalesce(regions.region_name, cells.region_code)
        else 'organisations of all types'
    end as cell_label,
    cells.n_eligible,
    cells.n_shared,
    cells.n_unnamed,
    cells.n_below,
    cells.n_same,
    cells.n_above,
    100 * {{ div('cells.n_shared', 'cells.n_eligible') }} as coverage_pct,
    cells.median_figure,
    cells.share_at_or_above_3,
    cells.is_hidden or judged.cell_key is not null as is_hidden
from {{ ref('int_maturity_cells__disclosed') }} as cells
inner join exposures
    on
        cells.exposure_kind = exposures.exposure_kind
        and cells.exposure_id = exposures.exposure_id
left join {{ ref('int_disclosure__judged') }} as judged
    on
        cells.table_name = judged.table_name
        and cells.group_key = judged.group_key
        and cells.organisation_type || '|' || cells.region_code = judged.cell_key
        and judged.is_held
left join {{ ref('organisation_type') }} as types on cells.organisation_type = types.organisation_type
left join {{ ref('nhs_region') }} as regions on cells.region_code = regions.region_code
