-- Before disclosure control: for each item of an instrument, how many eligible organisations share a level, and its
-- median. Nothing here may be shown as it is.
with shared as (
    select
        reportable.org_code,
        reportable.may_be_named,
        reportable.instrument_family,
        reportable.instrument_version,
        reportable.round_key,
        reportable.round_start_year,
        responses.item_id,
        responses.level
    from {{ ref('int_maturity__reportable') }} as reportable
    inner join {{ ref('int_maturity__responses_joined') }} as responses
        on reportable.submission_id = responses.submission_id
    where reportable.is_shared_nationally and responses.level is not null
),

rounds as (
    select distinct
        instrument_family,
        instrument_version,
        round_key,
        round_start_year
    from shared
)

select
    rounds.instrument_family,
    rounds.instrument_version,
    rounds.round_key,
    items.item_id,
    items.title as item_title,
    items.driver_id,
    cast(count(shared.org_code) as integer) as n_shared,
    cast(count(case when not shared.may_be_named then shared.org_code end) as integer) as n_unnamed,
    cast(count(*) as integer) as n_eligible,
    cast(median(shared.level) as double) as median_level
from rounds
inner join {{ ref('instrument_item') }} as items on rounds.instrument_version = items.instrument_version
inner join {{ ref('int_organisations__eligible') }} as eligible on rounds.round_start_year = eligible.start_year
left join shared
    on
        rounds.instrument_version = shared.instrument_version
        and rounds.round_key = shared.round_key
        and items.item_id = shared.item_id
        and eligible.org_code = shared.org_code
group by
    rounds.instrument_family,
    rounds.instrument_version,
    rounds.round_key,
    items.item_id,
    items.title,
    items.driver_id
