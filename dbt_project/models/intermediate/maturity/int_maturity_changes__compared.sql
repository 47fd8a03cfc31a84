-- What changed between two rounds of an organisation that follow each other, on comparable items only. Rounds that are
-- shared nationally follow each other as if there were no others, so that a private one in between changes no figure.
with followed as (
    select
        reportable.submission_id,
        reportable.org_code,
        reportable.instrument_version,
        reportable.round_key,
        reportable.round_start_year,
        reportable.is_shared_nationally,
        reportable.may_be_named,
        lag(reportable.submission_id) over (
            partition by reportable.org_code, reportable.instrument_family, reportable.is_shared_nationally
            order by reportable.round_start_year asc nulls last
        ) as previous_submission_id
    from {{ ref('int_maturity__reportable') }} as reportable
    inner join {{ ref('instrument') }} as instruments
        on
            reportable.instrument_version = instruments.instrument_version
            and instruments.scores_drivers
),

pairs as (
    select
        later.submission_id,
        later.org_code,
        later.instrument_version,
        later.round_key,
        later.round_start_year,
        earlier.submission_id as previous_submission_id,
        earlier.instrument_version as previous_instrument_version,
        earlier.round_key as previous_round_key,
        earlier.round_start_year as previous_start_year,
        later.is_shared_nationally,
        later.may_be_named and earlier.may_be_named as may_be_named
    from followed as later
    inner join followed as earlier on later.previous_submission_id = earlier.submission_id
),

items as (
    select
        pairs.*,
        exposed.exposure_kind,
        exposed.exposure_id,
        exposed.driver_id,
        exposed.item_id,
        comparable.previous_item_id,
        now.level - earlier.level as change_in_level
    from pairs
    inner join {{ ref('int_maturity_items__exposed') }} as exposed
        on pairs.instrument_version = exposed.instrument_version
    left join {{ ref('int_maturity_items__comparable') }} as comparable
        on
            exposed.instrument_version = comparable.instrument_version
            and exposed.item_id = comparable.item_id
            and pairs.previous_instrument_version = comparable.previous_instrument_version
    left join {{ ref('int_maturity__responses_joined') }} as now
        on
            pairs.submission_id = now.submission_id
            and exposed.item_id = now.item_id
    left join {{ ref('int_maturity__responses_joined') }} as earlier
        on
            pairs.previous_submission_id = earlier.submission_id
            and comparable.previous_item_id = earlier.item_id
),

compared as (
    select
        org_code,
        exposure_kind,
        exposure_id,
        driver_id,
        instrument_version,
        round_key,
        round_start_year,
        previous_instrument_version,
        previous_round_key,
        previous_start_year,
        is_shared_nationally,
        may_be_named,
        cast(count(distinct item_id) as integer) as items_expected,
        cast(count(distinct case when previous_item_id is not null then item_id end) as integer) as items_comparable,
        cast(count(distinct case when change_in_level is not null then item_id end) as integer) as items_compared,
        avg(change_in_level) as change_in_mean_level
    from items
    group by all
)

select
    org_code,
    exposure_kind,
    exposure_id,
    driver_id,
    instrument_version,
    round_key,
    round_start_year,
    previous_instrument_version,
    previous_round_key,
    previous_start_year,
    is_shared_nationally,
    may_be_named,
    items_expected,
    items_comparable,
    items_compared,
    case when items_compared = items_comparable then cast(change_in_mean_level as double) end as change_in_mean_level
from compared
