-- The declared pairs with what was estimated for them. Where lower is better the sign is turned round, so that a
-- positive estimate always means that more maturity goes with a better outcome.
with periods as (
    select
        basis,
        exposure_id,
        measure_id,
        alignment,
        max(exposure_year) as exposure_year,
        max(exposure_period_key) as exposure_period_key,
        max(outcome_period_key) as outcome_period_key
    from {{ ref('int_association_pairs') }}
    group by basis, exposure_id, measure_id, alignment
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
        declared.*,
        coalesce(types.plural_label, 'organisations of all types') as type_label,
        periods.exposure_period_key,
        periods.outcome_period_key,
        covered.outcome_coverage,
        eligible.eligible_n,
        coalesce(estimated.n, 0) as pairs_n,
        case when judged.cell_key is null then estimated.raw_rho end as raw_rho,
        case when judged.cell_key is null then estimated.raw_rho_low end as raw_rho_low,
        case when judged.cell_key is null then estimated.raw_rho_high end as raw_rho_high,
        case when judged.cell_key is null then estimated.raw_tau_b end as raw_tau_b,
        case when judged.cell_key is null then estimated.p_value end as p_value,
        case when judged.cell_key is null then estimated.q_value end as q_value,
        judged.cell_key is not null as is_held,
        case when declared.polarity = 'lower_is_better' then -1 else 1 end as direction
    from {{ ref('int_associations__declared') }} as declared
    left join {{ ref('int_associations__estimated') }} as estimated
        on
            declared.basis = estimated.basis
            and declared.exposure_id = estimated.exposure_id
            and declared.measure_id = estimated.measure_id
            and declared.alignment = estimated.alignment
            and declared.organisation_type = estimated.organisation_type
    left join periods
        on
            declared.basis = periods.basis
            and declared.exposure_id = periods.exposure_id
            and declared.measure_id = periods.measure_id
            and declared.alignment = periods.alignment
    left join {{ ref('int_outcomes__covered') }} as covered
        on
            declared.measure_id = covered.measure_id
            and periods.outcome_period_key = covered.outcome_period_key
    left join eligible
        on
            periods.exposure_year = eligible.start_year
            and declared.organisation_type = eligible.organisation_type
    left join {{ ref('int_disclosure__judged') }} as judged
        on
            declared.basis = 'self_assessment'
            and judged.table_name = 'pub_driver_outcome_association'
            and declared.exposure_id || '|' || declared.measure_id || '|' || declared.alignment || '|'
            || periods.exposure_period_key = judged.group_key
            and declared.organisation_type = judged.cell_key
            and judged.is_held
    left join {{ ref('organisation_type') }} as types on declared.organisation_type = types.organisation_type
),

harmonised as (
    select
        joined.*,
        -- How few organisations have shared a self-assessment can itself give one away.
        case when basis = 'staff_survey_evidence' or raw_rho is not null then pairs_n end as n,
        direction * raw_rho as rho,
        case when direction = 1 then raw_rho_low else -raw_rho_high end as rho_low,
        case when direction = 1 then raw_rho_high else -raw_rho_low end as rho_high,
        direction * raw_tau_b as tau_b,
        case
            when basis = 'self_assessment' and (is_held or pairs_n < {{ var('association_minimum_n') }})
                -- One reason for both: which of them it is would tell how many have come or gone.
                then 'fewer than {{ var("association_minimum_n") }} organisations have both figures, or comparing releases would tell of a few'
            when pairs_n < {{ var('association_minimum_n') }}
                then 'fewer than {{ var("association_minimum_n") }} organisations have both figures'
            when raw_rho is null then 'one of the two figures is the same for all organisations'
        end as insufficient_reason
    from joined
),

worded as (
    select
        harmonised.*,
        case basis
            when 'self_assessment' then 'a higher self-assessed level of "'
            else 'higher staff-survey evidence of "'
        end || exposure_label || '"' || coalesce(' (' || exposure_period_key || ')', '') as exposure_words,
        '"' || measure_name || '"'
        || coalesce(' (' || outcome_period_key || coalesce(', ' || outcome_coverage, '') || ')', '') as outcome_words,
        '(Spearman rho ' || {{ fixed('rho', 2) }}
        || ', 95% interval ' || {{ fixed('rho_low', 2) }} || ' to ' || {{ fixed('rho_high', 2) }}
        || case
            when q_value is null then ''
            when q_value < 0.001 then ', q < 0.001'
            else ', q ' || {{ fixed('q_value', 3) }}
        end || ')' as figures
    from harmonised
),

said as (
    select
        worded.*,
        case
            when insufficient_reason is not null
                then
                    'No estimate for ' || type_label || ': ' || insufficient_reason || ' ('
                    || exposure_words || '; ' || outcome_words || ').'
            when rho_low <= 0 and rho_high >= 0
                then
                    'Among ' || cast(n as string) || ' ' || type_label || ', no association can be seen between '
                    || exposure_words || ' and ' || outcome_words || ' ' || figures || '.'
            else
                'Among ' || cast(n as string) || ' ' || type_label || ', ' || exposure_words
                || ' is associated with ' || case when rho > 0 then 'a better result for ' else 'a worse result for ' end
                || outcome_words || ' ' || figures || '.'
        end as plain_sentence
    from worded
)

select
    basis,
    driver_id,
    exposure_id,
    exposure_label,
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
    p_value,
    q_value,
    is_circular,
    is_same_survey,
    shared_items,
    insufficient_reason,
    family_id,
    plain_sentence
    || case
        when is_circular
            then ' The two share survey questions (' || replace(shared_items, '|', ', ') || '), so it is no evidence of a link.'
        when insufficient_reason is null and q_value >= 0.05 and (rho_low > 0 or rho_high < 0)
            then ' It does not stand once the number of comparisons is allowed for.'
        else ''
    end
    || case
        when is_same_survey and not is_circular and insufficient_reason is null
            then ' Both figures come from the same survey, which alone can make them go together.'
        else ''
    end as sentence,
    {{ data_origin() }} as data_origin
from said
