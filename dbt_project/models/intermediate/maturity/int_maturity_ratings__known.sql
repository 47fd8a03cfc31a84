-- Each rating of a whole NHS trust for being well-led with the day on which it was published, once, whatever file or
-- record tells it, so that what was known on a day can be asked.
select distinct
    rated_code as org_code,
    rating,
    rating_rank,
    publication_date
from {{ ref('int_cqc_ratings__unioned') }}
where
    rated_level = 'provider'
    and rated_type = 'NHS Healthcare Organisation'
    and service_group = 'Overall'
    and domain = 'Well-led'
    and rating_rank is not null
    and publication_date is not null
