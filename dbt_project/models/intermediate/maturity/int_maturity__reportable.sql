-- The one submission that speaks for an organisation in a round: the one that this release counts, else the first of the
-- others, which then counts as not shared, whether by its scope or because it must wait.
with ranked as (
    select
        candidates.*,
        admitted.member_key is not null as is_counted,
        row_number() over (
            partition by candidates.org_code, candidates.instrument_family, candidates.round_key
            order by
                case when admitted.member_key is not null then 0 else 1 end asc nulls last,
                candidates.choice asc nulls last
        ) as turn
    from {{ ref('int_maturity__candidates') }} as candidates
    left join {{ ref('int_maturity__admitted') }} as admitted on candidates.member_key = admitted.member_key
)

select
    submission_id,
    org_code,
    instrument_family,
    instrument_version,
    round_key,
    round_start_year,
    assessment_date,
    submission_status,
    sharing_scope,
    is_counted as is_shared_nationally,
    is_counted and may_be_named as may_be_named,
    member_key
from ranked
where turn = 1
