-- Percent positive = positive options / (100 - excluded options) * 100; a score is taken as published.
-- A figure exists only if every option that it needs is shown; of a question that was not asked, a row says so.
with cells as (
    select
        declared.measure_id,
        declared.concept,
        declared.statistic,
        declared.options_expected,
        results.source_id,
        results.edition,
        results.vintage,
        results.vintage_rank,
        results.published_on,
        results.source_file,
        results.source_row,
        results.survey_year,
        results.org_code,
        results.org_name,
        results.value,
        results.value_status,
        results.statistic = 'base' as is_base,
        {{ is_listed('results.response_option', 'declared.positive_options') }} as is_positive,
        {{ is_listed('results.response_option', 'declared.excluded_options') }} as is_excluded
    from {{ ref('int_survey_results__checked') }} as results
    inner join {{ ref('int_survey_measures__declared') }} as declared
        on
            results.survey_year = declared.survey_year
            and results.question_id = declared.question_id
    where results.statistic = 'base' or results.statistic = declared.statistic
),

summed as (
    select
        measure_id,
        concept,
        statistic,
        options_expected,
        source_id,
        edition,
        vintage,
        vintage_rank,
        published_on,
        source_file,
        survey_year,
        org_code,
        max(org_name) as org_name,
        min(source_row) as source_row,
        max(value) filter (where is_base) as responses,
        cast(sum(value) filter (where is_positive and not is_base) as double) as positive_sum,
        cast(sum(value) filter (where is_excluded and not is_base) as double) as excluded_sum,
        count(*) filter (where is_positive or is_excluded) as options_found,
        count(value) filter (where is_positive or is_excluded) as options_shown,
        count(*) filter (where (is_positive or is_excluded) and value_status = 'withheld') as options_withheld,
        count(*) filter (where (is_positive or is_excluded) and value_status = 'suppressed') as options_suppressed,
        count(*) filter (where (is_positive or is_excluded) and value_status = 'revised') as options_revised
    from cells
    group by
        measure_id, concept, statistic, options_expected, source_id, edition, vintage, vintage_rank, published_on,
        source_file, survey_year, org_code
),

judged as (
    select
        summed.*,
        case
            when options_withheld > 0 then 'withheld'
            when options_suppressed > 0 then 'suppressed'
            when options_found < options_expected or options_shown < options_expected then 'missing'
            when options_revised > 0 then 'revised'
            else 'observed'
        end as value_status
    from summed
),

not_asked as (
    select
        declared.measure_id,
        declared.concept,
        declared.statistic,
        results.source_id,
        results.edition,
        results.vintage,
        results.vintage_rank,
        results.published_on,
        results.source_file,
        results.survey_year,
        results.org_code,
        max(results.org_name) as org_name,
        min(results.source_row) as source_row,
        cast(null as double) as responses,
        cast(null as double) as positive_sum,
        cast(null as double) as excluded_sum,
        'not_collected' as value_status
    from {{ ref('int_survey_measures__declared') }} as declared
    inner join {{ ref('int_survey_results__checked') }} as results on declared.survey_year = results.survey_year
    where declared.question_id is null
    group by
        declared.measure_id, declared.concept, declared.statistic, results.source_id, results.edition, results.vintage,
        results.vintage_rank, results.published_on, results.source_file, results.survey_year, results.org_code
),

every_year as (
    select
        measure_id,
        concept,
        statistic,
        source_id,
        edition,
        vintage,
        vintage_rank,
        published_on,
        source_file,
        survey_year,
        org_code,
        org_name,
        source_row,
        responses,
        positive_sum,
        excluded_sum,
        value_status
    from judged
    union all
    select * from not_asked
),

measures as (
    select
        every_year.*,
        'survey_year' as period_type,
        cast(survey_year as string) as period_key,
        make_date(survey_year, 1, 1) as period_start,
        make_date(survey_year, 12, 31) as period_end,
        cast(null as double) as numerator,
        responses as denominator,
        case
            when value_status not in ('observed', 'revised') then null
            when statistic = 'score' then positive_sum
            else 100 * {{ div('positive_sum', '100 - coalesce(excluded_sum, 0)') }}
        end as value
    from every_year
)

select
    {{ measure_columns() }},
    concept
from measures
