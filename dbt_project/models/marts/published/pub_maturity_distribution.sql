-- How many organisations rate themselves at each level, in the cells that disclosure control lets through, and where no
-- few are at a level. The level of an organisation is its median without its half, so that shares at or above a level are
-- those of the median.
with cells as (
    select * from {{ ref('int_maturity_cells__worded') }}
    where table_name = 'pub_maturity_distribution'
),

counted as (
    select
        *,
        cast(
            sum(n) over (
                partition by group_key, organisation_type, region_code
                order by category desc nulls last
            ) as integer
        ) as n_at_or_above
    from {{ ref('int_maturity_levels__counted') }}
    where table_name = 'pub_maturity_distribution'
),

levels as (
    select
        cells.*,
        levels.level,
        levels.label as level_label,
        case when not cells.is_hidden and told.is_told then counted.n end as n_at_level,
        case when not cells.is_hidden and told.is_told_from then counted.n_at_or_above end as n_at_or_above
    from cells
    inner join {{ ref('instrument_level') }} as levels on cells.instrument_version = levels.instrument_version
    left join counted
        on
            cells.group_key = counted.group_key
            and cells.organisation_type = counted.organisation_type
            and cells.region_code = counted.region_code
            and levels.level = counted.category
    left join {{ ref('int_maturity_levels__told') }} as told
        on
            cells.table_name = told.table_name
            and cells.group_key = told.group_key
            and counted.cell_key = told.cell_key
            and levels.level = told.category
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
    case when n_at_level is null then 'suppressed' else 'observed' end as value_status,
    '"' || exposure_label || '", ' || round_key || ', ' || items_words || ': ' || cell_label || '. '
    || case
        when is_hidden
            then 'Not shown, because few share, they are alike, or subtraction would tell of few.'
        else
            'Of the ' || cast(n_shared as string) || ' that share a complete answer (' || {{ fixed('coverage_pct', 0) }}
            || '% of ' || cast(n_eligible as string) || '), '
            || coalesce(
                cast(n_at_level as string) || ' (' || {{ fixed('share_at_level', 0) }}
                || case when n_at_level = 1 then '%) is' else '%) are' end,
                'an untold number, because few are or subtraction would tell of few, are'
            )
            || ' at level ' || cast(level as string) || ', ' || level_label
            || coalesce(', and ' || {{ fixed('share_at_or_above', 0) }} || '% are at that level or above', '')
            || '. Sharing is voluntary.'
    end as sentence,
    {{ data_origin() }} as data_origin
from shared
