select distinct period_end as day_date
from {{ ref('int_measures__pooled') }}
