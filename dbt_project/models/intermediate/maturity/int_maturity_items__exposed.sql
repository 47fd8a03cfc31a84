-- The items that each driver and secondary driver is scored by, in each instrument version that scores drivers. An item
-- may speak to both, and to no secondary driver.
with items as (
    select
        items.instrument_version,
        items.item_id,
        items.driver_id
    from {{ ref('instrument_item') }} as items
    inner join {{ ref('instrument') }} as instruments
        on
            items.instrument_version = instruments.instrument_version
            and instruments.scores_drivers
    where items.driver_id is not null
)

select
    instrument_version,
    'driver' as exposure_kind,
    driver_id as exposure_id,
    driver_id,
    item_id
from items

union all

select
    items.instrument_version,
    'secondary_driver' as exposure_kind,
    mapped.sd_key as exposure_id,
    items.driver_id,
    items.item_id
from items
inner join {{ ref('instrument_item_secondary_driver') }} as mapped
    on
        items.instrument_version = mapped.instrument_version
        and items.item_id = mapped.item_id
