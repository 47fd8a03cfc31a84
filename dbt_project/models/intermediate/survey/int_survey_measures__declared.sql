-- What is to be read off the survey: each mapped item, and each outcome measure that names a survey question. A year
-- in which it was not asked has no question.
with items as (
    select
        concept as measure_id,
        concept,
        'percent' as statistic,
        positive_options,
        excluded_options
    from {{ ref('survey_item') }}
),

outcomes as (
    select
        measures.measure_id,
        measures.survey_concept as concept,
        case when measures.survey_options = 'score' then 'score' else 'percent' end as statistic,
        measures.survey_options as positive_options,
        items.excluded_options
    from {{ ref('stg_registry__measures') }} as measures
    left join {{ ref('survey_item') }} as items on measures.survey_concept = items.concept
    where measures.survey_concept is not null
),

declared as (
    select * from items
    union all
    select * from outcomes
)

select
    declared.measure_id,
    declared.concept,
    declared.statistic,
    declared.positive_options,
    declared.excluded_options,
    years.survey_year,
    questions.question_id,
    {{ list_length('declared.positive_options') }} + {{ list_length('declared.excluded_options') }} as options_expected
from declared
cross join (select distinct survey_year from {{ ref('survey_question') }}) as years
left join {{ ref('survey_question') }} as questions
    on
        declared.concept = questions.concept
        and years.survey_year = questions.survey_year
