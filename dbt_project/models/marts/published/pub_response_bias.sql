-- Who shared a self-assessment, against who did not. Counts are rounded, and every share and difference is worked out
-- from rounded figures, so that none tells who shared.
with counted as (
    select
        counted.*,
        totals.n_eligible as n_all,
        totals.n_shared as n_all_shared,
        case counted.characteristic
            when 'total' then 'eligible organisations of all types'
            when 'organisation_type' then types.plural_label
            else 'organisations in ' || coalesce(regions.region_name, 'no known region')
        end as category_label
    from {{ ref('int_sharing__counted') }} as counted
    inner join {{ ref('int_sharing__counted') }} as totals
        on
            counted.round_key = totals.round_key
            and totals.characteristic = 'total'
    left join {{ ref('organisation_type') }} as types on counted.category = types.organisation_type
    left join {{ ref('nhs_region') }} as regions on counted.category = regions.region_code
),

shares as (
    select
        counted.*,
        {{ div('n_shared', 'n_all_shared') }} as of_sharers,
        {{ div('n_eligible - n_shared', 'n_all - n_all_shared') }} as of_others
    from counted
),

periods as (
    select
        round_start_year,
        measure_id,
        max(outcome_period_key) as outcome_period_key
    from {{ ref('int_sharing_outcomes__aligned') }}
    group by round_start_year, measure_id
),

rounds as (
    select distinct
        round_key,
        round_start_year
    from {{ ref('int_sharing__listed') }}
),

characteristics as (
    select
        round_key,
        characteristic,
        category,
        category_label,
        cast(null as string) as outcome_period_key,
        cast(null as string) as outcome_coverage,
        'percent' as unit,
        n_eligible,
        n_shared,
        case when characteristic <> 'total' then round(100 * of_sharers) end as figure_shared,
        case when characteristic <> 'total' then round(100 * of_others) end as figure_not_shared,
        case
            when characteristic <> 'total'
                then
                    round(
                        {{ div(
                            'of_sharers - of_others',
                            'sqrt(0.5 * (of_sharers * (1 - of_sharers) + of_others * (1 - of_others)))'
                        ) }}, 1
                    ) + 0.0
        end as standardised_difference
    from shares

    union all

    select
        rounds.round_key,
        case when compared.measure_id = 'size' then 'size' else 'outcome' end as characteristic,
        compared.measure_id as category,
        coalesce(measures.measure_name, 'Staff in full-time equivalents') as category_label,
        coalesce(periods.outcome_period_key, rounds.round_key) as outcome_period_key,
        covered.outcome_coverage,
        coalesce(measures.unit, 'staff') as unit,
        compared.n_eligible,
        compared.n_shared,
        compared.mean_shared as figure_shared,
        compared.mean_not_shared as figure_not_shared,
        compared.standardised_difference
    from {{ ref('int_sharing_outcomes__compared') }} as compared
    inner join rounds on compared.round_start_year = rounds.round_start_year
    left join periods
        on
            compared.round_start_year = periods.round_start_year
            and compared.measure_id = periods.measure_id
    left join {{ ref('int_outcomes__covered') }} as covered
        on
            periods.measure_id = covered.measure_id
            and periods.outcome_period_key = covered.outcome_period_key
    left join {{ ref('stg_registry__measures') }} as measures on compared.measure_id = measures.measure_id
),

allowed as (
    select
        characteristics.round_key,
        characteristics.characteristic,
        characteristics.category,
        characteristics.category_label,
        characteristics.outcome_period_key,
        characteristics.outcome_coverage,
        characteristics.unit,
        characteristics.n_eligible,
        case when judged.cell_key is null then characteristics.n_shared end as n_shared,
        case when judged.cell_key is null then characteristics.figure_shared end as figure_shared,
        case when judged.cell_key is null then characteristics.figure_not_shared end as figure_not_shared,
        case when judged.cell_key is null then characteristics.standardised_difference end as standardised_difference
    from characteristics
    left join {{ ref('int_disclosure__judged') }} as judged
        on
            judged.table_name = 'pub_response_bias'
            and characteristics.round_key || '|' || case
                when characteristics.characteristic = 'total' then 'leading'
                when characteristics.characteristic in ('organisation_type', 'region') then characteristics.characteristic
                else characteristics.category
            end = judged.group_key
            and characteristics.characteristic || '|' || characteristics.category = judged.cell_key
            and judged.is_held
),

worded as (
    select
        allowed.*,
        n_eligible - n_shared as n_not_shared,
        round(100 * {{ div('n_shared', 'n_eligible') }}) as coverage_pct,
        case
            when characteristic in ('outcome', 'size')
                then round(1.96 * sqrt({{ div('1', 'n_shared') }} + {{ div('1', 'n_eligible - n_shared') }}), 1)
        end as chance_difference
    from allowed
)

select
    round_key,
    characteristic,
    category,
    category_label,
    outcome_period_key,
    unit,
    cast(n_eligible as integer) as n_eligible,
    cast(n_shared as integer) as n_shared,
    cast(n_not_shared as integer) as n_not_shared,
    coverage_pct,
    figure_shared,
    figure_not_shared,
    standardised_difference,
    chance_difference,
    case when n_shared is null then 'suppressed' else 'observed' end as value_status,
    case
        when n_shared is null
            then
                'Not shown for "' || category_label || '" in ' || round_key
                || ': it could tell which organisations shared.'
        when characteristic in ('outcome', 'size')
            then
                'In ' || round_key || ', organisations that shared a self-assessment '
                || case
                    when standardised_difference = 0
                        then 'differed by less than 0.05 standard deviations from the others of their type'
                    else
                        'lay ' || {{ fixed('abs(standardised_difference)', 1) }} || ' standard deviations '
                        || case when standardised_difference > 0 then 'above' else 'below' end
                        || ' the others of their type'
                end
                || ' in "' || category_label || '" (' || outcome_period_key || coalesce(', ' || outcome_coverage, '') || '; '
                || cast(n_eligible as string)
                || ' organisations, about ' || cast(n_shared as string) || ' of which shared); chance alone can make up to '
                || {{ fixed('chance_difference', 1) }} || '.'
        else
            'In ' || round_key || ', about ' || cast(n_shared as string) || ' of ' || cast(n_eligible as string)
            || ' ' || category_label || ' (' || {{ fixed('coverage_pct', 0) }} || '%) shared a self-assessment'
            || case
                when characteristic = 'total' then '; what they report need not hold for the others.'
                else
                    '; they are ' || {{ fixed('figure_shared', 0) }} || '% of those that shared and '
                    || {{ fixed('figure_not_shared', 0) }} || '% of the others.'
            end
    end as sentence,
    {{ data_origin() }} as data_origin
from worded
