-- The evidence score of a driver: the plain mean of its items, in the latest vintage of each survey.
with asked as (
    select
        items.driver_id,
        items.mapping_version,
        items.concept,
        questions.survey_year
    from {{ ref('survey_item') }} as items
    inner join {{ ref('survey_question') }} as questions on items.concept = questions.concept
    where items.role in ('evidence', 'evidence_or_outcome')
),

expected as (
    select
        driver_id,
        mapping_version,
        survey_year,
        cast(count(*) as integer) as items_expected
    from asked
    group by driver_id, mapping_version, survey_year
),

shown as (
    select
        asked.driver_id,
        asked.survey_year,
        scored.org_code,
        cast(count(scored.value) as integer) as items_shown,
        count(*) filter (where scored.value_status = 'withheld') as items_withheld,
        count(*) filter (where scored.value_status = 'suppressed') as items_suppressed,
        -- As decimals, because a mean of doubles depends on the order of rows.
        cast(avg(cast(scored.value as decimal(28, 12))) as double) as mean_percent_positive
    from {{ ref('int_survey_measures__scored') }} as scored
    inner join asked
        on
            scored.measure_id = asked.concept
            and scored.period_key = cast(asked.survey_year as string)
    where scored.vintage_rank = 1
    group by asked.driver_id, asked.survey_year, scored.org_code
)

select
    shown.driver_id,
    shown.org_code,
    shown.survey_year,
    cast(shown.survey_year as string) as period_key,
    expected.mapping_version,
    case when shown.items_shown = expected.items_expected then shown.mean_percent_positive end as score,
    shown.items_shown,
    expected.items_expected,
    case
        when shown.items_shown = expected.items_expected then 'observed'
        when shown.items_withheld > 0 then 'withheld'
        when shown.items_suppressed > 0 then 'suppressed'
        else 'missing'
    end as value_status
from shown
inner join expected
    on
        shown.driver_id = expected.driver_id
        and shown.survey_year = expected.survey_year
