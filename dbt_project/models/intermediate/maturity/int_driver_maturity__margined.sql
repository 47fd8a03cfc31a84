-- Before disclosure control: shared and eligible organisations counted in each cell of three margins. Nothing here may
-- be shown as it is. An organisation without a region has a cell of its own, so that each margin adds up to the total.
with rounds as (
    select distinct
        round_key,
        round_start_year
    from {{ ref('int_driver_maturity__scored') }}
    where is_shared_nationally and is_complete
),

population as (
    select
        rounds.round_key,
        drivers.driver_id,
        eligible.org_code,
        eligible.organisation_type,
        coalesce(eligible.region_code, 'unknown') as region_code
    from rounds
    cross join {{ ref('driver') }} as drivers
    inner join {{ ref('int_organisations__eligible') }} as eligible on rounds.round_start_year = eligible.start_year
),

organisations as (
    select
        population.*,
        case when maturity.is_complete then maturity.org_code end as sharing_code,
        case when maturity.is_complete and not maturity.may_be_named then maturity.org_code end as unnamed_code,
        case when maturity.is_complete then maturity.median_level end as median_level
    from population
    left join {{ ref('int_driver_maturity__scored') }} as maturity
        on
            population.round_key = maturity.round_key
            and population.driver_id = maturity.driver_id
            and population.org_code = maturity.org_code
            and maturity.is_shared_nationally
),

placed as (
    select
        organisations.*,
        'total' as margin,
        'all' as cell_type,
        'all' as cell_region
    from organisations

    union all

    select
        organisations.*,
        'organisation_type' as margin,
        organisation_type as cell_type,
        'all' as cell_region
    from organisations

    union all

    select
        organisations.*,
        'region' as margin,
        'all' as cell_type,
        region_code as cell_region
    from organisations
)

select
    driver_id,
    round_key,
    margin,
    cell_type as organisation_type,
    cell_region as region_code,
    cast(count(sharing_code) as integer) as n_shared,
    cast(count(unnamed_code) as integer) as n_unnamed,
    cast(count(*) as integer) as n_eligible,
    cast(median(median_level) as double) as median_level,
    100 * {{ div('count(*) filter (where median_level >= 3)', 'count(median_level)') }} as share_at_or_above_3
from placed
group by driver_id, round_key, margin, cell_type, cell_region
