-- The declared pairs with what was estimated for them. Where lower is better the sign is turned round, so that a
-- positive estimate always means that more maturity goes with a better outcome.
-- Changes of organisations that skipped a round begin earlier; the longest stretch names them all.
with periods as (
    select
        basis,
        exposure_id,
        measure_id,
        alignment,
        max(exposure_year) as exposure_year,
        min(exposure_period_key) || case when min(exposure_period_key) < max(exposure_period_key) then ' at most' else '' end as exposure_period_key,
        min(outcome_period_key) || case when min(outcome_period_key) < max(outcome_period_key) then ' at most' else '' end as outcome_period_key
    from {{ ref('int_association_pairs') }}
    group by basis, exposure_id, measure_id, alignment
),

-- A change has two outcome years; each of them may be incomplete. Of ratings the age at its end is told.
coverage as (
    select
        periods.measure_id,
        periods.alignment,
        periods.outcome_period_key,
        replace(
            {{ joined_list(
                "case when periods.alignment = 'outcome_one_year_later' then covered.later_coverage else"
                ~ " covered.outcome_coverage end || case when periods.outcome_period_key = covered.outcome_period_key"
                ~ " or covered.is_age_of_ratings then '' else ' in ' || covered.outcome_period_key end"
            ) }},
            '|', ', '
        ) as outcome_coverage
    from (
        select distinct
            measure_id,
            alignment,
            outcome_period_key
        from periods
    ) as periods
    inner join {{ ref('int_outcomes__covered') }} as covered
        on
            periods.measure_id = covered.measure_id
            and (
                periods.outcome_period_key = covered.outcome_period_key
                or (periods.outcome_period_key like covered.outcome_period_key || ' to %' and not covered.is_age_of_ratings)
                or periods.outcome_period_key like '% to ' || covered.outcome_period_key || '%'
            )
    group by periods.measure_id, periods.alignment, periods.outcome_period_key
),

eligible as (
    select
        start_year,
        organisation_type,
        cast(count(*) as bigint) as eligible_n
    from {{ ref('int_organisations__eligible') }}
    group by start_year, organisation_type

    union all

    select
        start_year,
        'all' as organisation_type,
        cast(count(*) as bigint) as eligible_n
    from {{ ref('int_organisations__eligible') }}
    group by start_year
),

joined as (
    select
        declared.basis,
        declared.exposure_kind,
        declared.driver_id,
        declared.exposure_id,
        declared.exposure_label,
        declared.mapping_version,
        declared.measure_id,
        declared.measure_name,
        declared.organisation_type,
        coalesce(types.plural_label, 'organisations of all types') as type_label,
        declared.alignment,
        declared.is_change,
        declared.is_negative_control,
        declared.is_circular,
        declared.is_same_survey,
        declared.shared_items,
        declared.family_id,
        case when declared.polarity = 'lower_is_better' then -1 else 1 end as direction,
        periods.exposure_period_key,
        periods.outcome_period_key,
        coverage.outcome_coverage,
        eligible.eligible_n,
        coalesce(estimated.n, 0) as pairs_n,
        estimated.n_types,
        estimated.raw_rho,
        estimated.raw_rho_low,
        estimated.raw_rho_high,
        estimated.raw_unstratified_rho,
        estimated.raw_tau_b,
        estimated.raw_somers_d,
        estimated.p_value,
        estimated.q_value,
        estimated.cochran_q,
        estimated.heterogeneity_p,
        estimated.i_squared,
        estimated.raw_bootstrap_low,
        estimated.raw_bootstrap_high,
        estimated.raw_without_region_low,
        estimated.raw_without_region_high,
        estimated.raw_prior_adjusted_rho,
        estimated.raw_adjusted_rho,
        estimated.raw_adjusted_rho_low,
        estimated.raw_adjusted_rho_high,
        estimated.adjusted_p_value,
        estimated.adjusted_n,
        estimated.adjusted_for,
        estimated.trend_p_value,
        estimated.n_levels,
        estimated.raw_odds_ratio,
        estimated.raw_odds_ratio_low,
        estimated.raw_odds_ratio_high,
        estimated.raw_weighted_rho,
        estimated.raw_rival_rho
    from {{ ref('int_associations__declared') }} as declared
    left join periods
        on
            declared.basis = periods.basis
            and declared.exposure_id = periods.exposure_id
            and declared.measure_id = periods.measure_id
            and declared.alignment = periods.alignment
    left join {{ ref('int_disclosure__judged') }} as judged
        on
            declared.basis = 'self_assessment'
            and judged.table_name = 'pub_driver_outcome_association'
            and judged.is_held
            and declared.organisation_type = judged.cell_key
            and declared.exposure_kind || '|' || declared.exposure_id || '|' || declared.measure_id || '|'
            || declared.alignment || '|' || {{ financial_year_key('periods.exposure_year') }} = judged.group_key
    left join {{ ref('int_associations__told') }} as estimated
        on
            judged.cell_key is null
            and declared.basis = estimated.basis
            and declared.exposure_id = estimated.exposure_id
            and declared.measure_id = estimated.measure_id
            and declared.alignment = estimated.alignment
            and declared.organisation_type = estimated.organisation_type
    left join coverage
        on
            declared.measure_id = coverage.measure_id
            and declared.alignment = coverage.alignment
            and periods.outcome_period_key = coverage.outcome_period_key
    left join eligible
        on
            periods.exposure_year = eligible.start_year
            and declared.organisation_type = eligible.organisation_type
    left join {{ ref('organisation_type') }} as types on declared.organisation_type = types.organisation_type
),

