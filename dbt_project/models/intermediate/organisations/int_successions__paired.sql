-- One row for each predecessor and successor, whatever number of sources state the pair; and one for each organisation
-- that closed and of which no source names a successor.
with links as (
    select
        links.*,
        row_number() over (
            partition by from_code, to_code
            order by
                date_is_recalled asc nulls last,
                preference asc nulls last,
                edition desc nulls last,
                changed_on desc nulls last
        ) as choice,
        -- What people noted of a case says more of its kind than lists do.
        first_value(change_kind) over (
            partition by from_code, to_code
            order by case when change_kind is null then 1 else 0 end asc nulls last, preference desc nulls last
        ) as stated_kind
    from {{ ref('int_successions__unioned') }} as links
    where is_in_scope
),

pairs as (
    select
        from_code,
        to_code,
        {{ joined_list('source_id') }} as sources,
        cast(count(distinct source_id) as integer) as n_sources,
        cast(count(distinct effective_on) as integer) as n_dates,
        max(case when is_verified then 1 else 0 end) = 1 as is_verified
    from links
    where to_code is not null
    group by from_code, to_code
),

organisations as (
    select
        source_id,
        org_code,
        opened_on,
        closed_on,
        is_in_ods
    from {{ ref('int_organisations__unioned') }}
    where is_current
),

described as (
    select
        links.from_code,
        links.to_code,
        links.effective_on,
        links.changed_on,
        links.stated_kind,
        links.stated_kind is not distinct from 'partial_transfer'
        or (links.stated_kind is null and coalesce(before.is_in_ods and before.closed_on is null, false)) as is_partial,
        coalesce(heir.opened_on = links.effective_on, false) as is_new_code,
        links.source_id,
        links.evidence,
        links.is_inferred,
        links.date_is_recalled as is_recalled,
        pairs.sources,
        pairs.n_sources,
        pairs.n_dates,
        pairs.is_verified
    from links
    inner join pairs on links.from_code = pairs.from_code and links.to_code = pairs.to_code
    left join organisations as before on links.from_code = before.org_code
    left join organisations as heir on links.to_code = heir.org_code
    where links.choice = 1
),

counted as (
    select
        described.*,
        cast(sum(case when is_partial then 0 else 1 end) over (partition by from_code) as integer) as n_heirs
    from described
),

kinds as (
    select
        counted.*,
        case
            when is_partial then 'partial_transfer'
            when n_heirs > 1 then 'split'
            when stated_kind is not null then stated_kind
            when is_new_code then 'merge_new_code'
            else 'acquire_code_survives'
        end as kind
    from counted
),

closures as (
    select
        org_code as from_code,
        {{ day_after('closed_on') }} as effective_on,
        closed_on as changed_on,
        source_id,
        'closing date in the list of ODS' as evidence,
        1 as preference
    from organisations
    where closed_on is not null

    union all

    select
        from_code,
        effective_on,
        changed_on,
        source_id,
        evidence,
        2 as preference
    from links
    where to_code is null
),

ended as (
    select
        closures.*,
        row_number() over (partition by closures.from_code order by closures.preference asc nulls last) as choice
    from closures
    left join kinds on closures.from_code = kinds.from_code and kinds.kind <> 'partial_transfer'
    where kinds.from_code is null
)

select
    from_code,
    to_code,
    effective_on,
    changed_on,
    kind,
    cast(case when kind in ('split', 'partial_transfer') then null else 1 end as double) as weight,
    source_id,
    sources,
    n_sources,
    n_dates = 1 as do_dates_agree,
    evidence,
    is_inferred,
    is_recalled,
    is_verified
from kinds

union all

select
    from_code,
    cast(null as string) as to_code,
    effective_on,
    changed_on,
    'closed_without_successor' as kind,
    cast(null as double) as weight,
    source_id,
    source_id as sources,
    1 as n_sources,
    true as do_dates_agree,
    evidence,
    false as is_inferred,
    false as is_recalled,
    true as is_verified
from ended
where choice = 1
