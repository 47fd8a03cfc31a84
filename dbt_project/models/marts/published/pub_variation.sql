-- Funnels, XmR charts, and for what is in neither a row that says why.
with registry as (
    select
        measure_id,
        measure_name,
        polarity,
        unit = 'percent' as is_percent
    from {{ ref('stg_registry__measures') }}
),

figures as (
    select * from {{ ref('int_variation_figures__judged') }}
),

funnels as (
    select
        figures.*,
        drawn.comparison_n,
        drawn.centre_line,
        drawn.lower_limit_95,
        drawn.upper_limit_95,
        drawn.lower_limit_998,
        drawn.upper_limit_998,
        drawn.tau_squared,
        drawn.phi,
        drawn.unadjusted_lower_limit_998,
        drawn.unadjusted_upper_limit_998,
        drawn.is_unadjusted_withheld,
        drawn.value_low,
        drawn.value_high,
        case
            when drawn.value > drawn.upper_limit_95 then 'above'
            when drawn.value < drawn.lower_limit_95 then 'below'
            else 'within'
        end as band,
        case
            when drawn.value > drawn.upper_limit_998 then 'above'
            when drawn.value < drawn.lower_limit_998 then 'below'
            else 'within'
        end as band_998,
        cast(null as integer) as series_no,
        cast(null as double) as lower_process_limit,
        cast(null as double) as upper_process_limit,
        cast(null as integer) as n_points,
        cast(null as boolean) as is_trial_limits,
        cast(null as string) as rule,
        cast(null as string) as variation,
        cast(null as double) as target,
        cast(null as string) as assurance,
        cast(null as double) as interim_target,
        cast(null as string) as interim_assurance,
        cast(null as string) as rebased_on,
        cast(null as string) as rebase_reason
    from figures
    inner join {{ ref('int_variation_funnels__drawn') }} as drawn
        on
            figures.measure_id = drawn.measure_id
            and figures.org_code = drawn.org_code
            and figures.period_type = drawn.period_type
            and figures.period_key = drawn.period_key
    where figures.chart = 'funnel'
),

series as (
    select
        figures.*,
        cast(null as integer) as comparison_n,
        drawn.centre_line,
        cast(null as double) as lower_limit_95,
        cast(null as double) as upper_limit_95,
        cast(null as double) as lower_limit_998,
        cast(null as double) as upper_limit_998,
        cast(null as double) as tau_squared,
        cast(null as double) as phi,
        cast(null as double) as unadjusted_lower_limit_998,
        cast(null as double) as unadjusted_upper_limit_998,
        cast(null as boolean) as is_unadjusted_withheld,
        cast(null as double) as value_low,
        cast(null as double) as value_high,
        cast(null as string) as band,
        cast(null as string) as band_998,
        drawn.series_no,
        drawn.lower_process_limit,
        drawn.upper_process_limit,
        drawn.n_points,
        drawn.is_trial_limits,
        drawn.rule,
        drawn.variation,
        drawn.target,
        drawn.assurance,
        drawn.interim_target,
        drawn.interim_assurance,
        drawn.rebased_on,
        drawn.rebase_reason
    from figures
    inner join {{ ref('int_variation_series__drawn') }} as drawn
        on
            figures.measure_id = drawn.measure_id
            and figures.org_code = drawn.org_code
            and figures.period_type = drawn.period_type
            and figures.period_key = drawn.period_key
    where figures.chart = 'xmr' and drawn.centre_line is not null
),

drawn as (
    select * from funnels
    union all
    select * from series
),

charted as (
    select distinct
        chart,
        measure_id,
        org_code
    from drawn
),

too_short as (
    select
        cut.*,
        'xmr' as chart
    from {{ ref('int_variation_series__cut') }} as cut
    where not_charted_reason is not null
),

