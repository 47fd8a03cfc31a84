-- The quarterly files of 2011 to 2014 and the current ones, one below the other.
{% for table in ['shmi', 'shmi_archive'] %}
select
    {{ provenance_columns() }},
    cast(period_start as date) as period_start,
    cast(period_end as date) as period_end,
    cast(org_code as string) as org_code,
    cast(org_name as string) as org_name,
    cast(spells as double) as spells,
    cast(observed as double) as observed,
    cast(expected as double) as expected,
    cast(counts_rounded_to as double) as counts_rounded_to,
    cast(published_value as double) as published_value,
    cast(banding as string) as banding,
    cast(po_lower_limit as double) as po_lower_limit,
    cast(po_upper_limit as double) as po_upper_limit,
    cast(od_lower_limit as double) as od_lower_limit,
    cast(od_upper_limit as double) as od_upper_limit,
    cast(value_status as string) as value_status
from {{ source('staged', table) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
