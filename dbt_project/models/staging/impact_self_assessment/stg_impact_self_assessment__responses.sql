-- No scope given means private.
select
    cast(source_id as string) as source_id,
    cast(edition as string) as edition,
    cast(vintage as string) as vintage,
    cast(vintage_rank as integer) as vintage_rank,
    cast(submission_id as string) as submission_id,
    cast(org_code as string) as org_code,
    cast(unit_code as string) as unit_code,
    cast(instrument_version as string) as instrument_version,
    cast(assessment_date as date) as assessment_date,
    cast(submission_status as string) as submission_status,
    cast(coalesce(sharing_scope, 'private') as string) as sharing_scope,
    cast(item_id as string) as item_id,
    cast(level as integer) as level,
    cast(value_status as string) as value_status
from {{ source('staged', 'impact_self_assessment') }}
