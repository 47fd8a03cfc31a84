select
    edition,
    vintage,
    org_code,
    question_id,
    sum(value) as total
from {{ ref('stg_nhs_staff_survey__results') }}
where statistic = 'percent'
group by edition, vintage, org_code, question_id
having count(*) > 1 and count(value) = count(*) and abs(sum(value) - 100) > 0.01
