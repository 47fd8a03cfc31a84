-- England and its regions, to hold an organisation against. Trusts only; weighted otherwise than an organisation's own.
select
    results.survey_year,
    case when results.breakdown = 'All' then 'ENG' else regions.region_code end as area_code,
    case when results.breakdown = 'All' then 'England' else results.subgroup end as area_name,
    results.question_id,
    questions.concept,
    results.question_text,
    results.response_option,
    results.statistic,
    results.value,
    results.value_status,
    results.weighting,
    results.source_id,
    results.edition,
    {{ data_origin() }} as data_origin
from {{ ref('stg_nhs_staff_survey_national__results') }} as results
left join {{ ref('nhs_region') }} as regions on results.subgroup = regions.region_name
left join {{ ref('survey_question') }} as questions
    on
        results.survey_year = questions.survey_year
        and results.question_id = questions.question_id
where results.vintage_rank = 1 and results.breakdown in ('All', 'Region')
