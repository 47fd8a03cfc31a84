select
    edition,
    vintage,
    period_end,
    org_code,
    item_name,
    sum(value) filter (where slice = 'cancer_type') as by_cancer_type,
    sum(value) filter (where slice = 'treatment') as by_treatment
from {{ ref('stg_cancer_62_day__counts') }}
group by edition, vintage, period_end, org_code, item_name
having
    sum(value) filter (where slice = 'cancer_type')
    is distinct from sum(value) filter (where slice = 'treatment')
