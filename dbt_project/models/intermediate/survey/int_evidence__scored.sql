-- The evidence score of an exposure: the plain mean of its items, in the latest vintage of each survey. It exists only
-- where every item that was asked that year is shown.
with asked as (
    select
        mapped.exposure_kind,
        mapped.exposure_id,
        mapped.item_map,
        mapped.mapping_version,
        mapped.concept,
        questions.survey_year,
        cast(questions.survey_year as string) as period_key,
        concepts.comparable_from
    from {{ ref('int_evidence_items__mapped') }} as mapped
    inner join {{ ref('survey_question') }} as questions on mapped.concept = questions.concept
    left join {{ ref('survey_concept') }} as concepts on mapped.concept = concepts.concept
),

expected as (
    select
        exposure_kind,
        exposure_id,
        item_map,
        survey_year,
        max(mapping_version) as mapping_version,
        cast(count(*) as integer) as items_expected,
        {{ joined_list('concept') }} as items,
        max(comparable_from) as comparable_from
    from asked
    group by exposure_kind, exposure_id, item_map, survey_year
),

shown as (
    select
        asked.exposure_kind,
        asked.exposure_id,
        asked.item_map,
        asked.survey_year,
        asked.period_key,
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
            and scored.period_key = asked.period_key
    where scored.vintage_rank = 1
    group by
        asked.exposure_kind, asked.exposure_id, asked.item_map, asked.survey_year, asked.period_key, scored.org_code
)

select
    shown.exposure_kind,
    shown.exposure_id,
    shown.item_map,
    shown.org_code,
    shown.survey_year,
    shown.period_key,
    expected.mapping_version,
    expected.items,
    expected.comparable_from,
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
        shown.exposure_kind = expected.exposure_kind
        and shown.exposure_id = expected.exposure_id
        and shown.item_map = expected.item_map
        and shown.survey_year = expected.survey_year
