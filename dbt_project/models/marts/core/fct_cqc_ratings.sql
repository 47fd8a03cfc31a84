-- As published, duplicated keys included: the publisher shows both and so does this table, flagged.
with counted as (
    select
        ratings.*,
        count(*) over (
            partition by
                ratings.edition, ratings.vintage, ratings.location_code, ratings.service_group, ratings.domain
        ) as rows_of_key
    from {{ ref('stg_cqc_location_ratings__ratings') }} as ratings
)

select
    counted.location_code,
    counted.location_name,
    counted.location_type,
    counted.inspection_category,
    counted.is_care_home,
    counted.location_region,
    counted.service_group,
    counted.domain,
    counted.rating,
    words.rating_rank,
    counted.publication_date,
    editions.period_end as as_of_date,
    {{ days_between('counted.publication_date', 'editions.period_end') }} as rating_age_days,
    counted.report_type,
    counted.is_inherited,
    counted.provider_code,
    counted.provider_name,
    counted.rows_of_key > 1 as is_duplicate_key,
    counted.value_status,
    counted.source_id,
    counted.edition,
    counted.vintage,
    counted.vintage_rank,
    counted.vintage_rank = 1 as is_latest_vintage,
    counted.source_row,
    {{ data_origin() }} as data_origin
from counted
left join {{ ref('cqc_rating') }} as words on counted.rating = words.rating
left join {{ ref('stg_registry__editions') }} as editions
    on
        counted.source_id = editions.source_id
        and counted.edition = editions.edition
        and counted.vintage = editions.vintage
