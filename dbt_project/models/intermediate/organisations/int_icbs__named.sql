-- One name for each ICB code, from the first of these sources that prints one, in its newest edition.
with mapped as (
    select
        icb_code,
        icb_name,
        1 as preference,
        edition
    from {{ ref('stg_nhse_ae_system_mapping__members') }}
),

-- ODS writes `NHS SUSSEX ICB - 09D` for a location of an ICB.
locations as (
    select
        icb_code,
        replace(org_name, ' - ' || org_code, '') as icb_name,
        2 as preference,
        edition
    from {{ ref('stg_ods_sub_icb_locations__locations') }}
    where closed_on is null and org_name like '%ICB - ' || org_code
),

-- An ICB reports on its own staff like any organisation.
seen as (
    select
        seen.org_code as icb_code,
        seen.org_name as icb_name,
        3 as preference,
        cast(null as string) as edition
    from {{ ref('int_organisations__seen') }} as seen
    inner join {{ ref('int_organisations__typed') }} as types
        on
            seen.org_code = types.org_code
            and types.organisation_type = 'icb'
),

named as (
    select * from mapped
    union
    select * from locations
    union
    select * from seen
),

ranked as (
    select
        named.*,
        row_number() over (
            partition by icb_code
            order by preference asc nulls last, edition desc nulls last, icb_name asc nulls last
        ) as choice
    from named
    where icb_code is not null and icb_name is not null
)

select
    icb_code,
    icb_name
from ranked
where choice = 1
