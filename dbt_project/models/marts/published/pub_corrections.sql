-- The corrections ledger and what became of each entry. An entry that is not applied says why and what to do.
with entries as (
    select
        correction_id,
        source_id,
        edition,
        max(action) as action,
        max(question_ids) as question_ids,
        max(wrong) as wrong,
        max(evidence) as evidence,
        max(link) as link,
        max(found_by) as found_by,
        max(found_on) as found_on,
        max(value_origin) as value_origin,
        max(review_date) as review_date
    from {{ ref('stg_registry__corrections') }}
    group by correction_id, source_id, edition
)

select
    entries.correction_id,
    entries.source_id,
    entries.edition,
    judged.vintage,
    coalesce(judged.vintage_rank = 1, false) as is_latest_vintage,
    entries.action,
    judged.status,
    judged.cells_shown as cells_affected,
    entries.question_ids,
    entries.wrong,
    entries.evidence,
    entries.link,
    entries.found_by,
    entries.found_on,
    entries.value_origin,
    entries.review_date,
    case judged.status
        when 'applied' then 'review it by ' || {{ iso_date('entries.review_date') }}
        when 'guard_failed'
            then 'the publisher has changed these values, which are shown as published: check them and retire the entry'
        when 'no_such_cells' then 'the edition shows none of these cells: correct the entry or retire it'
        else 'no file of this edition has been accepted: nothing to do until one is'
    end as todo,
    {{ data_origin() }} as data_origin
from entries
inner join {{ ref('int_survey_corrections__judged') }} as judged
    on
        entries.correction_id = judged.correction_id
        and entries.edition = judged.edition
