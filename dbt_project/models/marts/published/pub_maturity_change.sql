-- Change between two rounds of the same organisations, on items that both rounds asked alike: under the name of those
-- whose scope allows it in both, and for the cells that disclosure control lets through.
with named as (
    select
        changes.exposure_kind,
        changes.exposure_id,
        changes.driver_id,
        changes.round_key,
        changes.instrument_version,
        changes.previous_round_key,
        changes.previous_instrument_version,
        coalesce(organisations.organisation_type, 'other') as organisation_type,
        coalesce(organisations.region_code, 'unknown') as region_code,
        changes.org_code,
        organisations.org_name,
        coalesce(organisations.org_name, changes.org_code) as cell_label,
        changes.items_expected,
        changes.items_compared,
        case when changes.change_in_mean_level is not null then 1 else 0 end as n_both,
        1 as n_eligible,
        case
            when changes.change_in_mean_level > 0 then 1
            when changes.change_in_mean_level is not null then 0
        end as n_improved,
        case
            when changes.change_in_mean_level = 0 then 1
            when changes.change_in_mean_level is not null then 0
        end as n_same,
        case
            when changes.change_in_mean_level < 0 then 1
            when changes.change_in_mean_level is not null then 0
        end as n_worsened,
        changes.change_in_mean_level as median_change,
        case
            when changes.items_comparable = 0 then 'not_applicable'
            when changes.change_in_mean_level is null then 'missing'
            else 'observed'
        end as value_status
    from {{ ref('int_maturity_changes__compared') }} as changes
    left join {{ ref('int_organisations__unioned') }} as organisations
        on
            changes.org_code = organisations.org_code
            and organisations.is_current
    where changes.may_be_named and changes.is_shared_nationally
),

-- Which of the counts are of none or of enough, so that they may be told.
told as (
    select
        group_key,
        cell_key,
        max(case when category = 1 then is_told end) as is_improved_told,
        max(case when category = 0 then is_told end) as is_same_told,
        max(case when category = -1 then is_told end) as is_worsened_told
    from {{ ref('int_maturity_levels__told') }}
    where table_name = 'pub_maturity_change'
    group by group_key, cell_key
),

margins as (
    select
        cells.exposure_kind,
        cells.exposure_id,
        cells.driver_id,
        cells.round_key,
        cells.instrument_version,
        cells.previous_round_key,
        cells.previous_instrument_version,
        cells.organisation_type,
        cells.region_code,
        cast(null as string) as org_code,
        cast(null as string) as org_name,
        cells.cell_label,
        cells.items_expected,
        cells.items_compared,
        case when not cells.is_hidden then cells.n_shared end as n_both,
        cells.n_eligible,
        case when not cells.is_hidden and told.is_improved_told then cells.n_above end as n_improved,
        case when not cells.is_hidden and told.is_same_told then cells.n_same end as n_same,
        case when not cells.is_hidden and told.is_worsened_told then cells.n_below end as n_worsened,
        case when not cells.is_hidden then cells.median_figure end as median_change,
        case
            when cells.items_compared = 0 then 'not_applicable'
            when cells.is_hidden then 'suppressed'
            else 'observed'
        end as value_status
    from {{ ref('int_maturity_cells__worded') }} as cells
    left join told
        on
            cells.group_key = told.group_key
            and cells.organisation_type || '|' || cells.region_code = told.cell_key
    where cells.table_name = 'pub_maturity_change'
),

cells as (
    select * from named
    union all
    select * from margins
),

worded as (
    select
        cells.*,
        '"' || coalesce(drivers.label, secondary.label) || '", ' || cells.previous_round_key || ' to ' || cells.round_key
        || ': ' || cells.cell_label || '. ' as opening,
        cast(cells.items_compared as string) || ' of ' || cast(cells.items_expected as string)
        || case when cells.items_expected = 1 then ' item' else ' items' end as items_words
    from cells
    left join {{ ref('driver') }} as drivers
        on
            cells.exposure_id = drivers.driver_id
            and cells.exposure_kind = 'driver'
    left join {{ ref('secondary_driver') }} as secondary
        on
            cells.exposure_id = secondary.sd_key
            and cells.exposure_kind = 'secondary_driver'
)

select
    exposure_kind,
    exposure_id,
    driver_id,
    round_key,
    instrument_version,
    previous_round_key,
    previous_instrument_version,
    organisation_type,
    region_code,
    org_code,
    org_name,
    cast(n_both as integer) as n_both,
    cast(n_eligible as integer) as n_eligible,
    cast(n_improved as integer) as n_improved,
    cast(n_same as integer) as n_same,
    cast(n_worsened as integer) as n_worsened,
    median_change,
    items_compared,
    items_expected,
    value_status,
    opening || case
        when value_status = 'not_applicable'
            then
                'No change can be told: no item of ' || instrument_version || ' is judged to ask the same as one of '
                || previous_instrument_version || '.'
        when value_status = 'missing' then 'No change can be told: a comparable item has no answer in one of the rounds.'
        when value_status = 'suppressed'
            then 'Not shown, because few share both rounds, they are alike, or subtraction would tell of few.'
        when org_code is not null
            then
                'Its mean level changed by ' || {{ fixed('median_change', 2) }} || ' on the ' || items_words
                || ' that both rounds asked.'
        else
            'Of the ' || cast(n_both as string) || ' that share both rounds (of ' || cast(n_eligible as string)
            || ' eligible), '
            || case
                when n_improved is not null and n_same is not null and n_worsened is not null
                    then
                        cast(n_improved as string) || ' rate themselves higher than before, '
                        || cast(n_same as string) || ' the same and ' || cast(n_worsened as string) || ' lower'
                else
                    coalesce(cast(n_improved as string) || ' rate themselves higher than before, ', '')
                    || coalesce(cast(n_same as string) || ' the same as before, ', '')
                    || coalesce(cast(n_worsened as string) || ' lower than before, ', '')
                    || 'and how the others do is not told, because few differ or subtraction would tell of few'
            end
            || '; the median change is ' || {{ fixed('median_change', 2) }} || ' of a level, on ' || items_words || '.'
    end as sentence,
    {{ data_origin() }} as data_origin
from worded
