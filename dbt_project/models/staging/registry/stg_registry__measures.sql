select
    cast(measure_id as varchar) as measure_id,
    cast(measure_name as varchar) as measure_name,
    cast(source_id as varchar) as source_id,
    cast(outcome_domain as varchar) as outcome_domain,
    cast(unit as varchar) as unit,
    cast(polarity as varchar) as polarity,
    cast(numerator_definition as varchar) as numerator_definition,
    cast(denominator_definition as varchar) as denominator_definition,
    cast(minimum_denominator as double) as minimum_denominator,
    cast(annual_rule as varchar) as annual_rule,
    cast(survey_question as varchar) as survey_concept,
    cast(survey_options as varchar) as survey_options,
    cast(items as varchar) as items,
    cast(description as varchar) as description,
    cast(limitations as varchar) as limitations,
    cast(review_date as date) as review_date
from {{ source('staged', 'registry_measures') }}
