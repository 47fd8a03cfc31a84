-- A figure for England that no trust's figure lies above, or none below, cannot be their mean.
with trusts as (
    select
        results.source_id,
        results.edition,
        results.vintage,
        results.question_id,
        results.response_option,
        max(results.question_text) as question_text,
        min(results.value) as lowest_value,
        max(results.value) as highest_value,
        cast(count(*) as bigint) as cells_affected
    from {{ ref('stg_nhs_staff_survey__results') }} as results
    inner join {{ ref('organisation_type_map') }} as types
        on
            results.benchmark_group = types.source_value
            and types.vocabulary = 'benchmark_group'
            and types.organisation_type not in ('icb', 'other')
    where
        results.vintage_rank = 1
        and results.value_status = 'observed'
        and results.statistic <> 'base'
    group by results.source_id, results.edition, results.vintage, results.question_id, results.response_option
)

select
    trusts.source_id,
    trusts.edition,
    trusts.vintage,
    trusts.question_id,
    trusts.question_text,
    trusts.response_option,
    england.value as national_value,
    trusts.lowest_value,
    trusts.highest_value,
    trusts.cells_affected
from trusts
inner join {{ ref('stg_nhs_staff_survey_national__results') }} as england
    on
        trusts.edition = england.edition
        and trusts.question_id = england.question_id
        and trusts.response_option = england.response_option
        and england.breakdown = 'All'
        and england.vintage_rank = 1
        and england.value_status = 'observed'
where
    trusts.cells_affected >= {{ var('defect_minimum_organisations') }}
    and (england.value < trusts.lowest_value - 1e-9 or england.value > trusts.highest_value + 1e-9)