harmonised as (
    select
        joined.*,
        -- How few organisations have shared a self-assessment can itself give one away.
        case when basis = 'staff_survey_evidence' or raw_rho is not null then pairs_n end as n,
        -- Zero has no sign, which a rounded estimate is often.
        0 + direction * raw_rho as rho,
        {{ harmonised_low('raw_rho_low', 'raw_rho_high') }} as rho_low,
        {{ harmonised_high('raw_rho_low', 'raw_rho_high') }} as rho_high,
        direction * raw_unstratified_rho as unstratified_rho,
        direction * raw_tau_b as tau_b,
        direction * raw_somers_d as somers_d,
        {{ harmonised_low('raw_bootstrap_low', 'raw_bootstrap_high') }} as bootstrap_low,
        {{ harmonised_high('raw_bootstrap_low', 'raw_bootstrap_high') }} as bootstrap_high,
        {{ harmonised_low('raw_without_region_low', 'raw_without_region_high') }} as without_region_low,
        {{ harmonised_high('raw_without_region_low', 'raw_without_region_high') }} as without_region_high,
        direction * raw_prior_adjusted_rho as prior_adjusted_rho,
        direction * raw_adjusted_rho as adjusted_rho,
        {{ harmonised_low('raw_adjusted_rho_low', 'raw_adjusted_rho_high') }} as adjusted_rho_low,
        {{ harmonised_high('raw_adjusted_rho_low', 'raw_adjusted_rho_high') }} as adjusted_rho_high,
        0 + direction * raw_weighted_rho as weighted_rho,
        direction * raw_rival_rho as rival_rho,
        case when direction = 1 then raw_odds_ratio else {{ div('1', 'raw_odds_ratio') }} end as odds_ratio,
        case when direction = 1 then raw_odds_ratio_low else {{ div('1', 'raw_odds_ratio_high') }} end as odds_ratio_low,
        case when direction = 1 then raw_odds_ratio_high else {{ div('1', 'raw_odds_ratio_low') }} end as odds_ratio_high,
        case
            when pairs_n < {{ var('association_minimum_n') }}
                -- One reason for all: which of them it is would tell how many have come or gone.
                then 'fewer than {{ var("association_minimum_n") }} organisations have both figures'
                || case when basis = 'self_assessment' then ', or a figure would tell of a few' else '' end
            when raw_rho is null and organisation_type = 'all'
                then 'no type of organisation has enough differing figures to be pooled'
            when raw_rho is null then 'one of the two figures is the same for all organisations'
        end as insufficient_reason
    from joined
),

judged as (
    select
        harmonised.*,
        rho_low > 0 or rho_high < 0 as is_seen,
        (rho_low > 0 or rho_high < 0) and q_value >= 0.05 as is_lost_in_number,
        (rho_low > 0 and adjusted_rho_low <= 0) or (rho_high < 0 and adjusted_rho_high >= 0) as is_lost_in_adjustment
    from harmonised
),

