-- As published, duplicated keys included: the publisher shows both and so does this table, flagged.
with counted as (
    select
        ratings.*,
        count(*) over (
            partition by
                ratings.source_id,
                ratings.edition,
                ratings.vintage,
                ratings.rated_code,
                ratings.framework,
                ratings.is_current_rating,
                ratings.service_group,
                ratings.domain,
                case when not ratings.is_current_rating then ratings.publication_date end
        ) as rows_of_key
    from {{ ref('int_cqc_ratings__unioned') }} as ratings
)

select
    counted.rated_level,
    counted.rated_code,
    counted.rated_name,
    counted.rated_type,
    counted.location_code,
    case when counted.rated_level = 'location' then counted.rated_name end as location_name,
    case when counted.rated_level = 'location' then counted.rated_type end as location_type,
    counted.inspection_category,
    counted.is_care_home,
    counted.location_region,
    counted.registration_status,
    counted.framework,
    counted.service_group,
    counted.domain,
    counted.rating,
    counted.rating_rank,
    counted.publication_date,
    counted.assessment_date,
    editions.period_end as as_of_date,
    {{ days_between('counted.publication_date', 'editions.period_end') }} as rating_age_days,
    counted.report_type,
    counted.is_inherited,
    counted.inherited_from,
    counted.is_current_rating,
    counted.is_latest_rating,
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
left join {{ ref('stg_registry__editions') }} as editions
    on
        counted.source_id = editions.source_id
        and counted.edition = editions.edition
        and counted.vintage = editions.vintage
