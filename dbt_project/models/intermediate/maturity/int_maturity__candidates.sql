-- Submissions that could speak for an organisation in a round, in the order in which they do: what is shared nationally
-- before what is not, so that nothing private takes the place of what is public; then a reassessment before a
-- board-approved one before a draft; then the latest. What is about a part of an organisation speaks for nobody else,
-- and a draft never under the organisation's name.
with submissions as (
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
        sharing_scope in ('national_named', 'published') and submission_status <> 'draft' as may_be_named,
        org_code || '|' || submission_id || '|'
        || md5(coalesce({{ joined_list("item_id || ' ' || coalesce(cast(level as string), value_status)") }}, ''))
        as member_key
    from {{ ref('int_maturity__responses_joined') }}
    where unit_code is null
    group by
        submission_id,
        org_code,
        instrument_family,
        instrument_version,
        round_key,
        round_start_year,
        assessment_date,
        submission_status,
        sharing_scope
)

select
    submissions.*,
    row_number() over (
        partition by org_code, instrument_family, round_key
        order by
            is_shared_nationally desc nulls last,
            case submission_status
                when 'reassessment' then 1
                when 'board_approved' then 2
                when 'draft' then 3
            end asc nulls last,
            assessment_date desc nulls last,
            submission_id desc nulls last
    ) as choice
from submissions
