-- The organisations that could take part in a year: of an eligible type, open at some time in the financial year, and
-- not a part of another. Without a date of opening or closure an organisation counts as open.
with years as (
    select survey_year as start_year from {{ ref('stg_nhs_staff_survey__results') }}
    union
    select round_start_year as start_year from {{ ref('int_maturity__responses_joined') }}
)

select
    years.start_year,
    organisations.org_code,
    organisations.organisation_type,
    organisations.region_code
from years
cross join {{ ref('int_organisations__unioned') }} as organisations
inner join {{ ref('organisation_type') }} as types
    on
        organisations.organisation_type = types.organisation_type
        and types.is_eligible
left join {{ ref('organisation_part') }} as parts on organisations.org_code = parts.part_code
where
    organisations.is_current
    and parts.part_code is null
    and (organisations.opened_on is null or organisations.opened_on <= make_date(years.start_year + 1, 3, 31))
    and (organisations.closed_on is null or organisations.closed_on >= make_date(years.start_year, 4, 1))
