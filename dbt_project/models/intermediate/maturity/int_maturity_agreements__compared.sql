-- How an organisation's self-rating on a driver stands to the evidence: staff survey of the same year, and CQC's rating
-- for being well-led as it was on the day of the assessment. Each is placed in thirds: the self-rating among those of
-- its type that share, the survey among all of its type, since who shares must not follow from it. A rating has no thirds.
{% set minimum = var('minimum_sharing_organisations') %}

with shared as (
    select
        scored.*,
        eligible.organisation_type,
        eligible.region_code,
        rank() over (
            partition by
                scored.instrument_version, scored.round_key, scored.exposure_id, eligible.organisation_type
            order by scored.mean_level asc nulls last
        ) as place,
        count(*) over (
            partition by
                scored.instrument_version, scored.round_key, scored.exposure_id, eligible.organisation_type,
                scored.mean_level
        ) as n_equal,
        count(*) over (
            partition by
                scored.instrument_version, scored.round_key, scored.exposure_id, eligible.organisation_type
        ) as n_of_type,
        count(case when not scored.may_be_named then 1 end) over (
            partition by
                scored.instrument_version, scored.round_key, scored.exposure_id, eligible.organisation_type
        ) as n_unnamed_of_type
    from {{ ref('int_maturity_exposures__scored') }} as scored
    inner join {{ ref('int_organisations__eligible') }} as eligible
        on
            scored.org_code = eligible.org_code
            and scored.round_start_year = eligible.start_year
    where scored.exposure_kind = 'driver' and scored.is_shared_nationally and scored.is_complete
),

surveyed as (
    select
        evidence.driver_id,
        evidence.survey_year,
        evidence.org_code,
        evidence.score,
        rank() over (
            partition by evidence.driver_id, evidence.survey_year, eligible.organisation_type
            order by evidence.score asc nulls last
        ) as place,
        count(*) over (
            partition by evidence.driver_id, evidence.survey_year, eligible.organisation_type, evidence.score
        ) as n_equal,
        count(*) over (
            partition by evidence.driver_id, evidence.survey_year, eligible.organisation_type
        ) as n_of_type
    from {{ ref('int_driver_evidence__scored') }} as evidence
    inner join {{ ref('int_organisations__eligible') }} as eligible
        on
            evidence.org_code = eligible.org_code
            and evidence.survey_year = eligible.start_year
    where evidence.score is not null
),

rated as (
    select
        shared.org_code,
        shared.round_key,
        shared.exposure_id,
        ratings.rating,
        ratings.rating_rank,
        ratings.publication_date,
        row_number() over (
            partition by shared.org_code, shared.instrument_version, shared.round_key, shared.exposure_id
            order by ratings.publication_date desc nulls last, ratings.rating_rank asc nulls last
        ) as choice
    from shared
    inner join {{ ref('int_maturity_ratings__known') }} as ratings
        on
            shared.org_code = ratings.org_code
            and shared.assessment_date >= ratings.publication_date
),

with_evidence as (
    select
        shared.*,
        'staff_survey' as evidence_basis,
        surveyed.score as evidence_value,
        cast(null as string) as evidence_rating,
        cast(null as date) as evidence_date,
        case when surveyed.n_of_type >= 3 * {{ minimum }} then {{ third('surveyed') }} end as evidence_third
    from shared
    left join surveyed
        on
            shared.org_code = surveyed.org_code
            and shared.driver_id = surveyed.driver_id
            and shared.round_start_year = surveyed.survey_year

    union all

    select
        shared.*,
        'cqc_well_led' as evidence_basis,
        cast(rated.rating_rank as double) as evidence_value,
        rated.rating as evidence_rating,
        rated.publication_date as evidence_date,
        case
            when rated.rating_rank <= 2 then 1
            when rated.rating_rank = 3 then 2
            when rated.rating_rank = 4 then 3
        end as evidence_third
    from shared
    left join rated
        on
            shared.org_code = rated.org_code
            and shared.round_key = rated.round_key
            and shared.exposure_id = rated.exposure_id
            and rated.choice = 1
),

placed as (
    select
        with_evidence.*,
        case
            when
                n_of_type >= 3 * {{ minimum }} and (n_unnamed_of_type = 0 or n_unnamed_of_type >= {{ minimum }})
                then {{ third('with_evidence') }}
        end as self_third
    from with_evidence
)

select
    evidence_basis,
    org_code,
    instrument_version,
    round_key,
    round_start_year,
    assessment_date,
    exposure_kind,
    exposure_id,
    driver_id,
    items_expected,
    organisation_type,
    region_code,
    may_be_named,
    mean_level,
    self_third,
    evidence_value,
    evidence_rating,
    evidence_date,
    {{ days_between('evidence_date', 'assessment_date') }} as evidence_age_days,
    evidence_third,
    cast(sign(self_third - evidence_third) as integer) as agreement
from placed
