select
    source_id,
    edition,
    vintage,
    'constant_column' as check_id,
    question_id || ': ' || question_text as subject,
    response_option,
    'all ' || cast(cells_affected as string) || ' shown values of "' || response_option || '" are '
    || {{ fixed('constant_value', 1) }} as finding,
    cells_affected,
    'values withheld everywhere until the publisher confirms or replaces the column' as action,
    {{ data_origin() }} as data_origin
from {{ ref('int_survey_defects__suspected') }}
