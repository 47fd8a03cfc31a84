-- Which item of an earlier submission an item of a later one is compared with: itself, if both used the same version, or
-- one that a person has judged to ask the same. Two versions may come in either order.
select
    instrument_version,
    item_id,
    instrument_version as previous_instrument_version,
    item_id as previous_item_id
from {{ ref('instrument_item') }}

union

select
    to_version as instrument_version,
    to_item_id as item_id,
    from_version as previous_instrument_version,
    from_item_id as previous_item_id
from {{ ref('instrument_equivalence') }}
where relation = 'same'

union

select
    from_version as instrument_version,
    from_item_id as item_id,
    to_version as previous_instrument_version,
    to_item_id as previous_item_id
from {{ ref('instrument_equivalence') }}
where relation = 'same'
