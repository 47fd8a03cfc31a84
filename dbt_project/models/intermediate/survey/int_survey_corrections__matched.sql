-- The shown cells that each entry of the corrections ledger is about, whether or not it is then applied.
select
    corrections.correction_id,
    corrections.source_id,
    corrections.edition,
    results.vintage,
    results.org_code,
    results.question_id,
    results.response_option,
    corrections.action,
    corrections.replacement_value,
    coalesce(abs(results.value - corrections.guard_value) <= 1e-9, true) as is_as_found
from {{ ref('stg_registry__corrections') }} as corrections
inner join {{ ref('stg_nhs_staff_survey__results') }} as results
    on
        corrections.source_id = results.source_id
        and corrections.edition = results.edition
        and {{ is_listed('results.question_id', 'corrections.question_ids') }}
        and (
            corrections.response_options is null
            or {{ is_listed('results.response_option', 'corrections.response_options') }}
        )
        and (corrections.statistics is null or {{ is_listed('results.statistic', 'corrections.statistics') }})
        and (corrections.org_codes is null or {{ is_listed('results.org_code', 'corrections.org_codes') }})
where results.value_status = 'observed'
