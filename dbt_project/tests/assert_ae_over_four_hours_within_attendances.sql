select
    over_4_hours.edition,
    over_4_hours.vintage,
    over_4_hours.org_code,
    over_4_hours.item_name,
    over_4_hours.value as over_4_hours,
    attendances.value as attendances
from {{ ref('stg_ae_four_hour__counts') }} as over_4_hours
inner join {{ ref('stg_ae_four_hour__counts') }} as attendances
    on
        over_4_hours.edition = attendances.edition
        and over_4_hours.vintage = attendances.vintage
        and over_4_hours.org_code = attendances.org_code
        and replace(over_4_hours.item_name, 'over_4_hours', 'attendances') = attendances.item_name
where over_4_hours.item_name like 'over_4_hours%' and over_4_hours.value > attendances.value
