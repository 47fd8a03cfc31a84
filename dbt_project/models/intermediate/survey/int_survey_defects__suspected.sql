-- A column in which many organisations all have the same value is a fault of the file, not a finding.
select
    edition,
    vintage,
    question_id,
    response_option,
    max(source_id) as source_id,
    max(question_text) as question_text,
    max(value) as constant_value,
    cast(count(value) as bigint) as cells_affected
from {{ ref('stg_nhs_staff_survey__results') }}
where value_status = 'observed'
group by edition, vintage, question_id, response_option
having
    count(value) >= {{ var('defect_minimum_organisations') }}
    and max(value) - min(value) <= 1e-9
