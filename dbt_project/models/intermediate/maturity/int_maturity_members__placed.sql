-- Who is behind each published figure on maturity, before the margins are formed: whoever shares a level, a change or a
-- comparison with the evidence. Nothing here may be shown as it is.
with distribution as (
    select
        'pub_maturity_distribution' as table_name,
        round_key,
        round_start_year,
        instrument_version,
        cast(null as string) as previous_round_key,
        cast(null as string) as previous_instrument_version,
        cast(null as string) as evidence_basis,
        exposure_kind,
        exposure_id,
        driver_id,
        items_expected,
        items_expected as items_compared,
        org_code,
        may_be_named,
        level as category,
        median_level as figure
    from {{ ref('int_maturity_exposures__scored') }}
    where is_shared_nationally and is_complete
),

change as (
    select
        'pub_maturity_change' as table_name,
        round_key,
        round_start_year,
        instrument_version,
        previous_round_key,
        previous_instrument_version,
        cast(null as string) as evidence_basis,
        exposure_kind,
        exposure_id,
        driver_id,
        items_expected,
        items_comparable as items_compared,
        org_code,
        may_be_named,
        cast(sign(change_in_mean_level) as integer) as category,
        change_in_mean_level as figure
    from {{ ref('int_maturity_changes__compared') }}
    where is_shared_nationally and (items_comparable = 0 or change_in_mean_level is not null)
),

agreement as (
    select
        'pub_maturity_agreement' as table_name,
        round_key,
        round_start_year,
        instrument_version,
        cast(null as string) as previous_round_key,
        cast(null as string) as previous_instrument_version,
        evidence_basis,
        exposure_kind,
        exposure_id,
        driver_id,
        items_expected,
        items_expected as items_compared,
        org_code,
        may_be_named,
        agreement as category,
        cast(agreement as double) as figure
    from {{ ref('int_maturity_agreements__compared') }}
),

members as (
    select * from distribution
    union all
    select * from change
    union all
    select * from agreement
)

select
    members.table_name,
    members.round_key || '|' || members.instrument_version || '|' || members.exposure_kind || '|' || members.exposure_id
    || coalesce('|' || members.previous_round_key || '|' || members.previous_instrument_version, '')
    || coalesce('|' || members.evidence_basis, '') as group_key,
    members.round_key,
    members.round_start_year,
    members.instrument_version,
    members.previous_round_key,
    members.previous_instrument_version,
    members.evidence_basis,
    members.exposure_kind,
    members.exposure_id,
    members.driver_id,
    members.items_expected,
    members.items_compared,
    members.org_code,
    eligible.organisation_type,
    coalesce(eligible.region_code, 'unknown') as region_code,
    not members.may_be_named as is_unnamed,
    members.category,
    members.figure
from members
inner join {{ ref('int_organisations__eligible') }} as eligible
    on
        members.org_code = eligible.org_code
        and members.round_start_year = eligible.start_year
