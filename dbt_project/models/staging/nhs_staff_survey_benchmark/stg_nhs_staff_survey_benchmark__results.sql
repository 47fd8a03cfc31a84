select
    {{ provenance_columns() }},
    cast(source_sheet as string) as source_sheet,
    cast(survey_year as integer) as survey_year,
    cast(org_code as string) as org_code,
    cast(org_name as string) as org_name,
    cast(benchmark_group as string) as benchmark_group,
    cast(question_id as string) as question_id,
    cast(statistic as string) as statistic,
    cast(value as double) as value,
    cast(value_status as string) as value_status
from {{ source('staged', 'nhs_staff_survey_benchmark') }}
