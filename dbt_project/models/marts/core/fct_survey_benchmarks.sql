-- Five years as one release gives them. A year's figure differs between releases because history is re-weighted: years
-- are compared within one release, and `reweighting_difference` shows how far it lies from the year's own workbook.
with organisations as (
    select
        org_code,
        organisation_type
    from {{ ref('int_organisations__unioned') }}
    where is_current
),

-- A release numbers its questions as in its own year, also those of earlier years.
concepts as (
    select
        cast(survey_year as string) as edition,
        question_id,
        concept
    from {{ ref('survey_question') }}
),

own_year as (
    select
        concept,
        org_code,
        period_key,
        max(value) as value,
        max(denominator) as responses
    from {{ ref('int_survey_measures__scored') }}
    where vintage_rank = 1
    group by concept, org_code, period_key
),

joined as (
    select
        results.*,
        concepts.concept,
        case results.statistic when 'base' then own_year.responses else own_year.value end as own_year_value,
        max(results.edition) over () as newest_edition
    from {{ ref('stg_nhs_staff_survey_benchmark__results') }} as results
    left join concepts
        on
            results.edition = concepts.edition
            and results.question_id = concepts.question_id
    left join own_year
        on
            concepts.concept = own_year.concept
            and results.org_code = own_year.org_code
            and cast(results.survey_year as string) = own_year.period_key
),

-- A break counts from the release of its year on.
broken as (
    select
        editions.edition,
        breaks.org_code,
        max(breaks.survey_year) as comparable_from
    from (select distinct edition from {{ ref('stg_nhs_staff_survey_benchmark__results') }}) as editions
    inner join {{ ref('survey_history_break') }} as breaks on breaks.survey_year <= cast(editions.edition as integer)
    group by editions.edition, breaks.org_code
)

select
    joined.edition,
    joined.vintage,
    joined.vintage_rank,
    joined.vintage_rank = 1 as is_latest_vintage,
    joined.edition = joined.newest_edition as is_newest_release,
    joined.survey_year,
    joined.org_code,
    joined.org_name,
    organisations.organisation_type,
    joined.benchmark_group,
    joined.question_id,
    joined.concept,
    joined.statistic,
    joined.value,
    joined.value_status,
    coalesce(joined.survey_year >= broken.comparable_from, true) as is_comparable,
    joined.own_year_value,
    joined.value - joined.own_year_value as reweighting_difference,
    joined.source_id,
    joined.source_file,
    joined.source_sheet,
    joined.source_row,
    {{ data_origin() }} as data_origin
from joined
left join organisations on joined.org_code = organisations.org_code
left join broken
    on
        joined.edition = broken.edition
        and joined.org_code = broken.org_code
