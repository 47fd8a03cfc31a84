-- What must be known beside the period of an outcome, so that a sentence can say what it rests on: how much of a financial
-- year its pooled figure covers, where that is less than the whole (England's months or quarters), and of CQC's ratings
-- how old they are, because an edition repeats a rating until there is a new one. One year later only those of a trust
-- that were published in the edition's financial year count; a share of locations has no day of its own.
with parts as (
    select distinct
        measure_id,
        period_type
    from {{ ref('int_measures__unioned') }}
    where period_type in ('month', 'quarter')
),

ratings as (
    select
        pooled.measure_id,
        pooled.period_key as outcome_period_key,
        'rated since April ' || cast({{ financial_year_start('pooled.period_end') }} as string) as set_in_year,
        {{ days_between('pooled.published_on', 'pooled.period_end') }} as age_days
    from {{ ref('int_measures__pooled') }} as pooled
    inner join {{ ref('stg_registry__measures') }} as registry on pooled.measure_id = registry.measure_id
    where registry.unit = 'rating' and pooled.value is not null

    union all

    select
        'cqc_locations_good_or_outstanding' as measure_id,
        {{ iso_date('editions.period_end') }} as outcome_period_key,
        cast(null as string) as set_in_year,
        {{ days_between('ratings.publication_date', 'editions.period_end') }} as age_days
    from {{ ref('stg_cqc_location_ratings__ratings') }} as ratings
    inner join {{ ref('stg_registry__editions') }} as editions
        on
            ratings.source_id = editions.source_id
            and ratings.edition = editions.edition
            and ratings.vintage = editions.vintage
    inner join {{ ref('cqc_rating') }} as words on ratings.rating = words.rating
    where
        ratings.vintage_rank = 1
        and ratings.location_type = 'NHS Healthcare Organisation'
        and ratings.service_group = 'Overall'
        and ratings.domain = 'Overall'
        and words.rating_rank is not null
),

aged as (
    select
        measure_id,
        outcome_period_key,
        set_in_year,
        {{ div('median(age_days)', '365.25') }} as years
    from ratings
    group by measure_id, outcome_period_key, set_in_year
),

covered as (
    select
        pooled.measure_id,
        pooled.period_key as outcome_period_key,
        cast(pooled.n_periods as string)
        || case when parts.period_type = 'month' then ' of 12 months' else ' of 4 quarters' end as outcome_coverage,
        cast(null as string) as set_in_year,
        false as is_age_of_ratings
    from {{ ref('int_measures__pooled') }} as pooled
    inner join parts on pooled.measure_id = parts.measure_id
    where
        pooled.org_code = 'ENG'
        and pooled.period_type = 'financial_year'
        and pooled.n_periods < case when parts.period_type = 'month' then 12 else 4 end

    union all

    select
        measure_id,
        outcome_period_key,
        'median age of ratings ' || {{ fixed('years', 1) }} || ' years' as outcome_coverage,
        set_in_year,
        true as is_age_of_ratings
    from aged
    where years is not null
)

select
    measure_id,
    outcome_period_key,
    outcome_coverage,
    coalesce(set_in_year, outcome_coverage) as later_coverage,
    is_age_of_ratings
from covered
