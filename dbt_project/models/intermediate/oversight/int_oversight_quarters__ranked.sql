-- The quarters that each file speaks of, with the framework's version. A file repeats the quarters before its own, and
-- each type of trust has its own file, so the newest file is told for each quarter and type.
with quarters as (
    select distinct
        source_id,
        edition,
        vintage,
        vintage_rank,
        quarter_key
    from {{ ref('stg_oversight_framework_metrics__metrics') }}

    union all

    select distinct
        source_id,
        edition,
        vintage,
        vintage_rank,
        quarter_key
    from {{ ref('stg_oversight_framework_league_table__positions') }}
),

ranked as (
    select
        quarters.*,
        editions.part,
        dense_rank() over (
            partition by quarters.source_id, editions.part, quarters.quarter_key
            order by quarters.edition desc nulls last, quarters.vintage_rank asc nulls last
        ) as recency
    from quarters
    left join {{ ref('stg_registry__editions') }} as editions
        on
            quarters.source_id = editions.source_id
            and quarters.edition = editions.edition
            and quarters.vintage = editions.vintage
)

select
    ranked.source_id,
    ranked.edition,
    ranked.vintage,
    ranked.quarter_key,
    ranked.part,
    versions.framework_version,
    versions.first_quarter as comparable_from_quarter,
    ranked.recency = 1 as is_latest_vintage
from ranked
left join {{ ref('oversight_framework_version') }} as versions
    on
        ranked.quarter_key >= versions.first_quarter
        and (versions.last_quarter is null or ranked.quarter_key <= versions.last_quarter)
