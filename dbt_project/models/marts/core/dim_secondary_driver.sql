with rivals as (
    select
        sd_key,
        {{ joined_list('driver_id') }} as rival_driver_ids
    from {{ ref('secondary_driver_rival') }}
    group by sd_key
)

select
    secondary.sd_key,
    secondary.sd_no,
    secondary.label,
    secondary.driver_id,
    secondary.confidence,
    rivals.rival_driver_ids,
    secondary.mapping_version,
    secondary.evidence,
    {{ data_origin() }} as data_origin
from {{ ref('secondary_driver') }} as secondary
left join rivals on secondary.sd_key = rivals.sd_key
