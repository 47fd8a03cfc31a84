-- Every question in every year: under which number it was asked, or that it was not.
select
    concepts.concept,
    years.survey_year,
    questions.question_id,
    questions.question_id is not null as is_collected,
    concepts.question_text,
    concepts.comparable_from,
    years.survey_year >= concepts.comparable_from as is_comparable,
    concepts.verified,
    concepts.note,
    {{ data_origin() }} as data_origin
from {{ ref('survey_concept') }} as concepts
cross join (select distinct survey_year from {{ ref('survey_question') }}) as years
left join {{ ref('survey_question') }} as questions
    on
        concepts.concept = questions.concept
        and years.survey_year = questions.survey_year
