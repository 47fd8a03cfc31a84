-- Both maps of items speak of the same driver. A row that names an item or a secondary driver that is not there fails too.
select
    mapped.concept as item_id,
    mapped.sd_key,
    items.driver_id as driver_of_item,
    secondary.driver_id as driver_of_secondary
from {{ ref('survey_item_secondary_driver') }} as mapped
left join {{ ref('survey_item') }} as items on mapped.concept = items.concept
left join {{ ref('secondary_driver') }} as secondary on mapped.sd_key = secondary.sd_key
where items.driver_id is null or secondary.driver_id is null or items.driver_id <> secondary.driver_id

union all

select
    mapped.item_id,
    mapped.sd_key,
    items.driver_id as driver_of_item,
    secondary.driver_id as driver_of_secondary
from {{ ref('instrument_item_secondary_driver') }} as mapped
left join {{ ref('instrument_item') }} as items
    on
        mapped.instrument_version = items.instrument_version
        and mapped.item_id = items.item_id
left join {{ ref('secondary_driver') }} as secondary on mapped.sd_key = secondary.sd_key
where items.driver_id is null or secondary.driver_id is null or items.driver_id <> secondary.driver_id
