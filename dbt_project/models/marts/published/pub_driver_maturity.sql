-- Named organisations whose scope allows it, and the margins that disclosure control lets through.
with named as (
    select
        maturity.driver_id,
        maturity.round_key,
        maturity.instrument_version,
        maturity.items_expected,
        organisations.organisation_type,
        organisations.region_code,
        maturity.org_code,
        organisations.org_name,
        coalesce(organisations.org_name, maturity.org_code) as cell_label,
        case when maturity.is_complete then 1 else 0 end as n_shared,
        1 as n_eligible,
        case when maturity.is_complete then 100 else 0 end as coverage_pct,
        maturity.median_level,
        case
            when maturity.median_level >= 3 then 100
            when maturity.median_level < 3 then 0
        end as share_at_or_above_3,
        case when maturity.is_complete then 'observed' else 'missing' end as value_status
    from {{ ref('int_driver_maturity__scored') }} as maturity
    left join {{ ref('int_organisations__unioned') }} as organisations
        on
            maturity.org_code = organisations.org_code
            and organisations.is_current
    where maturity.may_be_named
),

margins as (
    select
        driver_id,
        round_key,
        instrument_version,
        items_expected,
        organisation_type,
        region_code,
        cast(null as string) as org_code,
        cast(null as string) as org_name,
        cell_label,
        n_shared,
        n_eligible,
        coverage_pct,
        median_level,
        share_at_or_above_3,
        value_status
    from {{ ref('int_driver_maturity__disclosed') }}
),

cells as (
    select * from named
    union all
    select * from margins
),

worded as (
    select
        cells.*,
        '"' || drivers.label || '", ' || cells.round_key || ', ' || cast(cells.items_expected as string) || ' items: '
        || cells.cell_label as opening
    from cells
    inner join {{ ref('driver') }} as drivers on cells.driver_id = drivers.driver_id
)

select
    driver_id,
    round_key,
    instrument_version,
    coalesce(organisation_type, 'other') as organisation_type,
    coalesce(region_code, 'unknown') as region_code,
    org_code,
    org_name,
    cast(n_shared as integer) as n_shared,
    cast(n_eligible as integer) as n_eligible,
    cast(coverage_pct as double) as coverage_pct,
    items_expected as items,
    median_level,
    cast(share_at_or_above_3 as double) as share_at_or_above_3,
    value_status,
    case
        when org_code is not null and value_status = 'missing'
            then opening || ' left an item unanswered, so there is no level.'
        when org_code is not null
            then opening || ' rates itself at a median level of ' || {{ fixed('median_level', 1) }} || '.'
        when value_status = 'suppressed'
            then opening || '. Not shown, because few share, they are alike, or subtraction would tell of few.'
        else
            opening || '. ' || cast(n_shared as string) || ' of ' || cast(n_eligible as string) || ' ('
            || {{ fixed('coverage_pct', 0) }} || '%) share a complete answer; their median level is '
            || {{ fixed('median_level', 1) }}
            || coalesce(
                ', and ' || {{ fixed('share_at_or_above_3', 0) }} || '% of them are at level 3 or above',
                '; how many are at level 3 or above is not told, because few are or few are not'
            )
            || '. Sharing is voluntary.'
    end as sentence,
    {{ data_origin() }} as data_origin
from worded
