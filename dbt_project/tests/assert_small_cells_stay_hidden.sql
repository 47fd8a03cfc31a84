with cells as (
    select
        margined.driver_id,
        margined.round_key,
        margined.margin,
        margined.n_shared,
        margined.n_unnamed,
        published.value_status
    from {{ ref('int_maturity_cells__margined') }} as margined
    inner join {{ ref('pub_driver_maturity') }} as published
        on
            margined.table_name = 'pub_maturity_distribution'
            and margined.exposure_kind = 'driver'
            and margined.driver_id = published.driver_id
            and margined.round_key = published.round_key
            and margined.organisation_type = published.organisation_type
            and margined.region_code = published.region_code
            and published.org_code is null
)

select
    'a cell with too few organisations is shown' as finding,
    driver_id,
    round_key,
    margin
from cells
where
    value_status = 'observed'
    and (
        n_shared < {{ var('minimum_sharing_organisations') }}
        or n_unnamed between 1 and {{ var('minimum_sharing_organisations') }} - 1
    )

union all

select
    'the hidden cells of a margin can be found by subtraction' as finding,
    driver_id,
    round_key,
    margin
from cells
where margin <> 'total'
group by driver_id, round_key, margin
having
    sum(case when value_status = 'suppressed' then n_unnamed else 0 end)
    between 1 and {{ var('minimum_sharing_organisations') }} - 1
    -- Without a shown total there is nothing to subtract from.
    and sum(n_unnamed) >= {{ var('minimum_sharing_organisations') }}

union all

select
    'an item with too few organisations is shown' as finding,
    published.item_id as driver_id,
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
    )
