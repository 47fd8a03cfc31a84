-- How many organisations rate themselves at each level, in the cells that disclosure control lets through. The level of
-- an organisation is its median without its half, so that shares at or above a level are those of the median.
with cells as (
    select * from {{ ref('int_maturity_cells__worded') }}
    where table_name = 'pub_maturity_distribution'
),

counted as (
    select
        cells.group_key,
        cells.organisation_type,
        cells.region_code,
        members.category as level,
        cast(count(*) as integer) as n_at_level
    from cells
    inner join {{ ref('int_maturity_members__placed') }} as members
        on
            cells.table_name = members.table_name
            and cells.group_key = members.group_key
            and cells.organisation_type in ('all', members.organisation_type)
            and cells.region_code in ('all', members.region_code)
    where not cells.is_hidden
    group by cells.group_key, cells.organisation_type, cells.region_code, members.category
),

levels as (
    select
        cells.*,
        levels.level,
        levels.label as level_label,
        case when not cells.is_hidden then coalesce(counted.n_at_level, 0) end as n_at_level,
        case
            when not cells.is_hidden
                then
                    cast(
                        sum(coalesce(counted.n_at_level, 0)) over (
                            partition by cells.group_key, cells.organisation_type, cells.region_code
                            order by levels.level desc nulls last
                        ) as integer
                    )
        end as n_at_or_above
    from cells
    inner join {{ ref('instrument_level') }} as levels on cells.instrument_version = levels.instrument_version
    left join counted
        on
            cells.group_key = counted.group_key
            and cells.organisation_type = counted.organisation_type
            and cells.region_code = counted.region_code
            and levels.level = counted.level
),

shared as (
    select
        levels.*,
        100 * {{ div('n_at_level', 'n_shared') }} as share_at_level,
        100 * {{ div('n_at_or_above', 'n_shared') }} as share_at_or_above
    from levels
)

select
    exposure_kind,
    exposure_id,
    driver_id,
    round_key,
    instrument_version,
    organisation_type,
    region_code,
    level,
    level_label,
    n_at_level,
    share_at_level,
    share_at_or_above,
    case when not is_hidden then n_shared end as n_shared,
    n_eligible,
    case when not is_hidden then coverage_pct end as coverage_pct,
    items_expected as items,
    case when is_hidden then 'suppressed' else 'observed' end as value_status,
    '"' || exposure_label || '", ' || round_key || ', ' || items_words || ': ' || cell_label || '. '
    || case
        when is_hidden
            then 'Not shown, because few share, they are alike, or subtraction would tell of few.'
        else
            'Of the ' || cast(n_shared as string) || ' that share a complete answer (' || {{ fixed('coverage_pct', 0) }}
            || '% of ' || cast(n_eligible as string) || '), ' || cast(n_at_level as string) || ' ('
            || {{ fixed('share_at_level', 0) }} || case when n_at_level = 1 then '%) is' else '%) are' end
            || ' at level ' || cast(level as string) || ', '
            || level_label || ', and ' || {{ fixed('share_at_or_above', 0) }} || '% are at that level or above. '
            || 'Sharing is voluntary.'
    end as sentence,
    {{ data_origin() }} as data_origin
from shared
