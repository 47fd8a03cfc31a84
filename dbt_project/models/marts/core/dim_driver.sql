select
    driver_id,
    primary_no,
    label,
    definition,
    sort_order,
    {{ data_origin() }} as data_origin
from {{ ref('driver') }}
