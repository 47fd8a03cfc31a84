-- CQC's ratings of whole NHS trusts as measures, as at each edition of the monthly file. A rating of CQC's interface
-- that is newer than the file's, but not newer than the edition, takes its place.
with nhs_ratings as (
    select
        ratings.*,
        case ratings.domain
            when 'Overall' then 'cqc_overall'
            when 'Well-led' then 'cqc_well_led'
        end as measure_id
    from {{ ref('int_cqc_ratings__unioned') }} as ratings
    where
        ratings.rated_level = 'provider'
        and ratings.rated_type = 'NHS Healthcare Organisation'
        and ratings.service_group = 'Overall'
        and ratings.domain in ('Overall', 'Well-led')
),

listed as (
    select
        ratings.measure_id,
        ratings.source_id,
        ratings.edition,
        ratings.vintage,
        ratings.vintage_rank,
        ratings.rated_code,
        editions.source_file,
        editions.period_end,
        max(ratings.rated_name) as org_name,
        min(ratings.source_row) as source_row
    from nhs_ratings as ratings
    inner join {{ ref('stg_registry__editions') }} as editions
        on
            ratings.source_id = editions.source_id
            and ratings.edition = editions.edition
            and ratings.vintage = editions.vintage
    where ratings.source_id = 'cqc_provider_ratings'
    group by
        ratings.measure_id,
        ratings.source_id,
        ratings.edition,
        ratings.vintage,
        ratings.vintage_rank,
        ratings.rated_code,
        editions.source_file,
        editions.period_end
),

chosen as (
    select
        listed.*,
        ratings.rating_rank,
        ratings.publication_date,
        -- Of two ratings of one day the lower one counts, as with locations.
        row_number() over (
            partition by listed.measure_id, listed.edition, listed.vintage, listed.rated_code
            order by
                ratings.publication_date desc nulls last,
                ratings.rating_rank asc nulls last,
                ratings.source_row asc nulls last
        ) as choice
    from listed
    inner join nhs_ratings as ratings
        on
            listed.measure_id = ratings.measure_id
            and listed.rated_code = ratings.rated_code
            and (
                (
                    listed.source_id = ratings.source_id
                    and listed.edition = ratings.edition
                    and listed.vintage = ratings.vintage
                )
                or (
                    ratings.source_id <> listed.source_id
                    and ratings.is_current_rating
                    and ratings.publication_date <= listed.period_end
                )
            )
),

measures as (
    select
        measure_id,
        rated_code as org_code,
        org_name,
        'as_of' as period_type,
        {{ iso_date('period_end') }} as period_key,
        period_end as period_start,
        period_end,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        cast(rating_rank as double) as value,
        case when rating_rank is null then 'not_rated' else 'observed' end as value_status,
        publication_date as published_on,
        source_id,
        edition,
        vintage,
        vintage_rank,
        source_file,
        source_row
    from chosen
    where choice = 1
)

select
    {{ measure_columns() }}
from measures
