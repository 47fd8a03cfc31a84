-- The maturity of an organisation on a driver, from its reportable submission. Only a driver with every item answered
-- has one: a score is never imputed. Instruments with levels of another kind have no part in it.
with expected as (
    select
        items.instrument_version,
        items.driver_id,
        cast(count(*) as integer) as items_expected
    from {{ ref('instrument_item') }} as items
    inner join {{ ref('instrument') }} as instruments
        on
            items.instrument_version = instruments.instrument_version
            and instruments.scores_drivers
    where items.driver_id is not null
    group by items.instrument_version, items.driver_id
),

answered as (
    select
        submission_id,
        driver_id,
        cast(count(level) as integer) as items_answered,
        avg(level) as mean_level,
        median(level) as median_level
    from {{ ref('int_maturity__responses_joined') }}
    where driver_id is not null
    group by submission_id, driver_id
)

select
    reportable.submission_id,
    reportable.org_code,
    reportable.instrument_version,
    reportable.round_key,
    reportable.round_start_year,
    reportable.is_shared_nationally,
    reportable.may_be_named,
    expected.driver_id,
    expected.items_expected,
    coalesce(answered.items_answered, 0) as items_answered,
    coalesce(answered.items_answered = expected.items_expected, false) as is_complete,
    case when answered.items_answered = expected.items_expected then cast(answered.mean_level as double) end as mean_level,
    case
        when answered.items_answered = expected.items_expected then cast(answered.median_level as double)
    end as median_level
from {{ ref('int_maturity__reportable') }} as reportable
inner join expected on reportable.instrument_version = expected.instrument_version
left join answered
    on
        reportable.submission_id = answered.submission_id
        and expected.driver_id = answered.driver_id
