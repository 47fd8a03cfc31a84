with received as (
    select distinct
        submission_id,
        org_code,
        unit_code,
        instrument_version,
        {{ financial_year_key(financial_year_start('assessment_date')) }} as round_key,
        assessment_date,
        submission_status,
        sharing_scope
    from {{ ref('stg_impact_self_assessment__responses') }}
    where vintage_rank = 1
),

submissions as (
    select
        received.org_code,
        received.instrument_version,
        received.round_key,
        max(
            case
                when received.sharing_scope in ('national_named', 'published') and received.submission_status <> 'draft' then 1
                else 0
            end
        ) as may_be_named,
        max(
            case when received.sharing_scope in ('national_aggregate', 'national_named', 'published') then 1 else 0 end
        ) as may_be_counted
    from received
    left join received as withdrawals
        on
            received.org_code = withdrawals.org_code
            and received.instrument_version = withdrawals.instrument_version
            and received.round_key = withdrawals.round_key
            and received.assessment_date <= withdrawals.assessment_date
            and withdrawals.submission_status = 'withdrawn'
            and withdrawals.unit_code is null
    where withdrawals.submission_id is null and received.unit_code is null
    group by received.org_code, received.instrument_version, received.round_key
),

named as (
    select
        org_code,
        round_key
    from {{ ref('pub_driver_maturity') }}
    where org_code is not null

    union

    select
        org_code,
        round_key
    from {{ ref('pub_maturity_responses') }}

    union

    select
        org_code,
        round_key
    from {{ ref('pub_maturity_change') }}
    where org_code is not null

    union

    select
        org_code,
        previous_round_key as round_key
    from {{ ref('pub_maturity_change') }}
    where org_code is not null

    union

    select
        org_code,
        round_key
    from {{ ref('pub_maturity_agreement') }}
    where org_code is not null
),

counted as (
    select
        round_key,
        count(distinct org_code) as organisations
    from submissions
    where may_be_counted = 1
    group by round_key
),

counted_by_instrument as (
    select
        instrument_version,
        round_key,
        count(*) as organisations
    from submissions
    where may_be_counted = 1
    group by instrument_version, round_key
),

public_organisations as (
    select org_code from {{ ref('stg_ods_trusts__organisations') }}
    union
    select org_code from {{ ref('int_measures__unioned') }}
    union
    select org_code from {{ ref('stg_nhs_staff_survey__results') }}
)

select
    'an organisation is named that has not allowed it' as finding,
    named.org_code as subject
from named
left join submissions
    on
        named.org_code = submissions.org_code
        and named.round_key = submissions.round_key
        and submissions.may_be_named = 1
where submissions.org_code is null

union all

select
    'an organisation answers under its name that has not allowed it' as finding,
    responses.org_code as subject
from {{ ref('pub_maturity_responses') }} as responses
left join submissions
    on
        responses.org_code = submissions.org_code
        and responses.instrument_version = submissions.instrument_version
        and responses.round_key = submissions.round_key
        and submissions.may_be_named = 1
where submissions.org_code is null

union all

select
    'an item counts more organisations than have shared' as finding,
    items.item_id as subject
from {{ ref('pub_maturity_items') }} as items
left join counted_by_instrument
    on
        items.instrument_version = counted_by_instrument.instrument_version
        and items.round_key = counted_by_instrument.round_key
where items.n_shared > coalesce(counted_by_instrument.organisations, 0)

union all

select
    'a round counts more organisations than have shared' as finding,
    maturity.round_key as subject
from {{ ref('pub_driver_maturity') }} as maturity
left join counted on maturity.round_key = counted.round_key
where maturity.org_code is null and maturity.n_shared > coalesce(counted.organisations, 0)

union all

select
    'a level counts more organisations than have shared' as finding,
    maturity.round_key as subject
from {{ ref('pub_maturity_distribution') }} as maturity
left join counted on maturity.round_key = counted.round_key
where maturity.n_shared > coalesce(counted.organisations, 0)

union all

select
    'a change counts more organisations than have shared in its first round' as finding,
    changes.previous_round_key as subject
from {{ ref('pub_maturity_change') }} as changes
left join counted on changes.previous_round_key = counted.round_key
where changes.org_code is null and changes.n_both > coalesce(counted.organisations, 0)

union all

select
    'an estimate counts more organisations than have shared' as finding,
    associations.exposure_period_key as subject
from {{ ref('pub_driver_outcome_association') }} as associations
left join counted
    on
        associations.exposure_period_key = counted.round_key
        or associations.exposure_period_key like '% to ' || counted.round_key || '%'
where associations.basis = 'self_assessment' and associations.n > coalesce(counted.organisations, 0)

union all

select
    'an organisation is listed only because it has sent a self-assessment' as finding,
    organisations.org_code as subject
from {{ ref('dim_organisation') }} as organisations
left join public_organisations on organisations.org_code = public_organisations.org_code
where public_organisations.org_code is null

union all

select
    'something is told of the files of a restricted source' as finding,
    status.source_id as subject
from {{ ref('pub_source_status') }} as status
inner join {{ ref('stg_registry__sources') }} as sources
    on
        status.source_id = sources.source_id
        and sources.is_restricted
