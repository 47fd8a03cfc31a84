-- Every organisation as the other published sources write it, newest first. Self-assessments are left out on purpose:
-- that an organisation has sent one may itself be private.
with survey as (
    select distinct
        results.source_id,
        results.org_code,
        results.org_name,
        regions.region_code,
        cast(null as string) as icb_code,
        make_date(results.survey_year, 12, 31) as seen_on
    from {{ ref('stg_nhs_staff_survey__results') }} as results
    left join {{ ref('nhs_region') }} as regions on results.region_name = regions.region_name
),

sickness as (
    select distinct
        absences.source_id,
        absences.org_code,
        absences.org_name,
        regions.region_code,
        case when regions.region_code is not null then absences.icb_code end as icb_code,
        absences.period_end as seen_on
    from {{ ref('stg_sickness_absence__absences') }} as absences
    left join {{ ref('nhs_region') }} as regions on absences.region_code = regions.region_code
),

measured as (
    select distinct
        source_id,
        org_code,
        org_name,
        cast(null as string) as region_code,
        cast(null as string) as icb_code,
        period_end as seen_on
    from {{ ref('int_measures__unioned') }}
),

sightings as (
    select * from survey
    union all
    select * from sickness
    union all
    select * from measured
),

ranked as (
    select
        sightings.*,
        min(seen_on) over (partition by org_code) as first_seen_on,
        -- A source that knows the region goes first, then one that knows the name.
        row_number() over (
            partition by org_code
            order by
                case when region_code is null then 1 else 0 end asc nulls last,
                case when org_name is null then 1 else 0 end asc nulls last,
                seen_on desc nulls last,
                source_id asc nulls last,
                org_name asc nulls last
        ) as choice
    from sightings
)

select
    source_id,
    org_code,
    org_name,
    region_code,
    icb_code,
    first_seen_on
from ranked
where choice = 1
