select
    cast(measure_id as string) as measure_id,
    cast(measure_name as string) as measure_name,
    cast(source_id as string) as source_id,
    cast(outcome_domain as string) as outcome_domain,
    cast(unit as string) as unit,
    cast(polarity as string) as polarity,
    cast(numerator_definition as string) as numerator_definition,
    cast(denominator_definition as string) as denominator_definition,
    cast(minimum_denominator as double) as minimum_denominator,
    cast(annual_rule as string) as annual_rule,
    cast(survey_question as string) as survey_concept,
    cast(survey_options as string) as survey_options,
    cast(items as string) as items,
    cast(description as string) as description,
    cast(limitations as string) as limitations,
    cast(review_date as date) as review_date
from {{ source('staged', 'registry_measures') }}
