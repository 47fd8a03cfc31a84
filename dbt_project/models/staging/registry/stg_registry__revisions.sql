select
    cast(source_id as string) as source_id,
    cast(edition as string) as edition,
    cast(old_vintage as string) as old_vintage,
    cast(new_vintage as string) as new_vintage,
    cast(is_announced as boolean) as is_announced,
    cast(rows_added as bigint) as rows_added,
    cast(rows_removed as bigint) as rows_removed,
    cast(rows_changed as bigint) as rows_changed,
    cast(rows_relabelled as bigint) as rows_relabelled,
    cast(organisations as bigint) as organisations,
    cast(largest as string) as largest
from {{ source('staged', 'registry_revisions') }}
