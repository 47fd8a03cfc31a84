-- Whether organisations rate themselves above, in line with or below the evidence: under the name of those whose scope
-- allows it, and as shares of the others. What the evidence says of an organisation is public, so a share is rounded to
-- five per cent, how many of those that share have the evidence is not told, and a cell needs fifteen organisations. No
-- share is told of a few.
{% set least = 3 * var('minimum_sharing_organisations') %}
{#- Of thirds one is always the upper; few ratings are outstanding. #}
{% set relative = 'Thirds are relative and ratings are not, so this alone does not show over- or under-rating.' %}

with named as (
    select
        compared.evidence_basis,
        compared.driver_id,
        compared.round_key,
        compared.instrument_version,
        compared.organisation_type,
        coalesce(compared.region_code, 'unknown') as region_code,
        compared.org_code,
        organisations.org_name,
        compared.mean_level,
        compared.self_third,
        compared.evidence_value,
        compared.evidence_rating,
        compared.evidence_date,
        compared.evidence_age_days,
        compared.evidence_third,
        case compared.agreement
            when 1 then 'above'
            when 0 then 'in_line'
            when -1 then 'below'
        end as self_rating_is,
        case
            when compared.evidence_value is null then 'missing'
            when compared.agreement is null then 'not_applicable'
            else 'observed'
        end as value_status
    from {{ ref('int_maturity_agreements__compared') }} as compared
    left join {{ ref('int_organisations__unioned') }} as organisations
        on
            compared.org_code = organisations.org_code
            and organisations.is_current
    where compared.may_be_named
),

named_worded as (
    select
        named.*,
        coalesce(named.org_name, named.org_code) || ', "' || drivers.label || '", ' || named.round_key || ': ' as opening,
        case named.self_third when 1 then 'lower' when 2 then 'middle' when 3 then 'upper' end as self_words,
        case named.evidence_third when 1 then 'lower' when 2 then 'middle' when 3 then 'upper' end as evidence_words,
        case
            when named.evidence_basis = 'cqc_well_led' then 'CQC''s rating for being well-led'
            else 'the staff survey'
        end as basis_words
    from named
    inner join {{ ref('driver') }} as drivers on named.driver_id = drivers.driver_id
),

judged as (
    select
        cells.*,
        cells.n_below + cells.n_same + cells.n_above as n_placed,
        cells.is_hidden
        or distribution.is_hidden
        or cells.n_below + cells.n_same + cells.n_above < {{ least }} as is_withheld
    from {{ ref('int_maturity_cells__worded') }} as cells
    inner join {{ ref('int_maturity_cells__worded') }} as distribution
        on
            distribution.table_name = 'pub_maturity_distribution'
            and cells.round_key = distribution.round_key
            and cells.instrument_version = distribution.instrument_version
            and cells.exposure_kind = distribution.exposure_kind
            and cells.exposure_id = distribution.exposure_id
            and cells.organisation_type = distribution.organisation_type
            and cells.region_code = distribution.region_code
    where cells.table_name = 'pub_maturity_agreement'
),

told as (
    select
        group_key,
        cell_key,
        max(case when category = 1 then is_told end) as is_above_told,
        max(case when category = 0 then is_told end) as is_in_line_told,
        max(case when category = -1 then is_told end) as is_below_told
    from {{ ref('int_maturity_levels__told') }}
    where table_name = 'pub_maturity_agreement'
    group by group_key, cell_key
),

rounded as (
    select
        judged.*,
        case when not is_withheld and is_above_told then 5 * round(20 * {{ div('n_above', 'n_placed') }}) end as share_above,
        case when not is_withheld and is_in_line_told then 5 * round(20 * {{ div('n_same', 'n_placed') }}) end as share_in_line,
        case when not is_withheld and is_below_told then 5 * round(20 * {{ div('n_below', 'n_placed') }}) end as share_below
    from judged
    left join told
        on
            judged.group_key = told.group_key
            and judged.organisation_type || '|' || judged.region_code = told.cell_key
)

select
    evidence_basis,
    driver_id,
    round_key,
    instrument_version,
    organisation_type,
    region_code,
    org_code,
    org_name,
    cast(1 as integer) as n_shared,
    cast(1 as integer) as n_eligible,
    mean_level,
    self_words as self_third,
    evidence_value,
    evidence_rating,
    evidence_date,
    evidence_age_days,
    evidence_words as evidence_third,
    self_rating_is,
    cast(null as double) as share_above,
    cast(null as double) as share_in_line,
    cast(null as double) as share_below,
    value_status,
    opening || case
        when value_status = 'missing' then basis_words || ' has nothing on it for that time.'
        when value_status = 'not_applicable'
            then 'too few organisations of its type share, or have evidence, to say how it stands to ' || basis_words || '.'
        else
            'it rates itself '
            || case self_rating_is when 'in_line' then 'in line with ' else self_rating_is || ' ' end || basis_words
            || '. Its mean level of ' || {{ fixed('mean_level', 1) }} || ' is in the ' || self_words
            || ' third of those of its type that share; '
            || case
                when evidence_basis = 'cqc_well_led'
                    then
                        'the rating was ' || evidence_rating || ', published ' || cast(evidence_age_days as string)
                        || ' days before the assessment. {{ relative }}'
                else
                    'its evidence score of ' || {{ fixed('evidence_value', 1) }} || '% is in the ' || evidence_words
                    || ' third of all of its type.'
            end
    end as sentence,
    {{ data_origin() }} as data_origin
from named_worded

union all

select
    evidence_basis,
    driver_id,
    round_key,
    instrument_version,
    organisation_type,
    region_code,
    cast(null as string) as org_code,
    cast(null as string) as org_name,
    case when not is_withheld then n_shared end as n_shared,
    n_eligible,
    cast(null as double) as mean_level,
    cast(null as string) as self_third,
    cast(null as double) as evidence_value,
    cast(null as string) as evidence_rating,
    cast(null as date) as evidence_date,
    cast(null as integer) as evidence_age_days,
    cast(null as string) as evidence_third,
    cast(null as string) as self_rating_is,
    share_above,
    share_in_line,
    share_below,
    case when is_withheld then 'suppressed' else 'observed' end as value_status,
    '"' || exposure_label || '", ' || round_key || ': ' || cell_label || '. '
    || case
        when is_withheld then 'Not shown, because few can be compared, or subtraction would tell of few.'
        else
            'Of the ' || cast(n_shared as string) || ' that share, those that can be compared with '
            || case when evidence_basis = 'cqc_well_led' then 'CQC''s rating for being well-led' else 'the staff survey' end
            || ' rate themselves: '
            || case
                when share_above is not null and share_in_line is not null and share_below is not null
                    then
                        'about ' || {{ fixed('share_above', 0) }} || '% above it, ' || {{ fixed('share_in_line', 0) }}
                        || '% in line and ' || {{ fixed('share_below', 0) }} || '% below.'
                else
                    coalesce('about ' || {{ fixed('share_above', 0) }} || '% above it, ', '')
                    || coalesce('about ' || {{ fixed('share_in_line', 0) }} || '% in line with it, ', '')
                    || coalesce('about ' || {{ fixed('share_below', 0) }} || '% below it, ', '')
                    || 'and how the others do is not told, because few differ or subtraction would tell of few.'
            end
            || case evidence_basis
                when 'staff_survey' then ' Chance alone would put about a third in line.'
                else ' {{ relative }}'
            end
    end as sentence,
    {{ data_origin() }} as data_origin
from rounded
