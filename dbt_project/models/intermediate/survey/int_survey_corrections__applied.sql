-- The cells that the ledger changes or flags. Where two entries meet, a value that is put right goes first, then one
-- that is withheld.
with applied as (
    select
        matched.*,
        row_number() over (
            partition by matched.edition, matched.vintage, matched.org_code, matched.question_id, matched.response_option
            order by
                case matched.action when 'replace' then 1 when 'withhold' then 2 else 3 end asc nulls last,
                matched.correction_id asc nulls last
        ) as choice
    from {{ ref('int_survey_corrections__matched') }} as matched
    inner join {{ ref('int_survey_corrections__judged') }} as judged
        on
            matched.correction_id = judged.correction_id
            and matched.edition = judged.edition
            and matched.vintage = judged.vintage
            and judged.status = 'applied'
)

select
    edition,
    vintage,
    org_code,
    question_id,
    response_option,
    correction_id,
    action,
    replacement_value
from applied
where choice = 1