-- Figures in no chart: with a reason from the start, in too short a series, or in one that does not vary.
left_out as (
    select
        figures.chart,
        figures.measure_id,
        coalesce(
            figures.not_charted_reason,
            too_short.not_charted_reason,
            'the series hardly varies'
        ) as not_charted_reason,
        cast(count(distinct figures.org_code) as integer) as n_organisations,
        cast(count(distinct case when charted.org_code is null then figures.org_code end) as integer) as n_without_chart
    from figures
    left join charted
        on
            figures.chart = charted.chart
            and figures.measure_id = charted.measure_id
            and figures.org_code = charted.org_code
    left join drawn
        on
            figures.chart = drawn.chart
            and figures.measure_id = drawn.measure_id
            and figures.org_code = drawn.org_code
            and figures.period_type = drawn.period_type
            and figures.period_key = drawn.period_key
    left join too_short
        on
            figures.chart = too_short.chart
            and figures.measure_id = too_short.measure_id
            and figures.org_code = too_short.org_code
            and figures.period_type = too_short.period_type
            and figures.period_key = too_short.period_key
    where drawn.measure_id is null
    group by all
),

placed as (
    select
        drawn.*,
        registry.measure_name,
        registry.is_percent,
        case when drawn.org_code = 'ENG' then 'England' else organisations.org_name end as org_name,
        case when drawn.org_code = 'ENG' then 'all' else organisations.organisation_type end as organisation_type,
        coalesce(types.plural_label, 'organisations of the publication') as group_words,
        row_number() over (
            partition by drawn.chart, drawn.measure_id, drawn.org_code, drawn.period_type
            order by drawn.period_key desc nulls last
        ) = 1 as is_newest,
        lag(drawn.period_key) over (
            partition by drawn.chart, drawn.measure_id, drawn.org_code, drawn.period_type, drawn.series_no
            order by drawn.period_key asc nulls last
        ) as previous_period_key,
        lag(drawn.period_end) over (
            partition by drawn.chart, drawn.measure_id, drawn.org_code, drawn.period_type, drawn.series_no
            order by drawn.period_key asc nulls last
        ) as previous_period_end
    from drawn
    inner join registry on drawn.measure_id = registry.measure_id
    left join {{ ref('int_organisations__unioned') }} as organisations
        on drawn.org_code = organisations.org_code and organisations.is_current
    left join {{ ref('organisation_type') }} as types on drawn.comparison_group = types.organisation_type
),

in_words as (
    select
        placed.*,
        {% for figure in [
            'value', 'centre_line', 'lower_limit_95', 'upper_limit_95', 'lower_limit_998', 'upper_limit_998',
            'lower_process_limit', 'upper_process_limit', 'target', 'interim_target'
        ] -%}
        case when is_percent then {{ fixed(figure, 1) }} || '%' else {{ fixed(figure, 2) }} end as {{ figure }}_words,
        {% endfor -%}
        measure_name || case
            when org_code = 'ENG' then ' in England, '
            else ' at ' || coalesce(org_name, 'an organisation without a name') || ' (' || org_code || '), '
        end
        || case when period_type = 'rolling_year' then 'twelve months to ' else '' end || period_key
        || case
            when period_type = 'financial_year' and n_periods < 12
                then
                    ' (' || cast(n_periods as string) || case when n_periods = 1 then ' month)' else ' months)' end
            else ''
        end as subject_words,
        case when polarity = 'lower_is_better' then 'lower is better' else 'higher is better' end as polarity_words
    from placed
),

