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
        concept as measure_id,
        concept || ', ' || short_label as measure_name,
        'survey_item' as measure_kind,
        'nhs_staff_survey' as source_id,
        'staff' as outcome_domain,
        'percent' as unit,
        polarity,
        'weighted share of responses: ' || positive_options as numerator_definition,
        'all responses' || coalesce(' but: ' || excluded_options, '') as denominator_definition,
        cast(null as double) as minimum_denominator,
        'as_published' as annual_rule,
        driver_id,
        rationale as description,
        case when is_routed then 'asked only of staff whom an earlier question routed to it' end as limitations,
        cast(null as date) as review_date
    from {{ ref('survey_item') }}
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
