select
    edition,
    vintage,
    period_end,
    org_code,
    category,
    sum(value) filter (where item_name = 'treated') as treated,
    sum(value) filter (where item_name <> 'treated') as within_standard_and_breaches
from {{ ref('stg_cancer_62_day__counts') }}
group by edition, vintage, period_end, org_code, category
having
    sum(value) filter (where item_name = 'treated')
    is distinct from sum(value) filter (where item_name <> 'treated')
