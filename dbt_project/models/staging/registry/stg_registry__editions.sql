select
    cast(source_id as varchar) as source_id,
    cast(edition as varchar) as edition,
    cast(vintage as varchar) as vintage,
    cast(vintage_rank as integer) as vintage_rank,
    cast(source_file as varchar) as source_file,
    cast(outcome as varchar) as outcome,
    cast(reason as varchar) as reason,
    cast(rows_read as bigint) as rows_read,
    cast(rows_accepted as bigint) as rows_accepted,
    cast(rows_rejected as bigint) as rows_rejected,
    cast(rows_out_of_scope as bigint) as rows_out_of_scope,
    cast(published_on as date) as published_on,
    cast(period_end as date) as period_end
from {{ source('staged', 'registry_editions') }}
