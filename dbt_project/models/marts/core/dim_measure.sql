with outcomes as (
    select
        measure_id,
        measure_name,
        'outcome' as measure_kind,
        source_id,
        outcome_domain,
        unit,
        polarity,
        numerator_definition,
        denominator_definition,
        minimum_denominator,
        annual_rule,
        cast(null as string) as driver_id,
        description,
        limitations,
        review_date
    from {{ ref('stg_registry__measures') }}
),

survey_items as (
    select
        items.concept as measure_id,
        items.concept || ', ' || items.short_label as measure_name,
        'survey_item' as measure_kind,
        'nhs_staff_survey' as source_id,
        'staff' as outcome_domain,
        'percent' as unit,
        items.polarity,
        'weighted share of responses: ' || items.positive_options as numerator_definition,
        'all responses' || coalesce(' but: ' || items.excluded_options, '') as denominator_definition,
        cast(null as double) as minimum_denominator,
        'as_published' as annual_rule,
        items.driver_id,
        'The staff survey asks: ' || concepts.question_text as description,
        case when items.is_routed then 'asked only of staff whom an earlier question routed to it' end as limitations,
        cast(null as date) as review_date
    from {{ ref('survey_item') }} as items
    left join {{ ref('survey_concept') }} as concepts on items.concept = concepts.concept
),

measures as (
    select * from outcomes
    union all
    select * from survey_items
)

select
    measure_id,
    measure_name,
    measure_kind,
    source_id,
    outcome_domain,
    unit,
    polarity,
    numerator_definition,
    denominator_definition,
    minimum_denominator,
    annual_rule,
    driver_id,
    description,
    limitations,
    review_date,
    {{ data_origin() }} as data_origin
from measures
