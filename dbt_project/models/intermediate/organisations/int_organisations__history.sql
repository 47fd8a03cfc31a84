-- One version for each spell of unchanged attributes across the editions of the ODS trust file.
-- An organisation that an edition leaves out is not closed by that: the file's scope has changed before.
with listed as (
    select
        organisations.*,
        min(preference) over (partition by org_code) as first_preference
    from {{ ref('stg_ods_trusts__organisations') }} as organisations
    where vintage_rank = 1
),

editions as (
    select
        source_id,
        org_code,
        org_name,
        region_code,
        icb_code,
        opened_on,
        closed_on,
        edition_date,
        lag(edition_date) over (partition by org_code order by edition_date asc nulls last) as previous_date,
        lag(org_name) over (partition by org_code order by edition_date asc nulls last) as previous_name,
        lag(region_code) over (partition by org_code order by edition_date asc nulls last) as previous_region,
        lag(icb_code) over (partition by org_code order by edition_date asc nulls last) as previous_icb,
        lag(opened_on) over (partition by org_code order by edition_date asc nulls last) as previous_opened,
        lag(closed_on) over (partition by org_code order by edition_date asc nulls last) as previous_closed
    from listed
    where preference = first_preference
),

versions as (
    select *
    from editions
    where
        previous_date is null
        or org_name is distinct from previous_name
        or region_code is distinct from previous_region
        or icb_code is distinct from previous_icb
        or opened_on is distinct from previous_opened
        or closed_on is distinct from previous_closed
)

select
    source_id,
    org_code,
    org_name,
    region_code,
    icb_code,
    opened_on,
    closed_on,
    edition_date as valid_from,
    lead(edition_date) over (partition by org_code order by edition_date asc nulls last) as valid_to
from versions
