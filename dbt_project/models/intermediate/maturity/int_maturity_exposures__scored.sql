-- The maturity of an organisation on a driver or secondary driver, from its reportable submission. Only one with every
-- item answered has a level: a score is never imputed. Instruments with levels of another kind have no part in it.
with expected as (
    select
        instrument_version,
        exposure_kind,
        exposure_id,
        driver_id,
        cast(count(*) as integer) as items_expected
    from {{ ref('int_maturity_items__exposed') }}
    group by instrument_version, exposure_kind, exposure_id, driver_id
),

answered as (
    select
        responses.submission_id,
        exposed.exposure_kind,
        exposed.exposure_id,
        cast(count(responses.level) as integer) as items_answered,
        avg(responses.level) as mean_level,
        median(responses.level) as median_level
    from {{ ref('int_maturity__responses_joined') }} as responses
    inner join {{ ref('int_maturity_items__exposed') }} as exposed
        on
            responses.instrument_version = exposed.instrument_version
            and responses.item_id = exposed.item_id
    group by responses.submission_id, exposed.exposure_kind, exposed.exposure_id
),

joined as (
    select
        reportable.submission_id,
        reportable.org_code,
        reportable.instrument_version,
        reportable.round_key,
        reportable.round_start_year,
        reportable.assessment_date,
        reportable.is_shared_nationally,
        reportable.may_be_named,
        expected.exposure_kind,
        expected.exposure_id,
        expected.driver_id,
        expected.items_expected,
        coalesce(answered.items_answered, 0) as items_answered,
        coalesce(answered.items_answered = expected.items_expected, false) as is_complete,
        answered.mean_level,
        answered.median_level
    from {{ ref('int_maturity__reportable') }} as reportable
    inner join expected on reportable.instrument_version = expected.instrument_version
    left join answered
        on
            reportable.submission_id = answered.submission_id
            and expected.exposure_kind = answered.exposure_kind
            and expected.exposure_id = answered.exposure_id
)

select
    submission_id,
    org_code,
    instrument_version,
    round_key,
    round_start_year,
    assessment_date,
    is_shared_nationally,
    may_be_named,
    exposure_kind,
    exposure_id,
    driver_id,
    items_expected,
    items_answered,
    is_complete,
    case when is_complete then cast(mean_level as double) end as mean_level,
    case when is_complete then cast(median_level as double) end as median_level,
    case when is_complete then cast(floor(median_level) as integer) end as level
from joined
