select
    {{ provenance_columns() }},
    cast(source_sheet as string) as source_sheet,
    cast(survey_year as integer) as survey_year,
    cast(breakdown as string) as breakdown,
    cast(subgroup as string) as subgroup,
    cast(weighting as string) as weighting,
    cast(question_id as string) as question_id,
    cast(question_text as string) as question_text,
    cast(response_option as string) as response_option,
    cast(statistic as string) as statistic,
    cast(value as double) as value,
    cast(value_status as string) as value_status
from {{ source('staged', 'nhs_staff_survey_national') }}
