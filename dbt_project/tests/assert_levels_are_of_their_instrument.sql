select
    responses.instrument_version,
    responses.item_id,
    responses.level
from {{ ref('fct_maturity_responses') }} as responses
left join {{ ref('instrument_level') }} as levels
    on
        responses.instrument_version = levels.instrument_version
        and responses.level = levels.level
where responses.level is not null and levels.level is null
