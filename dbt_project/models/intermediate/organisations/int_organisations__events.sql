-- What happened to organisations, from the versions of the lists and from the successions; one row for each
-- organisation and event, so that a merger stands with each of its parties.
with editions as (
    select
        source_id,
        edition_date,
        lag(edition_date) over (partition by source_id order by edition_date asc nulls last) as date_before
    from {{ ref('stg_ods_trusts__organisations') }}
    group by source_id, edition_date
),

versions as (
    select
        history.*,
        lag(org_name) over (partition by org_code order by valid_from asc nulls last) as previous_name,
        lag(icb_code) over (partition by org_code order by valid_from asc nulls last) as previous_icb,
        lag(region_code) over (partition by org_code order by valid_from asc nulls last) as previous_region,
        lag(closed_on) over (partition by org_code order by valid_from asc nulls last) as previous_closed
    from {{ ref('int_organisations__history') }} as history
),

-- An organisation that closed before the previous edition and was not in that: the list has widened, nothing opened.
listed as (
    select distinct
        org_code,
        source_id,
        edition_date,
        closed_on
    from {{ ref('stg_ods_trusts__organisations') }}
    where vintage_rank = 1
),

relisted as (
    select
        listed.org_code,
        listed.source_id,
        listed.edition_date,
        listed.closed_on
    from listed
    inner join editions on listed.source_id = editions.source_id and listed.edition_date = editions.edition_date
    left join listed as earlier
        on
            listed.org_code = earlier.org_code
            and listed.source_id = earlier.source_id
            and editions.date_before = earlier.edition_date
    where earlier.org_code is null and listed.closed_on < editions.date_before
),

-- Codes of boards that are or were integrated care boards: older editions print those of offices before them.
boards as (
    select icb_code from {{ ref('int_icbs__named') }}
    union
    select icb_code from versions where valid_to is null and icb_code is not null
),

regions as (
    select region_code from {{ ref('nhs_region') }} where is_current
),

-- Where an open organisation belonged before and after. A list that codes regions in another way moves nobody.
open_versions as (
    select * from versions where closed_on is null or closed_on >= valid_from
),

events as (
    select
        org_code,
        'opened' as event,
        opened_on as event_on,
        cast(null as string) as from_code,
        org_code as to_code,
        cast(null as string) as from_name,
        org_name as to_name,
        source_id
    from versions
    where valid_to is null and opened_on is not null

    union all

    select
        org_code,
        'closed' as event,
        closed_on as event_on,
        org_code as from_code,
        cast(null as string) as to_code,
        org_name as from_name,
        cast(null as string) as to_name,
        source_id
    from versions
    where valid_to is null and closed_on is not null

    union all

    select
        org_code,
        case when closed_on is null then 'reopened' else 'closing_date_changed' end as event,
        valid_from as event_on,
        org_code as from_code,
        org_code as to_code,
        {{ iso_date('previous_closed') }} as from_name,
        {{ iso_date('closed_on') }} as to_name,
        source_id
    from versions
    where previous_closed is not null and closed_on is distinct from previous_closed

    union all

    select
        org_code,
        'renamed' as event,
        valid_from as event_on,
        org_code as from_code,
        org_code as to_code,
        previous_name as from_name,
        org_name as to_name,
        source_id
    from versions
    where previous_name <> org_name

    union all

    select
        org_code,
        'moved_icb' as event,
        valid_from as event_on,
        previous_icb as from_code,
        icb_code as to_code,
        cast(null as string) as from_name,
        cast(null as string) as to_name,
        source_id
    from open_versions
    where
        previous_icb <> icb_code
        and previous_icb in (select icb_code from boards)
        and icb_code in (select icb_code from boards)

    union all

    select
        org_code,
        'moved_region' as event,
        valid_from as event_on,
        previous_region as from_code,
        region_code as to_code,
        cast(null as string) as from_name,
        cast(null as string) as to_name,
        source_id
    from open_versions
    where
        previous_region <> region_code
        and previous_region in (select region_code from regions)
        and region_code in (select region_code from regions)

    union all

    select
        org_code,
        'listed_after_closure' as event,
        edition_date as event_on,
        org_code as from_code,
        org_code as to_code,
        {{ iso_date('closed_on') }} as from_name,
        cast(null as string) as to_name,
        source_id
    from relisted
)

select
    org_code,
    event,
    event_on,
    from_code,
    to_code,
    from_name,
    to_name,
    cast(null as string) as kind,
    case event
        when 'opened' then 'opening date in the list of ODS'
        when 'closed' then 'closing date in the list of ODS'
        when 'listed_after_closure' then 'closed before the previous edition, which did not list it'
        else 'two editions of the list of ODS compared; dated by the first that has the change'
    end as evidence,
    source_id,
    false as is_recalled,
    true as is_verified
from events

union all

select
    from_code as org_code,
    case kind
        when 'split' then 'split_into'
        when 'partial_transfer' then 'transferred_part_to'
        when 'closed_without_successor' then 'closed_without_successor'
        else 'merged_into'
    end as event,
    effective_on as event_on,
    from_code,
    to_code,
    cast(null as string) as from_name,
    cast(null as string) as to_name,
    kind,
    evidence,
    sources as source_id,
    is_recalled,
    is_verified
from {{ ref('int_successions__paired') }}

union all

select
    to_code as org_code,
    case kind
        when 'split' then 'took_part_of'
        when 'partial_transfer' then 'took_part_of'
        else 'took_over'
    end as event,
    effective_on as event_on,
    from_code,
    to_code,
    cast(null as string) as from_name,
    cast(null as string) as to_name,
    kind,
    evidence,
    sources as source_id,
    is_recalled,
    is_verified
from {{ ref('int_successions__paired') }}
where to_code is not null
