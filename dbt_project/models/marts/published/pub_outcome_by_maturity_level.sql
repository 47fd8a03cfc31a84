-- The outcome of the organisations at each level of a driver. What an organisation's outcome is, is public, so an exact
-- median of those at a self-assessed level would be one organisation's and give it away, and medians of several outcomes
-- would give all of them away. Self-assessed rows therefore rest on blurred outcomes, and their number is rounded.
{% set minimum = var('minimum_sharing_organisations') %}
{% set figures = [
    'outcome_lower_quartile', 'outcome_median', 'outcome_upper_quartile', 'outcome_median_low', 'outcome_median_high'
] %}

with evidence as (
    select
        basis,
        exposure_kind,
        exposure_id,
        measure_id,
        alignment,
        exposure_period_key,
        outcome_period_key,
        instrument_version,
        organisation_type,
        level,
        case level
            when 1 then 'Lowest fifth'
            when 2 then 'Second fifth'
            when 3 then 'Middle fifth'
            when 4 then 'Fourth fifth'
            else 'Highest fifth'
        end as level_label,
        n,
        true as is_shown,
        outcome_lower_quartile,
        outcome_median,
        outcome_upper_quartile,
        outcome_median_low,
        outcome_median_high
    from {{ ref('int_outcome_levels__summarised') }}
    where basis = 'staff_survey_evidence'
),

asked as (
    select distinct
        basis,
        exposure_kind,
        exposure_id,
        measure_id,
        alignment,
        exposure_year,
        exposure_period_key,
        outcome_period_key
    from {{ ref('int_association_pairs') }}
    where
        basis = 'self_assessment'
        and exposure_kind = 'driver'
        and not is_circular
        and alignment in ('same_year', 'outcome_one_year_later')
),

available as (
    select distinct
        measure_id,
        alignment,
        exposure_year,
        outcome_period_key,
        organisation_type
    from {{ ref('int_outcomes__blurred') }}
    where blur_group is not null
),

at_level as (
    select
        framed.*,
        count(case when is_unnamed then 1 end) over (
            partition by
                exposure_id, measure_id, alignment, exposure_period_key, instrument_version, organisation_type, level,
                blur_group
        ) as n_of_group
    from {{ ref('int_outcome_levels__framed') }} as framed
    where is_blurred
),

counted as (
    select
        exposure_id,
        measure_id,
        alignment,
        exposure_period_key,
        instrument_version,
        organisation_type,
        level,
        cast(count(*) as integer) as n,
        cast(count(case when is_unnamed then 1 end) as integer) as n_unnamed,
        -- A group of which everybody is at the level would tell of each.
        cast(count(case when is_unnamed and n_of_group = group_size then 1 end) as integer) as n_of_full_groups
    from at_level
    group by exposure_id, measure_id, alignment, exposure_period_key, instrument_version, organisation_type, level
),

self_assessed as (
    select
        asked.basis,
        asked.exposure_kind,
        asked.exposure_id,
        asked.measure_id,
        asked.alignment,
        asked.exposure_period_key,
        asked.outcome_period_key,
        cells.instrument_version,
        cells.organisation_type,
        levels.level,
        levels.label as level_label,
        counted.n,
        not cells.is_hidden
        and judged.cell_key is null
        and coalesce(
            counted.n >= {{ minimum }}
            and counted.n_unnamed not between 1 and {{ minimum }} - 1
            and counted.n_of_full_groups = 0,
            false
        ) as is_shown
    from asked
    inner join {{ ref('int_maturity_cells__worded') }} as cells
        on
            cells.table_name = 'pub_maturity_distribution'
            and asked.exposure_kind = cells.exposure_kind
            and asked.exposure_id = cells.exposure_id
            and asked.exposure_period_key = cells.round_key
    inner join available
        on
            asked.measure_id = available.measure_id
            and asked.alignment = available.alignment
            and asked.exposure_year = available.exposure_year
            and asked.outcome_period_key = available.outcome_period_key
            and cells.organisation_type = available.organisation_type
    inner join {{ ref('instrument_level') }} as levels on cells.instrument_version = levels.instrument_version
    left join counted
        on
            asked.exposure_id = counted.exposure_id
            and asked.measure_id = counted.measure_id
            and asked.alignment = counted.alignment
            and asked.exposure_period_key = counted.exposure_period_key
            and cells.instrument_version = counted.instrument_version
            and cells.organisation_type = counted.organisation_type
            and levels.level = counted.level
    left join {{ ref('int_disclosure__judged') }} as judged
        on
            judged.table_name = 'pub_outcome_by_maturity_level'
            and cells.group_key = judged.group_key
            and cells.organisation_type || '|' || cast(levels.level as string) = judged.cell_key
            and judged.is_held
),

rows_of_both as (
    select * from evidence

    union all

    select
        self_assessed.*,
        summarised.outcome_lower_quartile,
        summarised.outcome_median,
        summarised.outcome_upper_quartile,
        summarised.outcome_median_low,
        summarised.outcome_median_high
    from self_assessed
    left join {{ ref('int_outcome_levels__summarised') }} as summarised
        on
            self_assessed.is_shown
            and self_assessed.basis = summarised.basis
            and self_assessed.exposure_kind = summarised.exposure_kind
            and self_assessed.exposure_id = summarised.exposure_id
            and self_assessed.measure_id = summarised.measure_id
            and self_assessed.alignment = summarised.alignment
            and self_assessed.instrument_version = summarised.instrument_version
            and self_assessed.organisation_type = summarised.organisation_type
            and self_assessed.level = summarised.level
),

