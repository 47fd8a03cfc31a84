-- What became of each organisation: whole successions followed, one after another, to the organisation that holds it
-- today. A split or a transfer of a part is not followed: no source says which share went where.
{% set hops = var('longest_succession_chain') %}

with edges as (
    select
        from_code,
        to_code,
        effective_on
    from {{ ref('int_successions__paired') }}
    where weight = 1

    union all

    select
        part_code as from_code,
        whole_code as to_code,
        cast(null as date) as effective_on
    from {{ ref('organisation_part') }}
),

codes as (
    select org_code from {{ ref('int_organisations__unioned') }}
    union
    select from_code as org_code from edges
    union
    select to_code as org_code from edges
),

hop_0 as (
    select
        org_code,
        org_code as at_code,
        0 as n_hops,
        org_code as chain,
        false as is_cycle
    from codes
),

{% for hop in range(1, hops + 1) %}
hop_{{ hop }} as (
    select
        before.org_code,
        coalesce(edges.to_code, before.at_code) as at_code,
        before.n_hops + case when edges.to_code is null then 0 else 1 end as n_hops,
        before.chain || coalesce('|' || edges.to_code, '') as chain,
        before.is_cycle or {{ is_listed('edges.to_code', 'before.chain') }} as is_cycle
    from hop_{{ hop - 1 }} as before
    left join edges on before.at_code = edges.from_code and not before.is_cycle
),

{% endfor %}
unweighted as (
    select distinct
        from_code,
        kind
    from {{ ref('int_successions__paired') }}
    where weight is null
)

select
    followed.org_code,
    -- A circle has no end: everyone in it, or leading to it, stays as reported.
    case when followed.is_cycle then followed.org_code else followed.at_code end as today_code,
    followed.n_hops,
    followed.chain,
    followed.is_cycle,
    onward.from_code is not null and not followed.is_cycle as is_too_long,
    case
        when followed.is_cycle then 'cycle_not_rolled'
        when splits.from_code is not null then 'split_not_rolled'
        when closures.from_code is not null then 'missing_link'
        when followed.n_hops > 0 then 'rolled_forward'
        when parts.from_code is not null then 'partial_not_rolled'
        else 'is_current'
    end as roll_forward_status
from hop_{{ hops }} as followed
left join edges as onward on followed.at_code = onward.from_code
left join unweighted as splits on followed.at_code = splits.from_code and splits.kind = 'split'
left join unweighted as closures on followed.at_code = closures.from_code and closures.kind = 'closed_without_successor'
left join unweighted as parts on followed.at_code = parts.from_code and parts.kind = 'partial_transfer'
