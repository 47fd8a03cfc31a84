-- What looks wrong at a publisher, found by checks that know no column and no organisation by name. What the corrections
-- ledger knows of is told apart by the entry's identifier.
with known as (
    select
        edition,
        vintage,
        question_id,
        response_option,
        max(correction_id) as correction_id
    from {{ ref('int_survey_corrections__applied') }}
    where action <> 'replace'
    group by edition, vintage, question_id, response_option
),

constant_columns as (
    select
        defects.source_id,
        defects.edition,
        defects.vintage,
        'constant_column' as check_id,
        defects.question_id || ': ' || defects.question_text as subject,
        defects.response_option,
        'all ' || cast(defects.cells_affected as string) || ' shown values of "' || defects.response_option || '" are '
        || {{ fixed('defects.constant_value', 1) }} as finding,
        defects.cells_affected,
        case
            when known.correction_id is null
                then 'values withheld everywhere until the publisher confirms or replaces the column'
            else 'known; see the corrections ledger'
        end as action,
        known.correction_id
    from {{ ref('int_survey_defects__suspected') }} as defects
    left join known
        on
            defects.edition = known.edition
            and defects.vintage = known.vintage
            and defects.question_id = known.question_id
            and defects.response_option = known.response_option
),

outside_range as (
    select
        outside.source_id,
        outside.edition,
        outside.vintage,
        'national_outside_range' as check_id,
        outside.question_id || ': ' || outside.question_text as subject,
        outside.response_option,
        'England has ' || {{ fixed('outside.national_value', 1) }} || ', the trusts from '
        || {{ fixed('outside.lowest_value', 1) }} || ' to ' || {{ fixed('outside.highest_value', 1) }} as finding,
        outside.cells_affected,
        case
            when known.correction_id is null then 'values kept; one of the two workbooks must be wrong'
            else 'known; see the corrections ledger'
        end as action,
        known.correction_id
    from {{ ref('int_survey_national__outside_range') }} as outside
    left join known
        on
            outside.edition = known.edition
            and outside.vintage = known.vintage
            and outside.question_id = known.question_id
            and outside.response_option = known.response_option
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
        'all kept and flagged as is_duplicate_key; the publisher says to look at its website' as action,
        cast(null as string) as correction_id
    from {{ ref('fct_cqc_ratings') }}
    where is_duplicate_key
    group by source_id, edition, vintage, rated_code, service_group, domain
),

unioned as (
    select * from constant_columns
    union all
    select * from outside_range
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
    correction_id,
    {{ data_origin() }} as data_origin
from unioned