rounded as (
    select
        rows_of_both.basis,
        rows_of_both.exposure_kind,
        rows_of_both.exposure_id,
        exposures.driver_id,
        exposures.exposure_label,
        rows_of_both.measure_id,
        measures.measure_name,
        measures.unit,
        measures.polarity,
        rows_of_both.basis = 'staff_survey_evidence' and measures.survey_concept is not null as is_same_survey,
        rows_of_both.alignment,
        rows_of_both.exposure_period_key,
        rows_of_both.outcome_period_key,
        case
            when rows_of_both.alignment = 'outcome_one_year_later' then covered.later_coverage
            else covered.outcome_coverage
        end as outcome_coverage,
        rows_of_both.instrument_version,
        rows_of_both.organisation_type,
        coalesce(types.plural_label, 'organisations of all types') as type_label,
        rows_of_both.level,
        rows_of_both.level_label,
        rows_of_both.is_shown,
        -- Exact ones would tell how many are left for the levels that are not shown.
        case
            when not rows_of_both.is_shown then null
            when rows_of_both.basis = 'staff_survey_evidence' then rows_of_both.n
            else cast({{ minimum }} * round({{ div('rows_of_both.n', minimum) }}) as integer)
        end as n,
        {% for figure in figures %}
            case
                when rows_of_both.basis = 'staff_survey_evidence' then rows_of_both.{{ figure }}
                when measures.unit in ('percent', 'signed_percent') then round(rows_of_both.{{ figure }}, 1)
                else round(rows_of_both.{{ figure }}, 2)
            end as {{ figure }},
        {% endfor %}
        rows_of_both.organisation_type = 'all' as is_difference
    from rows_of_both
    inner join {{ ref('int_exposures__declared') }} as exposures
        on
            rows_of_both.basis = exposures.basis
            and rows_of_both.exposure_id = exposures.exposure_id
    inner join {{ ref('stg_registry__measures') }} as measures on rows_of_both.measure_id = measures.measure_id
    left join {{ ref('int_outcomes__covered') }} as covered
        on
            rows_of_both.measure_id = covered.measure_id
            and rows_of_both.outcome_period_key = covered.outcome_period_key
    left join {{ ref('organisation_type') }} as types on rows_of_both.organisation_type = types.organisation_type
),

worded as (
    select
        rounded.*,
        case
            when basis = 'self_assessment'
                then
                    ' that rate themselves at level ' || cast(level as string) || ' (' || level_label || ') of "'
                    || exposure_label || '" in ' || exposure_period_key
            else
                ' in the ' || lower(level_label)
                || case when is_difference then ' of their own type' else ' of their type' end
                || ' by staff survey evidence of "' || exposure_label || '" in ' || exposure_period_key
        end as level_words,
        '"' || measure_name || '" (' || outcome_period_key || coalesce(', ' || outcome_coverage, '') || ')' as outcome_words,
        '. Half of them lie between ' || {{ in_unit('outcome_lower_quartile', 'unit', 'is_difference') }} || ' and '
        || {{ in_unit('outcome_upper_quartile', 'unit', 'is_difference') }}
        || case
            when outcome_median_low is null then ', and they are too few for an interval of the median'
            else
                case
                    when basis = 'self_assessment' then '; interval of the median, narrower than a 95% one, '
                    else '; 95% interval of the median '
                end
                || {{ in_unit('outcome_median_low', 'unit', 'is_difference') }} || ' to '
                || {{ in_unit('outcome_median_high', 'unit', 'is_difference') }}
        end as spread_words,
        case polarity when 'lower_is_better' then ' Lower is better.' else ' Higher is better.' end
        || case
            when is_same_survey then ' Both figures come from the same survey, which alone can make them go together.'
            else ''
        end as closing
    from rounded
)

select
    basis,
    exposure_kind,
    exposure_id,
    driver_id,
    measure_id,
    alignment,
    exposure_period_key,
    outcome_period_key,
    instrument_version,
    organisation_type,
    level,
    level_label,
    n,
    outcome_median,
    outcome_lower_quartile,
    outcome_upper_quartile,
    outcome_median_low,
    outcome_median_high,
    is_difference,
    basis = 'self_assessment' as is_blurred,
    case when is_shown then 'observed' else 'suppressed' end as value_status,
    case
        when not is_shown
            then
                'Not shown for ' || type_label || level_words || ', ' || outcome_words
                || ': it could tell of fewer than five organisations.'
        when basis = 'self_assessment'
            then
                'Among about ' || cast(n as string) || ' ' || type_label || level_words || ', the median of ' || outcome_words
                || ' was about ' || {{ in_unit('outcome_median', 'unit', 'is_difference') }} || spread_words || '.' || closing
                || ' Outcomes are averaged over groups of like organisations, so that none can be told; differences look smaller.'
        when is_difference
            then
                'Among ' || cast(n as string) || ' ' || type_label || level_words || ', the median difference of '
                || outcome_words || ' from the median of their type was ' || {{ in_unit('outcome_median', 'unit', 'is_difference') }}
                || spread_words || '.' || closing
        else
            'Among ' || cast(n as string) || ' ' || type_label || level_words || ', the median of ' || outcome_words
            || ' was ' || {{ in_unit('outcome_median', 'unit', 'is_difference') }} || spread_words || '.' || closing
    end as sentence,
    {{ data_origin() }} as data_origin
from worded
