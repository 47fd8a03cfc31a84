select
    from_code,
    to_code,
    effective_on,
    changed_on,
    kind,
    weight,
    source_id,
    sources,
    n_sources,
    do_dates_agree,
    evidence,
    is_inferred,
    is_recalled,
    is_verified,
    {{ data_origin() }} as data_origin
from {{ ref('int_successions__paired') }}
