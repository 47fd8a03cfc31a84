with shared as (
    select
        concept,
        {{ joined_list('measure_id') }} as shares_data_with
    from {{ ref('int_measure_items__listed') }}
    group by concept
),

outcomes as (
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
        exposure,
        minimum_denominator,
        annual_rule,
        interval_method,
        windows_overlap,
        shares_data_with,
        overlap_rule,
        cast(null as string) as driver_id,
        description,
        rationale,
        interpretation,
        limitations,
        perverse_incentive,
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
        'staff who answered' as exposure,
        cast(null as double) as minimum_denominator,
        'as_published' as annual_rule,
        'none' as interval_method,
        false as windows_overlap,
        shared.shares_data_with,
        case
            when shared.shares_data_with is null then 'Part of no outcome measure.'
            else 'Part of ' || replace(shared.shares_data_with, '|', ', ') || ': such a pair is flagged as circular.'
        end as overlap_rule,
        items.driver_id,
        'The staff survey asks: ' || concepts.question_text as description,
        cast(null as string) as rationale,
        cast(null as string) as interpretation,
        case when items.is_routed then 'Asked only of staff whom an earlier question routed to it.' end as limitations,
        cast(null as string) as perverse_incentive,
        cast(null as date) as review_date
    from {{ ref('survey_item') }} as items
    left join {{ ref('survey_concept') }} as concepts on items.concept = concepts.concept
    left join shared on items.concept = shared.concept
),

measures as (
    select * from outcomes
    union all
    select * from survey_items
)

select
    measures.measure_id,
    measures.measure_name,
    measures.measure_kind,
    measures.source_id,
    measures.outcome_domain,
    domains.aim,
    measures.unit,
    measures.polarity,
    measures.numerator_definition,
    measures.denominator_definition,
    measures.exposure,
    measures.minimum_denominator,
    measures.annual_rule,
    measures.interval_method,
    measures.windows_overlap,
    measures.shares_data_with,
    measures.overlap_rule,
    measures.driver_id,
    measures.description,
    measures.rationale,
    measures.interpretation,
    measures.limitations,
    measures.perverse_incentive,
    measures.review_date,
    {{ data_origin() }} as data_origin
from measures
left join {{ ref('outcome_domain') }} as domains on measures.outcome_domain = domains.outcome_domain
