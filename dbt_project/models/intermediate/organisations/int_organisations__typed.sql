-- The type of each organisation: its latest benchmark group in the staff survey, else the latest kind in the sickness
-- file. An organisation in neither has no row here.
with stated as (
    select distinct
        org_code,
        'benchmark_group' as vocabulary,
        benchmark_group as source_value,
        1 as preference,
        make_date(survey_year, 12, 31) as stated_on
    from {{ ref('stg_nhs_staff_survey__results') }}

    union all

    select distinct
        org_code,
        'org_kind' as vocabulary,
        org_kind as source_value,
        2 as preference,
        period_end as stated_on
    from {{ ref('stg_sickness_absence__absences') }}
),

ranked as (
    select
        stated.org_code,
        types.organisation_type,
        row_number() over (
            partition by stated.org_code
            order by
                stated.preference asc nulls last,
                stated.stated_on desc nulls last,
                types.organisation_type asc nulls last
        ) as choice
    from stated
    inner join {{ ref('organisation_type_map') }} as types
        on
            stated.vocabulary = types.vocabulary
            and stated.source_value = types.source_value
)

select
    org_code,
    organisation_type
from ranked
where choice = 1