worded as (
    select
        judged.*,
        case
            when basis = 'self_assessment' and n_types = 1 then 'Across at least ' || cast(n as string) || ' organisations of one type'
            when basis = 'self_assessment' then 'Across at least ' || cast(n as string) || ' organisations, type by type'
            when organisation_type <> 'all' then 'Among ' || cast(n as string) || ' ' || type_label
            when n_types = 1 then 'Across ' || cast(n as string) || ' organisations of one type'
            else 'Across ' || cast(n as string) || ' organisations, type by type'
        end as who,
        case
            when is_change and basis = 'self_assessment' then 'a greater rise in the self-assessed level of "'
            when is_change then 'a greater rise in staff-survey evidence of "'
            when basis = 'self_assessment' then 'a higher self-assessed level of "'
            else 'higher staff-survey evidence of "'
        end || exposure_label || '"' || coalesce(' (' || exposure_period_key || ')', '') as exposure_words,
        case when is_change then 'change in "' else 'result for "' end as relation,
        measure_name || '"'
        || coalesce(' (' || outcome_period_key || coalesce(', ' || outcome_coverage, '') || ')', '') as outcome_words,
        '(Spearman rho ' || {{ rho_words('rho') }}
        || ', 95% interval ' || {{ rho_words('rho_low') }} || ' to ' || {{ rho_words('rho_high') }}
        || case
            when q_value is null then ''
            when q_value < 0.001 then ', q < 0.001'
            else ', q ' || {{ fixed('q_value', 3) }}
        end || ')' as figures,
        '(' || replace(adjusted_for, '|', ', ') || ')' as adjusted_words
    from judged
),

said as (
    select
        worded.*,
        case
            when insufficient_reason is not null
                then
                    'No estimate for ' || type_label || ': ' || insufficient_reason || ' ('
                    || exposure_words || '; "' || outcome_words || ').'
            when not is_seen
                then
                    who || ', no association can be seen between ' || exposure_words || ' and the ' || relation
                    || outcome_words || ' ' || figures || '.'
            else
                who || ', ' || exposure_words || ' is associated with a '
                || case when rho > 0 then 'better ' else 'worse ' end || relation || outcome_words || ' ' || figures || '.'
        end as finding,
        case
            when insufficient_reason is not null or is_circular then ''
            when is_negative_control
                then ' The outcome came before the assessment: a check, not a finding.'
            when is_lost_in_number and is_lost_in_adjustment
                then
                    ' It does not stand once comparisons are counted, nor after adjustment ' || adjusted_words || '.'
            when is_lost_in_number then ' It does not stand once comparisons are counted.'
            when is_lost_in_adjustment then ' It does not stand after adjustment ' || adjusted_words || '.'
            else ''
        end as standing,
        -- What fails the adjustment says for what it was made; a change holds the prior value already.
        case
            when insufficient_reason is not null or not is_seen then ''
            when is_circular or is_negative_control or is_lost_in_adjustment then ''
            when basis = 'self_assessment' then ' Not adjusted.'
            when
                not is_change
                and (adjusted_rho is null or not {{ is_listed("'prior value'", "coalesce(adjusted_for, '')") }})
                then ' Not adjusted for the outcome''s prior value.'
            else ''
        end as gap,
        case
            when heterogeneity_p < 0.05
                then ' Types of organisation differ (I² ' || {{ fixed('100 * i_squared', 0) }} || '%).'
            else ''
        end as disagreement,
        case
            when is_circular
                then
                    ' They share survey questions (' || replace(shared_items, '|', ', ')
                    || '), so it is no evidence of a link.'
            when is_same_survey and is_seen and not is_negative_control
                then ' Both rest on the staff survey, which alone can link them.'
            else ''
        end as same_source
    from worded
)

select
    basis,
    exposure_kind,
    driver_id,
    exposure_id,
    exposure_label,
    mapping_version,
    measure_id,
    organisation_type,
    alignment,
    exposure_period_key,
    outcome_period_key,
    outcome_coverage,
    n,
    eligible_n,
    rho,
    rho_low,
    rho_high,
    raw_rho,
    tau_b,
    raw_tau_b,
    somers_d,
    p_value,
    q_value,
    n_types,
    unstratified_rho,
    cochran_q,
    heterogeneity_p,
    i_squared,
    bootstrap_low,
    bootstrap_high,
    without_region_low,
    without_region_high,
    prior_adjusted_rho,
    adjusted_rho,
    adjusted_rho_low,
    adjusted_rho_high,
    adjusted_p_value,
    adjusted_n,
    adjusted_for,
    trend_p_value,
    n_levels,
    odds_ratio,
    odds_ratio_low,
    odds_ratio_high,
    weighted_rho,
    rival_rho,
    is_circular,
    is_same_survey,
    is_negative_control,
    shared_items,
    insufficient_reason,
    family_id,
    finding || standing || gap || disagreement || same_source as sentence,
    {{ data_origin() }} as data_origin
from said
