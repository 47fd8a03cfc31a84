select
    cast(source_id as string) as source_id,
    cast(edition as string) as edition,
    cast(vintage as string) as vintage,
    cast(vintage_rank as integer) as vintage_rank,
    cast(source_file as string) as source_file,
    cast(fetched_at as timestamp) as fetched_at,
    cast(outcome as string) as outcome,
    cast(reason as string) as reason,
    cast(rows_read as bigint) as rows_read,
    cast(rows_accepted as bigint) as rows_accepted,
    cast(rows_rejected as bigint) as rows_rejected,
    cast(rows_out_of_scope as bigint) as rows_out_of_scope,
    cast(published_on as date) as published_on,
    cast(period_end as date) as period_end
from {{ source('staged', 'registry_editions') }}
