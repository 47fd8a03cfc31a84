select
    cast(release_rank as integer) as release_rank,
    cast(table_name as string) as table_name,
    cast(group_key as string) as group_key,
    cast(block_key as string) as block_key,
    cast(cell_key as string) as cell_key,
    cast(member_key as string) as member_key,
    cast(is_unnamed as boolean) as is_unnamed,
    cast(is_shown as boolean) as is_shown
from {{ source('staged', 'registry_shown') }}
