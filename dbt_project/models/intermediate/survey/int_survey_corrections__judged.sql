-- Whether each entry of the ledger still holds. One cell that is no longer as it was found is enough to leave the
-- whole entry out: the publisher has mended the file, and the ledger knows nothing of the new figures.
with entries as (
    select distinct
        correction_id,
        source_id,
        edition
    from {{ ref('stg_registry__corrections') }}
),

files as (
    select
        source_id,
        edition,
        vintage,
        vintage_rank
    from {{ ref('stg_registry__editions') }}
    where outcome = 'accepted'
),

matched as (
    select
        correction_id,
        edition,
        vintage,
        cast(count(*) as bigint) as cells_shown,
        count(*) filter (where not is_as_found) as cells_changed
    from {{ ref('int_survey_corrections__matched') }}
    group by correction_id, edition, vintage
)

select
    entries.correction_id,
    entries.edition,
    files.vintage,
    files.vintage_rank,
    coalesce(matched.cells_shown, 0) as cells_shown,
    case
        when files.vintage is null then 'no_such_edition'
        when matched.cells_shown is null then 'no_such_cells'
        when matched.cells_changed > 0 then 'guard_failed'
        else 'applied'
    end as status
from entries
left join files
    on
        entries.source_id = files.source_id
        and entries.edition = files.edition
left join matched
    on
        entries.correction_id = matched.correction_id
        and entries.edition = matched.edition
        and files.vintage = matched.vintage
