-- The share of a provider's rated NHS locations whose overall rating is Good or Outstanding, as at the edition.
with overall as (
    select
        ratings.*,
        words.rating_rank,
        words.is_good_or_better,
        editions.period_end,
        -- A key that was published twice counts once: the later report, and of two of one day the lower rating.
        row_number() over (
            partition by ratings.edition, ratings.vintage, ratings.location_code
            order by
                ratings.publication_date desc nulls last,
                words.rating_rank asc nulls last,
                ratings.source_row asc nulls last
        ) as choice
    from {{ ref('stg_cqc_location_ratings__ratings') }} as ratings
    inner join {{ ref('stg_registry__editions') }} as editions
        on
            ratings.source_id = editions.source_id
            and ratings.edition = editions.edition
            and ratings.vintage = editions.vintage
    left join {{ ref('cqc_rating') }} as words on ratings.rating = words.rating
    where
        ratings.location_type = 'NHS Healthcare Organisation'
        and ratings.service_group = 'Overall'
        and ratings.domain = 'Overall'
),

counted as (
    select
        source_id,
        edition,
        vintage,
        vintage_rank,
        published_on,
        source_file,
        provider_code,
        period_end,
        max(provider_name) as provider_name,
        min(source_row) as source_row,
        cast(count(*) filter (where is_good_or_better) as double) as numerator,
        cast(count(*) filter (where rating_rank is not null) as double) as denominator
    from overall
    where choice = 1
    group by source_id, edition, vintage, vintage_rank, published_on, source_file, provider_code, period_end
),

measures as (
    select
        counted.*,
        'cqc_locations_good_or_outstanding' as measure_id,
        provider_code as org_code,
        provider_name as org_name,
        'as_of' as period_type,
        {{ iso_date('period_end') }} as period_key,
        period_end as period_start,
        100 * {{ div('numerator', 'denominator') }} as value,
        case when denominator > 0 then 'observed' else 'not_rated' end as value_status
    from counted
)

select
    {{ measure_columns() }}
from measures
