-- Before disclosure control: shared and eligible organisations counted in each cell of three margins. Nothing here may
-- be shown as it is. An organisation without a region has a cell of its own, so that each margin adds up to the total.
with margins as (
    select 'total' as margin
    union all
    select 'organisation_type' as margin
    union all
    select 'region' as margin
),

cells as (
    select
        eligible.start_year,
        margins.margin,
        case margins.margin when 'organisation_type' then eligible.organisation_type else 'all' end as organisation_type,
        case margins.margin when 'region' then coalesce(eligible.region_code, 'unknown') else 'all' end as region_code,
        cast(count(*) as integer) as n_eligible
    from {{ ref('int_organisations__eligible') }} as eligible
    cross join margins
    group by all
),

groups as (
    select distinct
        table_name,
        group_key,
        round_key,
        round_start_year,
        instrument_version,
        previous_round_key,
        previous_instrument_version,
        evidence_basis,
        exposure_kind,
        exposure_id,
        driver_id,
        items_expected,
        items_compared
    from {{ ref('int_maturity_members__placed') }}
),

counted as (
    select
        groups.*,
        cells.margin,
        cells.organisation_type,
        cells.region_code,
        cells.n_eligible,
        members.org_code,
        members.is_unnamed,
        members.category,
        members.figure
    from groups
    inner join cells on groups.round_start_year = cells.start_year
    left join {{ ref('int_maturity_members__placed') }} as members
        on
            groups.table_name = members.table_name
            and groups.group_key = members.group_key
            and groups.items_compared > 0
            and cells.organisation_type in ('all', members.organisation_type)
            and cells.region_code in ('all', members.region_code)
)

select
    table_name,
    group_key,
    round_key,
    round_start_year,
    instrument_version,
    previous_round_key,
    previous_instrument_version,
    evidence_basis,
    exposure_kind,
    exposure_id,
    driver_id,
    items_expected,
    items_compared,
    margin,
    organisation_type,
    region_code,
    n_eligible,
    cast(count(org_code) as integer) as n_shared,
    cast(count(case when is_unnamed then org_code end) as integer) as n_unnamed,
    cast(min(case when is_unnamed then category end) as integer) as lowest_unnamed,
    cast(max(case when is_unnamed then category end) as integer) as highest_unnamed,
    cast(count(case when category < 0 then 1 end) as integer) as n_below,
    cast(count(case when category = 0 then 1 end) as integer) as n_same,
    cast(count(case when category > 0 then 1 end) as integer) as n_above,
    cast(median(figure) as double) as median_figure,
    100 * {{ div('count(*) filter (where figure >= 3)', 'count(figure)') }} as share_at_or_above_3
from counted
group by all
