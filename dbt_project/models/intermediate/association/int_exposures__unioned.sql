-- What maturity is measured by: the evidence or the self-assessed level of a driver, a secondary driver or a headline
-- item in a year. A change is taken only between two years in which the same comparable questions were asked.
with evidence as (
    select
        own.exposure_kind,
        own.exposure_id,
        own.org_code,
        own.survey_year,
        own.period_key,
        own.items,
        own.comparable_from,
        own.score,
        rival.score as rival_score
    from {{ ref('int_evidence__scored') }} as own
    left join {{ ref('int_evidence__scored') }} as rival
        on
            own.exposure_kind = rival.exposure_kind
            and own.exposure_id = rival.exposure_id
            and own.org_code = rival.org_code
            and own.survey_year = rival.survey_year
            and rival.item_map = 'rival'
    where own.item_map = 'own' and own.score is not null
),

broken as (
    select distinct
        org_code,
        survey_year
    from {{ ref('survey_history_break') }}
),

evidence_changes as (
    select
        later.exposure_kind,
        later.exposure_id,
        later.org_code,
        earlier.survey_year as base_year,
        later.survey_year,
        earlier.period_key || ' to ' || later.period_key as period_key,
        later.score - earlier.score as change_in_score
    from evidence as later
    inner join evidence as earlier
        on
            later.exposure_kind = earlier.exposure_kind
            and later.exposure_id = earlier.exposure_id
            and later.org_code = earlier.org_code
            and later.survey_year = earlier.survey_year + 1
            and later.items = earlier.items
            and later.comparable_from <= earlier.survey_year
    left join broken
        on
            later.org_code = broken.org_code
            and later.survey_year = broken.survey_year
    where broken.org_code is null
)

select
    'staff_survey_evidence' as basis,
    exposure_kind,
    exposure_id,
    org_code,
    false as is_change,
    cast(null as integer) as base_year,
    survey_year as exposure_year,
    period_key as exposure_period_key,
    score as exposure_value,
    rival_score as rival_exposure_value,
    cast(null as integer) as level
from evidence

union all

select
    'staff_survey_evidence' as basis,
    exposure_kind,
    exposure_id,
    org_code,
    true as is_change,
    base_year,
    survey_year as exposure_year,
    period_key as exposure_period_key,
    change_in_score as exposure_value,
    cast(null as double) as rival_exposure_value,
    cast(null as integer) as level
from evidence_changes

union all

select
    'self_assessment' as basis,
    exposure_kind,
    exposure_id,
    org_code,
    false as is_change,
    cast(null as integer) as base_year,
    round_start_year as exposure_year,
    round_key as exposure_period_key,
    mean_level as exposure_value,
    cast(null as double) as rival_exposure_value,
    level
from {{ ref('int_maturity_exposures__scored') }}
where is_complete and is_shared_nationally

union all

select
    'self_assessment' as basis,
    exposure_kind,
    exposure_id,
    org_code,
    true as is_change,
    previous_start_year as base_year,
    round_start_year as exposure_year,
    previous_round_key || ' to ' || round_key as exposure_period_key,
    change_in_mean_level as exposure_value,
    cast(null as double) as rival_exposure_value,
    cast(null as integer) as level
from {{ ref('int_maturity_changes__compared') }}
where is_shared_nationally and change_in_mean_level is not null