said as (
    select
        in_words.*,
        case
            when chart = 'funnel'
                then
                    subject_words || ': ' || value_words || ' (' || polarity_words || '). It lies '
                    || band || ' the expected range, which for its size is '
                    || lower_limit_95_words || ' to ' || upper_limit_95_words || ' (95% limits around '
                    || centre_line_words || ', over-dispersion among ' || cast(comparison_n as string) || ' '
                    || group_words || ' allowed for).'
                    || case
                        when band_998 <> 'within'
                            then
                                ' It also lies outside the 99.8% limits, ' || lower_limit_998_words || ' to '
                                || upper_limit_998_words || '.'
                        when band <> 'within'
                            then
                                ' It is inside the 99.8% limits; about one in twenty lies outside the 95% limits'
                                || ' by chance.'
                        else ''
                    end
            when is_newest
                then
                    subject_words || ': ' || value_words || ' (' || polarity_words || '), the newest of '
                    || cast(n_points as string) || ' figures with mean ' || centre_line_words
                    || ' and process limits ' || lower_process_limit_words || ' to ' || upper_process_limit_words
                    || '. '
                    || case variation
                        when 'common_cause' then 'Common-cause variation: it is nothing unusual for this series.'
                        else
                            'Special-cause variation of '
                            || case
                                when variation in ('improvement_high', 'improvement_low') then 'an improving'
                                when variation in ('concern_high', 'concern_low') then 'a concerning'
                                else 'a neutral'
                            end || ' nature: '
                            || case rule
                                when 'outside_limits' then 'it lies outside the process limits.'
                                when 'trend' then 'it is part of a trend of seven or more figures.'
                                when 'two_of_three' then 'two of three figures lie near one limit.'
                                else 'seven or more figures in a row lie on one side of the mean.'
                            end
                    end
                    || case
                        when {{ days_between('previous_period_end', 'period_start') }} > 1
                            then ' The figure before it is of ' || previous_period_key || ', and none is known in between.'
                        else ''
                    end
                    || case when is_trial_limits then ' These are trial limits, from fewer than 13 figures.' else '' end
                    {%- for kind, name in [('', 'standard'), ('interim_', 'interim ambition')] %}
                    || case {{ kind }}assurance
                        when 'consistent_pass'
                            then
                                ' As it is, it can be expected to meet the {{ name }} of '
                                || {{ kind }}target_words || '.'
                        when 'consistent_fail'
                            then
                                ' As it is, it can be expected to miss the {{ name }} of '
                                || {{ kind }}target_words || '.'
                        when 'inconsistent'
                            then ' As it is, it may meet or miss the {{ name }} of ' || {{ kind }}target_words || '.'
                        else ''
                    end
                    {%- endfor %}
                    || coalesce(' Limits begin anew in ' || rebased_on || ': ' || rebase_reason || '.', '')
        end as sentence
    from in_words
)

select
    chart,
    measure_id,
    org_code,
    org_name,
    organisation_type,
    comparison_group,
    comparison_n,
    period_type,
    period_key,
    period_start,
    period_end,
    n_periods,
    numerator,
    denominator,
    value,
    value_status,
    value_low,
    value_high,
    centre_line,
    lower_limit_95,
    upper_limit_95,
    lower_limit_998,
    upper_limit_998,
    tau_squared,
    phi,
    unadjusted_lower_limit_998,
    unadjusted_upper_limit_998,
    is_unadjusted_withheld,
    band,
    band_998,
    series_no,
    n_points,
    lower_process_limit,
    upper_process_limit,
    is_trial_limits,
    rule,
    variation,
    target,
    assurance,
    interim_target,
    interim_assurance,
    rebased_on,
    rebase_reason,
    is_newest,
    cast(null as string) as not_charted_reason,
    cast(null as integer) as n_organisations,
    cast(null as integer) as n_without_chart,
    sentence,
    {{ data_origin() }} as data_origin
from said

union all

select
    left_out.chart,
    left_out.measure_id,
    null as org_code,
    null as org_name,
    'all' as organisation_type,
    {% for column in [
        'comparison_group', 'comparison_n', 'period_type', 'period_key', 'period_start', 'period_end', 'n_periods',
        'numerator', 'denominator', 'value'
    ] %}null as {{ column }},
    {% endfor -%}
    'not_applicable' as value_status,
    {% for column in [
        'value_low', 'value_high', 'centre_line', 'lower_limit_95', 'upper_limit_95', 'lower_limit_998',
        'upper_limit_998', 'tau_squared', 'phi', 'unadjusted_lower_limit_998', 'unadjusted_upper_limit_998',
        'is_unadjusted_withheld', 'band', 'band_998', 'series_no', 'n_points', 'lower_process_limit',
        'upper_process_limit', 'is_trial_limits', 'rule', 'variation', 'target', 'assurance', 'interim_target',
        'interim_assurance', 'rebased_on', 'rebase_reason', 'is_newest'
    ] %}null as {{ column }},
    {% endfor -%}
    left_out.not_charted_reason,
    left_out.n_organisations,
    left_out.n_without_chart,
    'In no ' || case left_out.chart when 'xmr' then 'XmR chart' else 'funnel' end || ' of "' || registry.measure_name
    || '": figures of ' || cast(left_out.n_organisations as string)
    || case when left_out.n_organisations = 1 then ' organisation' else ' organisations' end
    || case
        when left_out.n_without_chart = left_out.n_organisations then ''
        else ' (' || cast(left_out.n_without_chart as string) || ' of them have no such chart at all)'
    end
    || ', because ' || left_out.not_charted_reason || '.' as sentence,
    {{ data_origin() }} as data_origin
from left_out
inner join registry on left_out.measure_id = registry.measure_id
