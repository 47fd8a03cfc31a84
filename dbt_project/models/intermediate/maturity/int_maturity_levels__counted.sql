-- Before disclosure control of the counts: how many organisations of each cell are at each level, or rate themselves
-- lower, the same or higher than before or than the evidence. Nothing here may be shown as it is. Shares are told first
-- from the main cut on: level 3, or higher than.
with categories as (
    select
        'pub_maturity_distribution' as table_name,
        instrument_version,
        level as category,
        3 as main_cut
    from {{ ref('instrument_level') }}

    union all

    select
        compared.table_name,
        instruments.instrument_version,
        signs.category,
        1 as main_cut
    from {{ ref('instrument') }} as instruments
    cross join (values ('pub_maturity_change'), ('pub_maturity_agreement')) as compared (table_name)
    cross join (values (-1), (0), (1)) as signs (category)
)

select
    cells.table_name,
    cells.group_key,
    cells.margin,
    cells.organisation_type,
    cells.region_code,
    cells.organisation_type || '|' || cells.region_code as cell_key,
    cells.is_hidden,
    categories.category,
    categories.main_cut,
    cast(count(members.org_code) as integer) as n,
    cast(count(case when members.is_unnamed then 1 end) as integer) as n_unnamed
from {{ ref('int_maturity_cells__disclosed') }} as cells
inner join categories
    on
        cells.table_name = categories.table_name
        and cells.instrument_version = categories.instrument_version
left join {{ ref('int_maturity_members__placed') }} as members
    on
        cells.table_name = members.table_name
        and cells.group_key = members.group_key
        and categories.category = members.category
        and cells.organisation_type in ('all', members.organisation_type)
        and cells.region_code in ('all', members.region_code)
where cells.items_compared > 0
group by
    cells.table_name,
    cells.group_key,
    cells.margin,
    cells.organisation_type,
    cells.region_code,
    cells.is_hidden,
    categories.category,
    categories.main_cut
