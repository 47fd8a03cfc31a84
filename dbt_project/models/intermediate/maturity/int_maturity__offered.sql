-- What organisations share nationally, beside the margins that they are counted in. An eligible organisation that shares
-- nothing in a round has a row without a submission: it may have been counted before.
with rounds as (
    select distinct
        instrument_family,
        round_key,
        round_start_year
    from {{ ref('int_maturity__candidates') }}
),

eligible as (
    select
        rounds.instrument_family,
        rounds.round_key,
        eligible.org_code,
        eligible.organisation_type,
        coalesce(eligible.region_code, 'unknown') as region_code
    from rounds
    inner join {{ ref('int_organisations__eligible') }} as eligible on rounds.round_start_year = eligible.start_year
),

shared as (
    select * from {{ ref('int_maturity__candidates') }}
    where is_shared_nationally
)

select
    coalesce(shared.instrument_family, eligible.instrument_family) as instrument_family,
    coalesce(shared.round_key, eligible.round_key) as round_key,
    coalesce(shared.org_code, eligible.org_code) as org_code,
    eligible.organisation_type,
    eligible.region_code,
    shared.member_key,
    not shared.may_be_named as is_unnamed,
    shared.choice
from eligible
full outer join shared
    on
        eligible.instrument_family = shared.instrument_family
        and eligible.round_key = shared.round_key
        and eligible.org_code = shared.org_code
