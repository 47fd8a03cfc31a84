with words as (
    select distinct
        'benchmark_group' as vocabulary,
        benchmark_group as source_value
    from {{ ref('stg_nhs_staff_survey__results') }}

    union all

    select distinct
        'org_kind' as vocabulary,
        org_kind as source_value
    from {{ ref('stg_sickness_absence__absences') }}
)

select
    words.vocabulary,
    words.source_value
from words
left join {{ ref('organisation_type_map') }} as known
    on
        words.vocabulary = known.vocabulary
        and words.source_value = known.source_value
where known.organisation_type is null
