-- The one submission that speaks for an organisation in a round: a reassessment before a board-approved one before a
-- draft, then the latest. What is about a part of an organisation speaks for nobody else, and a draft never under the
-- organisation's name.
with submissions as (
    select distinct
        submission_id,
        org_code,
        instrument_family,
        instrument_version,
        round_key,
        round_start_year,
        assessment_date,
        submission_status,
        sharing_scope
    from {{ ref('int_maturity__responses_joined') }}
    where unit_code is null
),

ranked as (
    select
        submissions.*,
        row_number() over (
            partition by org_code, instrument_family, round_key
            order by
                case submission_status
                    when 'reassessment' then 1
                    when 'board_approved' then 2
                    when 'draft' then 3
                end asc nulls last,
                assessment_date desc nulls last,
                submission_id desc nulls last
        ) as choice
    from submissions
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
    sharing_scope in ('national_aggregate', 'national_named', 'published') as is_shared_nationally,
    sharing_scope in ('national_named', 'published') and submission_status <> 'draft' as may_be_named
from ranked
where choice = 1
