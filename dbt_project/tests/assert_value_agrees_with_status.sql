with figures as (
    select
        'fct_measure_values' as mart,
        measure_id as subject,
        value,
        value_status
    from {{ ref('fct_measure_values') }}

    union all

    select
        'fct_survey_results' as mart,
        question_id as subject,
        value,
        value_status
    from {{ ref('fct_survey_results') }}

    union all

    select
        'pub_driver_evidence' as mart,
        driver_id as subject,
        score as value,
        value_status
    from {{ ref('pub_driver_evidence') }}
)

select
    mart,
    subject,
    value,
    value_status
from figures
where (value is not null) <> (value_status in ('observed', 'provisional', 'revised'))
