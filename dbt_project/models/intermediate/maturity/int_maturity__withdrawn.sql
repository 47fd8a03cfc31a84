-- Submissions that were taken back: each one of the organisation, under the instrument and in the round of the
-- withdrawal, up to its assessment date. A withdrawal for a part takes back that part only.
with received as (
    select distinct
        responses.submission_id,
        responses.org_code,
        responses.unit_code,
        responses.instrument_version,
        instruments.instrument_family,
        responses.assessment_date,
        {{ financial_year_start('responses.assessment_date') }} as round_start_year,
        {{ financial_year_key(financial_year_start('responses.assessment_date')) }} as round_key,
        responses.submission_status,
        responses.sharing_scope,
        responses.vintage_rank,
        editions.fetched_at
    from {{ ref('stg_impact_self_assessment__responses') }} as responses
    inner join {{ ref('instrument') }} as instruments on responses.instrument_version = instruments.instrument_version
    left join {{ ref('stg_registry__editions') }} as editions
        on
            responses.source_id = editions.source_id
            and responses.edition = editions.edition
            and responses.vintage = editions.vintage
),

withdrawals as (
    select * from received
    where submission_status = 'withdrawn'
)

select
    received.submission_id,
    received.org_code,
    received.instrument_version,
    received.round_key,
    max(case when received.sharing_scope in ('national_aggregate', 'national_named', 'published') then 1 else 0 end)
    = 1 as was_shared_nationally,
    min(received.fetched_at) as received_at,
    min(withdrawals.fetched_at) as withdrawn_at
from received
inner join withdrawals
    on
        received.org_code = withdrawals.org_code
        and received.instrument_family = withdrawals.instrument_family
        and received.round_start_year = withdrawals.round_start_year
        and received.assessment_date <= withdrawals.assessment_date
        and (withdrawals.unit_code is null or received.unit_code = withdrawals.unit_code)
where received.submission_status <> 'withdrawn'
group by received.submission_id, received.org_code, received.instrument_version, received.round_key
