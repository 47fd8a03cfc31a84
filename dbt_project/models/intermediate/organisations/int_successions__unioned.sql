-- Every statement that one organisation followed another, from every source, with the successor's first day. The
-- successor is null where a source only says that the organisation closed.
with commissioners as (
    select
        source_id,
        edition,
        org_code,
        icb_code,
        row_number() over (partition by org_code order by edition_date asc nulls last) as turn
    from {{ ref('stg_ods_sub_icb_locations__locations') }}
    where closed_on is null
),

stated as (
    select
        source_id,
        edition,
        from_code,
        to_code,
        changed_on,
        case when change_kind <> 'closed_without_successor' then change_kind end as change_kind,
        evidence,
        is_inferred,
        false as date_is_recalled,
        not is_inferred as is_verified,
        preference
    from {{ ref('stg_ods_successions__links') }}

    union all

    select
        'organisation_succession_noted' as source_id,
        cast(null as string) as edition,
        from_code,
        to_code,
        changed_on,
        kind as change_kind,
        evidence,
        false as is_inferred,
        date_is_recalled,
        verified as is_verified,
        90 as preference
    from {{ ref('organisation_succession_noted') }}

    union all

    select
        source_id,
        edition,
        org_code as from_code,
        icb_code as to_code,
        cast('{{ var("icbs_established_on") }}' as date) as changed_on,
        'merge_new_code' as change_kind,
        'ODS lists the code as a location of the ICB' as evidence,
        true as is_inferred,
        false as date_is_recalled,
        true as is_verified,
        91 as preference
    from commissioners
    where turn = 1 and icb_code is not null
),

-- Sources list practices, sites and authorities of the past too. In scope is what becomes of an organisation that has
-- been seen, and of its direct successor.
known as (
    select org_code from {{ ref('int_organisations__unioned') }}
    union
    select part_code as org_code from {{ ref('organisation_part') }}
),

followed as (
    select org_code from known
    union
    select stated.to_code as org_code
    from stated
    inner join known on stated.from_code = known.org_code
    where stated.to_code is not null
)

select
    stated.source_id,
    stated.edition,
    stated.from_code,
    stated.to_code,
    stated.changed_on,
    -- A change on the last day of a month is the predecessor's last day: new organisations start on a first.
    case
        when extract(day from {{ day_after('stated.changed_on') }}) = 1 then {{ day_after('stated.changed_on') }}
        else stated.changed_on
    end as effective_on,
    stated.change_kind,
    stated.evidence,
    stated.is_inferred,
    stated.date_is_recalled,
    stated.is_verified,
    stated.preference,
    followed.org_code is not null as is_in_scope
from stated
left join followed on stated.from_code = followed.org_code
