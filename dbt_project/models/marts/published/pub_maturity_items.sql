-- Every instrument item by item, over all organisations that share nationally. One total for each item and no margins,
-- so that only an earlier release could be subtracted.
with judged as (
    select
        margined.*,
        n_shared < {{ var('minimum_sharing_organisations') }}
        or n_unnamed between 1 and {{ var('minimum_sharing_organisations') }} - 1
        or n_eligible - n_shared between 1 and {{ var('minimum_sharing_organisations') }} - 1
        or judged.cell_key is not null as is_hidden
    from {{ ref('int_maturity_items__margined') }} as margined
    left join {{ ref('int_disclosure__judged') }} as judged
        on
            judged.table_name = 'pub_maturity_items'
            and margined.instrument_version || '|' || margined.round_key || '|' || margined.item_id = judged.group_key
            and judged.is_held
)

select
    instrument_family,
    instrument_version,
    round_key,
    item_id,
    item_title,
    driver_id,
    case when not is_hidden then n_shared end as n_shared,
    n_eligible,
    case when not is_hidden then median_level end as median_level,
    case when is_hidden then 'suppressed' else 'observed' end as value_status,
    {{ data_origin() }} as data_origin
from judged
