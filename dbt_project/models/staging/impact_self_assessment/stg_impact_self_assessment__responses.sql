-- No scope given means private.
select
    cast(source_id as varchar) as source_id,
    cast(edition as varchar) as edition,
    cast(vintage as varchar) as vintage,
    cast(vintage_rank as integer) as vintage_rank,
    cast(submission_id as varchar) as submission_id,
    cast(org_code as varchar) as org_code,
    cast(org_name as varchar) as org_name,
    cast(instrument_version as varchar) as instrument_version,
    cast(assessment_date as date) as assessment_date,
    cast(submission_status as varchar) as submission_status,
    cast(coalesce(sharing_scope, 'private') as varchar) as sharing_scope,
    cast(item_id as varchar) as item_id,
    cast(level as integer) as level,
    cast(value_status as varchar) as value_status
from {{ source('staged', 'impact_self_assessment') }}
