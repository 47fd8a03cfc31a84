-- Counted again from who is behind each cell, apart from the rule that hides it.
with behind as (
    select
        group_key as round_key,
        cell_key,
        count(case when is_unnamed then 1 end) as n_unnamed,
        count(*) as n_sharers
    from {{ ref('int_sharing__cells') }}
    group by group_key, cell_key
)

select
    published.round_key,
    published.characteristic,
    published.category
from {{ ref('pub_response_bias') }} as published
left join behind
    on
        published.round_key = behind.round_key
        and published.characteristic || '|' || published.category = behind.cell_key
where
    published.n_shared is not null
    and (
        behind.cell_key is null
        or behind.n_unnamed < {{ var('minimum_sharing_organisations') }}
        or published.n_eligible - behind.n_sharers < {{ var('minimum_sharing_organisations') }}
        or mod(published.n_shared, {{ var('minimum_sharing_organisations') }}) <> 0
    )
