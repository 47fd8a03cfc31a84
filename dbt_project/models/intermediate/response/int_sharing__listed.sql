-- Every eligible organisation in each round in which any shares nationally, and whether it shares. Who does is
-- confidential for organisations that may not be named: nothing here may be shown as it is.
with shared as (
    select
        reportable.org_code,
        reportable.round_key,
        reportable.round_start_year,
        reportable.may_be_named
    from {{ ref('int_maturity__reportable') }} as reportable
    inner join {{ ref('instrument') }} as instruments
        on
            reportable.instrument_version = instruments.instrument_version
            and instruments.scores_drivers
    where reportable.is_shared_nationally
),

rounds as (
    select distinct
        round_key,
        round_start_year
    from shared
)

select
    rounds.round_key,
    rounds.round_start_year,
    eligible.org_code,
    eligible.organisation_type,
    coalesce(eligible.region_code, 'unknown') as region_code,
    sized.size,
    shared.org_code is not null as is_shared,
    coalesce(shared.may_be_named, false) as may_be_named
from rounds
inner join {{ ref('int_organisations__eligible') }} as eligible on rounds.round_start_year = eligible.start_year
left join shared
    on
        rounds.round_start_year = shared.round_start_year
        and eligible.org_code = shared.org_code
left join {{ ref('int_organisations__sized') }} as sized
    on
        eligible.org_code = sized.org_code
        and rounds.round_start_year = sized.start_year
