-- What looks wrong at a publisher, found by checks that know no column and no organisation by name.
with constant_columns as (
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
        'values withheld everywhere until the publisher confirms or replaces the column' as action
    from {{ ref('int_survey_defects__suspected') }}
),

repeated_keys as (
    select
        source_id,
        edition,
        vintage,
        'repeated_key' as check_id,
        rated_code || ', ' || service_group || ', ' || domain as subject,
        'rating' as response_option,
        'published ' || cast(count(*) as string) || ' times: '
        || {{ joined_list("rating || ' of ' || " ~ iso_date('publication_date')) }} as finding,
        cast(count(*) as bigint) as cells_affected,
        'all kept and flagged as is_duplicate_key; the publisher says to look at its website' as action
    from {{ ref('fct_cqc_ratings') }}
    where is_duplicate_key
    group by source_id, edition, vintage, rated_code, service_group, domain
),

unioned as (
    select * from constant_columns
    union all
    select * from repeated_keys
)

select
    source_id,
    edition,
    vintage,
    check_id,
    subject,
    response_option,
    finding,
    cells_affected,
    action,
    {{ data_origin() }} as data_origin
from unioned
