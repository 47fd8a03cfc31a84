select
    org_code,
    period_start,
    published_value,
    100 * {{ div('days_lost', 'days_available') }} as recomputed_value
from {{ ref('stg_sickness_absence__absences') }}
where abs(100 * {{ div('days_lost', 'days_available') }} - published_value) > 0.0051
