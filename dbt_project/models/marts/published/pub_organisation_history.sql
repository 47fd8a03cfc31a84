with organisations as (
    select
        org_code,
        org_name
    from {{ ref('int_organisations__unioned') }}
    where is_current
),

named as (
    select
        events.*,
        resolved.today_code,
        resolved.chain,
        resolved.roll_forward_status,
        coalesce(mine.org_name, own_icb.icb_name) as org_name,
        coalesce(events.from_name, before.org_name, from_icb.icb_name, from_region.region_name) as known_from_name,
        coalesce(events.to_name, heir.org_name, to_icb.icb_name, to_region.region_name) as known_to_name
    from {{ ref('int_organisations__events') }} as events
    left join {{ ref('int_organisations__resolved') }} as resolved on events.org_code = resolved.org_code
    left join organisations as mine on events.org_code = mine.org_code
    left join organisations as before on events.from_code = before.org_code
    left join organisations as heir on events.to_code = heir.org_code
    left join {{ ref('int_icbs__named') }} as own_icb on events.org_code = own_icb.icb_code
    left join {{ ref('int_icbs__named') }} as from_icb on events.from_code = from_icb.icb_code
    left join {{ ref('int_icbs__named') }} as to_icb on events.to_code = to_icb.icb_code
    left join {{ ref('nhs_region') }} as from_region on events.from_code = from_region.region_code
    left join {{ ref('nhs_region') }} as to_region on events.to_code = to_region.region_code
),

worded as (
    select
        named.*,
        coalesce(org_name || ' (' || org_code || ')', org_code) as subject,
        coalesce(known_from_name || ' (' || from_code || ')', from_code || ' (name not in any list)') as origin,
        coalesce(known_to_name || ' (' || to_code || ')', to_code || ' (name not in any list)') as target,
        {{ iso_date('event_on') }} as day
    from named
)

select
    org_code,
    org_name,
    event,
    event_on,
    from_code,
    to_code,
    known_from_name as from_name,
    known_to_name as to_name,
    kind,
    today_code,
    chain,
    roll_forward_status,
    case event
        when 'opened' then subject || ' opened on ' || day || '.'
        when 'closed' then subject || ' closed; its last day was ' || day || '.'
        when 'closing_date_changed'
            then 'The closing date of ' || subject || ' was changed from ' || from_name || ' to ' || to_name || '.'
        when 'reopened'
            then subject || ' is listed as open again; it was listed as closed on ' || from_name || '.'
        when 'renamed'
            then org_code || ' was renamed from ' || from_name || ' to ' || to_name || ', first seen on ' || day || '.'
        when 'moved_icb'
            then subject || ' was moved from ICB ' || origin || ' to ICB ' || target || ', first seen on ' || day || '.'
        when 'moved_region'
            then
                subject || ' was moved from region ' || origin || ' to region ' || target
                || ', first seen on ' || day || '.'
        when 'listed_after_closure'
            then
                subject || ' appears in the list of ' || day || ' because the list covers more; it closed on '
                || from_name || ' and stays closed.'
        when 'merged_into' then subject || ' became part of ' || target || ' on ' || day || '.'
        when 'took_over' then subject || ' took over ' || origin || ' on ' || day || '.'
        when 'split_into'
            then
                subject || ' was split; a part of unknown size went to ' || target || ' on ' || day
                || ', so its figures are not rolled forward.'
        when 'transferred_part_to'
            then
                subject || ' passed a part of unknown size to ' || target || ' on ' || day
                || '; that part is not rolled forward.'
        when 'took_part_of'
            then
                subject || ' took over a part of unknown size of ' || origin || ' on ' || day
                || '; its earlier figures lack that part.'
        when 'closed_without_successor'
            then subject || ' closed, and no source names a successor; its figures end under its own code.'
    end
    || case when is_recalled then ' The date is recalled, not read from a source.' else '' end as sentence,
    evidence,
    source_id,
    is_recalled,
    is_verified,
    {{ data_origin() }} as data_origin
from worded
