-- Named organisations whose scope allows it, and the margins that disclosure control and earlier releases let through.
with named as (
    select
        maturity.driver_id,
        maturity.round_key,
        organisations.organisation_type,
        organisations.region_code,
        maturity.org_code,
        organisations.org_name,
        case when maturity.is_complete then 1 else 0 end as n_shared,
        1 as n_eligible,
        maturity.median_level,
        case
            when maturity.median_level >= 3 then 100
            when maturity.median_level < 3 then 0
        end as share_at_or_above_3,
        case when maturity.is_complete then 'observed' else 'missing' end as value_status
    from {{ ref('int_driver_maturity__scored') }} as maturity
    left join {{ ref('int_organisations__unioned') }} as organisations
        on
            maturity.org_code = organisations.org_code
            and organisations.is_current
    where maturity.may_be_named
),

margins as (
    select
        disclosed.driver_id,
        disclosed.round_key,
        disclosed.organisation_type,
        disclosed.region_code,
        cast(null as string) as org_code,
        cast(null as string) as org_name,
        case when judged.cell_key is null then disclosed.n_shared end as n_shared,
        disclosed.n_eligible,
        case when judged.cell_key is null then disclosed.median_level end as median_level,
        case when judged.cell_key is null then disclosed.share_at_or_above_3 end as share_at_or_above_3,
        case when judged.cell_key is null then disclosed.value_status else 'suppressed' end as value_status
    from {{ ref('int_driver_maturity__disclosed') }} as disclosed
    left join {{ ref('int_disclosure__judged') }} as judged
        on
            judged.table_name = 'pub_driver_maturity'
            and disclosed.driver_id || '|' || disclosed.round_key = judged.group_key
            and disclosed.organisation_type || '|' || disclosed.region_code = judged.cell_key
            and judged.is_held
),

cells as (
    select * from named
    union all
    select * from margins
)

select
    driver_id,
    round_key,
    coalesce(organisation_type, 'other') as organisation_type,
    coalesce(region_code, 'unknown') as region_code,
    org_code,
    org_name,
    cast(n_shared as integer) as n_shared,
    cast(n_eligible as integer) as n_eligible,
    median_level,
    cast(share_at_or_above_3 as double) as share_at_or_above_3,
    value_status,
    {{ data_origin() }} as data_origin
from cells
