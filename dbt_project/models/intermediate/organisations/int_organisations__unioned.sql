-- All versions of all organisations: those of ODS, and one version each of those that only other sources know.
with seen_only as (
    select
        seen.source_id,
        seen.org_code,
        seen.org_name,
        seen.region_code,
        seen.icb_code,
        cast(null as date) as opened_on,
        cast(null as date) as closed_on,
        seen.first_seen_on as valid_from,
        cast(null as date) as valid_to,
        false as is_in_ods
    from {{ ref('int_organisations__seen') }} as seen
    left join {{ ref('int_organisations__history') }} as history on seen.org_code = history.org_code
    where history.org_code is null
),

versions as (
    select
        history.*,
        true as is_in_ods
    from {{ ref('int_organisations__history') }} as history

    union all

    select * from seen_only
)

select
    versions.source_id,
    versions.org_code,
    -- ODS writes names in capitals; where another source writes the same name in mixed case, that spelling is kept.
    case when upper(seen.org_name) = upper(versions.org_name) then seen.org_name else versions.org_name end as org_name,
    coalesce(types.organisation_type, 'other') as organisation_type,
    versions.region_code,
    regions.region_name,
    versions.icb_code,
    icbs.icb_name,
    versions.opened_on,
    versions.closed_on,
    versions.valid_from,
    versions.valid_to,
    versions.valid_to is null as is_current,
    versions.is_in_ods
from versions
left join {{ ref('int_organisations__seen') }} as seen on versions.org_code = seen.org_code
left join {{ ref('int_organisations__typed') }} as types on versions.org_code = types.org_code
left join {{ ref('nhs_region') }} as regions on versions.region_code = regions.region_code
left join {{ ref('int_icbs__named') }} as icbs on versions.icb_code = icbs.icb_code
