with shown as (
    select
        'pub_maturity_distribution' as table_name,
        round_key || '|' || instrument_version || '|' || exposure_kind || '|' || exposure_id as group_key,
        organisation_type,
        region_code,
        max(n_shared) as n_shown
    from {{ ref('pub_maturity_distribution') }}
    group by round_key, instrument_version, exposure_kind, exposure_id, organisation_type, region_code

    union all

    select
        'pub_maturity_distribution' as table_name,
        round_key || '|' || instrument_version || '|driver|' || driver_id as group_key,
        organisation_type,
        region_code,
        case when value_status = 'observed' then coalesce(n_shared, 0) end as n_shown
    from {{ ref('pub_driver_maturity') }}
    where org_code is null

    union all

    select
        'pub_maturity_change' as table_name,
        round_key || '|' || instrument_version || '|' || exposure_kind || '|' || exposure_id || '|' || previous_round_key
        || '|' || previous_instrument_version as group_key,
        organisation_type,
        region_code,
        n_both as n_shown
    from {{ ref('pub_maturity_change') }}
    where org_code is null and items_compared > 0

    union all

    select
        'pub_maturity_agreement' as table_name,
        round_key || '|' || instrument_version || '|driver|' || driver_id || '|' || evidence_basis as group_key,
        organisation_type,
        region_code,
        n_shared as n_shown
    from {{ ref('pub_maturity_agreement') }}
    where org_code is null
),

cells as (
    select
        margined.table_name,
        margined.exposure_id,
        margined.group_key,
        margined.round_key,
        margined.margin,
        margined.n_eligible,
        margined.n_shared,
        margined.n_unnamed,
        margined.lowest_unnamed,
        margined.highest_unnamed,
        shown.n_shown is not null as is_shown
    from {{ ref('int_maturity_cells__margined') }} as margined
    inner join shown
        on
            margined.table_name = shown.table_name
            and margined.group_key = shown.group_key
            and margined.organisation_type = shown.organisation_type
            and margined.region_code = shown.region_code
)

select
    'a cell with too few organisations, or with such as are alike, is shown' as finding,
    exposure_id as subject,
    round_key,
    margin
from cells
where
    is_shown
    and (
        n_shared < {{ var('minimum_sharing_organisations') }}
        or n_unnamed between 1 and {{ var('minimum_sharing_organisations') }} - 1
        or n_eligible - n_shared between 1 and {{ var('minimum_sharing_organisations') }} - 1
        or lowest_unnamed = highest_unnamed
    )

union all

select
    'the hidden cells of a margin can be found by subtraction' as finding,
    max(exposure_id) as subject,
    max(round_key) as round_key,
    margin
from cells
where margin <> 'total' and table_name <> 'pub_maturity_agreement'
group by table_name, group_key, margin
having
    sum(case when not is_shown then n_unnamed else 0 end) > 0
    and (
        sum(case when not is_shown then n_unnamed else 0 end) < {{ var('minimum_sharing_organisations') }}
        or min(case when not is_shown then lowest_unnamed end) = max(case when not is_shown then highest_unnamed end)
    )
    -- Without a shown total there is nothing to subtract from.
    and sum(n_unnamed) >= {{ var('minimum_sharing_organisations') }}
    and min(lowest_unnamed) < max(highest_unnamed)

union all

select
    'an item with too few organisations is shown' as finding,
    published.item_id as subject,
    published.round_key,
    'total' as margin
from {{ ref('int_maturity_items__margined') }} as margined
inner join {{ ref('pub_maturity_items') }} as published
    on
        margined.instrument_version = published.instrument_version
        and margined.round_key = published.round_key
        and margined.item_id = published.item_id
where
    published.value_status = 'observed'
    and (
        margined.n_shared < {{ var('minimum_sharing_organisations') }}
        or margined.n_unnamed between 1 and {{ var('minimum_sharing_organisations') }} - 1
        or margined.n_eligible - margined.n_shared between 1 and {{ var('minimum_sharing_organisations') }} - 1
    )

union all

select
    'how few are at a level, or rate themselves so, is shown' as finding,
    counted.cell_key as subject,
    counted.group_key as round_key,
    counted.margin
from {{ ref('int_maturity_levels__counted') }} as counted
inner join (
    select
        'pub_maturity_distribution' as table_name,
        round_key || '|' || instrument_version || '|' || exposure_kind || '|' || exposure_id as group_key,
        organisation_type || '|' || region_code as cell_key,
        level as category
    from {{ ref('pub_maturity_distribution') }}
    where n_at_level is not null or share_at_level is not null

    union all

    select
        'pub_maturity_change' as table_name,
        round_key || '|' || instrument_version || '|' || exposure_kind || '|' || exposure_id || '|' || previous_round_key
        || '|' || previous_instrument_version as group_key,
        organisation_type || '|' || region_code as cell_key,
        signs.category
    from {{ ref('pub_maturity_change') }}
    cross join (values (-1), (0), (1)) as signs (category)
    where
        org_code is null
        and case signs.category when -1 then n_worsened when 0 then n_same else n_improved end is not null

    union all

    select
        'pub_maturity_agreement' as table_name,
        round_key || '|' || instrument_version || '|driver|' || driver_id || '|' || evidence_basis as group_key,
        organisation_type || '|' || region_code as cell_key,
        signs.category
    from {{ ref('pub_maturity_agreement') }}
    cross join (values (-1), (0), (1)) as signs (category)
    where
        org_code is null
        and case signs.category when -1 then share_below when 0 then share_in_line else share_above end is not null
) as told
    on
        counted.table_name = told.table_name
        and counted.group_key = told.group_key
        and counted.cell_key = told.cell_key
        and counted.category = told.category
where counted.n_unnamed between 1 and {{ var('minimum_sharing_organisations') }} - 1

union all

select
    'how few are at level 3 or above, or are not, is shown' as finding,
    driver_id as subject,
    counted.group_key as round_key,
    margin
from {{ ref('int_maturity_levels__counted') }} as counted
inner join {{ ref('pub_driver_maturity') }} as shown
    on
        counted.table_name = 'pub_maturity_distribution'
        and counted.group_key = shown.round_key || '|' || shown.instrument_version || '|driver|' || shown.driver_id
        and counted.cell_key = shown.organisation_type || '|' || shown.region_code
where shown.org_code is null and shown.share_at_or_above_3 is not null
group by driver_id, counted.group_key, margin, counted.cell_key
having
    sum(case when counted.category >= 3 then counted.n_unnamed else 0 end)
    between 1 and {{ var('minimum_sharing_organisations') }} - 1
    or sum(case when counted.category < 3 then counted.n_unnamed else 0 end)
    between 1 and {{ var('minimum_sharing_organisations') }} - 1
