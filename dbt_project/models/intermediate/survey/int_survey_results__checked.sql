-- Every published cell. What the ledger knows of it goes first; otherwise a cell of a suspected column keeps its place
-- and loses its value.
select
    results.source_id,
    results.edition,
    results.vintage,
    results.vintage_rank,
    results.published_on,
    results.source_file,
    results.source_sheet,
    results.source_row,
    results.survey_year,
    results.org_code,
    results.org_name,
    results.benchmark_group,
    results.region_name,
    results.weighting,
    results.question_id,
    results.question_text,
    results.response_option,
    results.statistic,
    case
        when corrected.action = 'replace' then corrected.replacement_value
        when corrected.action = 'flag' then results.value
        when corrected.action is null and defects.question_id is null then results.value
    end as value,
    case
        when corrected.action = 'replace' then 'revised'
        when corrected.action = 'flag' then results.value_status
        when corrected.action is null and defects.question_id is null then results.value_status
        else 'withheld'
    end as value_status,
    defects.question_id is not null as is_suspected_defect,
    corrected.correction_id
from {{ ref('stg_nhs_staff_survey__results') }} as results
left join {{ ref('int_survey_defects__suspected') }} as defects
    on
        results.edition = defects.edition
        and results.vintage = defects.vintage
        and results.question_id = defects.question_id
        and results.response_option = defects.response_option
        and results.value_status = 'observed'
left join {{ ref('int_survey_corrections__applied') }} as corrected
    on
        results.edition = corrected.edition
        and results.vintage = corrected.vintage
        and results.org_code = corrected.org_code
        and results.question_id = corrected.question_id
        and results.response_option = corrected.response_option
