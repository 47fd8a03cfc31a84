with organisations as (
    select
        org_code,
        organisation_type
    from {{ ref('int_organisations__unioned') }}
    where is_current
),

-- A question has one concept a year; those of a year that the list does not know have none.
concepts as (
    select
        survey_year,
        question_id,
        concept
    from {{ ref('survey_question') }}
)

select
    results.survey_year,
    results.org_code,
    results.org_name,
    organisations.organisation_type,
    results.benchmark_group,
    results.region_name,
    results.weighting,
    results.question_id,
    concepts.concept,
    results.question_text,
    results.response_option,
    results.statistic,
    results.value,
    results.value_status,
    results.is_suspected_defect,
    results.correction_id,
    results.published_on,
    results.source_id,
    results.edition,
    results.vintage,
    results.vintage_rank,
    results.vintage_rank = 1 as is_latest_vintage,
    results.source_sheet,
    results.source_row,
    {{ data_origin() }} as data_origin
from {{ ref('int_survey_results__checked') }} as results
left join organisations on results.org_code = organisations.org_code
left join concepts
    on
        results.survey_year = concepts.survey_year
        and results.question_id = concepts.question_id
