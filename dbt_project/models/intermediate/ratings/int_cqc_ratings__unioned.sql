-- Ratings of the monthly files and of CQC's interface in one shape. Neither replaces the other: old and new framework
-- stand side by side, and is_latest_rating marks which rating of a service group and domain is the newest.
with from_files as (
    select
        source_id,
        edition,
        vintage,
        vintage_rank,
        source_row,
        'location' as rated_level,
        location_code as rated_code,
        location_name as rated_name,
        location_type as rated_type,
        inspection_category,
        location_code,
        is_care_home,
        location_region,
        provider_code,
        provider_name,
        service_group,
        domain,
        rating,
        publication_date,
        report_type,
        is_inherited,
        value_status
    from {{ ref('stg_cqc_location_ratings__ratings') }}

    union all

    select
        source_id,
        edition,
        vintage,
        vintage_rank,
        source_row,
        'provider' as rated_level,
        provider_code as rated_code,
        provider_name as rated_name,
        provider_type as rated_type,
        inspection_category,
        cast(null as string) as location_code,
        cast(null as boolean) as is_care_home,
        cast(null as string) as location_region,
        provider_code,
        provider_name,
        service_group,
        domain,
        rating,
        publication_date,
        report_type,
        is_inherited,
        value_status
    from {{ ref('stg_cqc_provider_ratings__ratings') }}
),

-- Every edition of a record holds all of its past, so only the newest is taken; the others stay in the staged rows.
records as (
    select
        records.*,
        dense_rank() over (
            partition by records.rated_level, records.rated_code
            order by records.edition desc nulls last, records.vintage_rank asc nulls last
        ) as recency
    from {{ ref('stg_cqc_api__ratings') }} as records
),

newest_records as (
    select * from records
    where recency = 1
),

-- The files do not say under which framework a rating was given.
unioned as (
    select
        source_id,
        edition,
        vintage,
        vintage_rank,
        source_row,
        rated_level,
        rated_code,
        rated_name,
        rated_type,
        inspection_category,
        location_code,
        is_care_home,
        location_region,
        provider_code,
        provider_name,
        cast(null as string) as registration_status,
        'not_stated' as framework,
        service_group,
        domain,
        rating,
        publication_date,
        cast(null as date) as assessment_date,
        report_type,
        is_inherited,
        cast(null as string) as inherited_from,
        true as is_current_rating,
        value_status
    from from_files

    union all

    select
        source_id,
        edition,
        vintage,
        vintage_rank,
        source_row,
        rated_level,
        rated_code,
        rated_name,
        rated_type,
        inspection_category,
        case when rated_level = 'location' then rated_code end as location_code,
        cast(null as boolean) as is_care_home,
        cast(null as string) as location_region,
        provider_code,
        case when rated_level = 'provider' then rated_name end as provider_name,
        registration_status,
        framework,
        service_group,
        domain,
        rating,
        publication_date,
        assessment_date,
        cast(null as string) as report_type,
        inherited_from is not null as is_inherited,
        inherited_from,
        is_current_rating,
        value_status
    from newest_records
),

ranked as (
    select
        unioned.*,
        row_number() over (
            partition by
                unioned.rated_level, unioned.rated_code, unioned.service_group, unioned.domain,
                unioned.is_current_rating and unioned.vintage_rank = 1
            order by
                coalesce(unioned.publication_date, unioned.assessment_date) desc nulls last,
                case when unioned.framework = 'not_stated' then 1 else 0 end asc nulls last,
                unioned.edition desc nulls last,
                words.rating_rank asc nulls last,
                unioned.source_id asc nulls last,
                unioned.source_row asc nulls last
        ) as choice,
        words.rating_rank
    from unioned
    left join {{ ref('cqc_rating') }} as words on unioned.rating = words.rating
)

select
    source_id,
    edition,
    vintage,
    vintage_rank,
    source_row,
    rated_level,
    rated_code,
    rated_name,
    rated_type,
    inspection_category,
    location_code,
    is_care_home,
    location_region,
    provider_code,
    provider_name,
    registration_status,
    framework,
    service_group,
    domain,
    rating,
    rating_rank,
    publication_date,
    assessment_date,
    report_type,
    is_inherited,
    inherited_from,
    is_current_rating,
    choice = 1 and is_current_rating and vintage_rank = 1 as is_latest_rating,
    value_status
from ranked
