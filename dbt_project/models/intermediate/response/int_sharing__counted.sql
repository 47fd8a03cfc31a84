-- How many eligible organisations share, in all, by type and by region. Counts of sharers are rounded to the smallest
-- number that may be shown, so that no subtraction gives an exact one; a cell in which fewer of those that may not be
-- named share, or fewer do not share, is hidden.
{% set minimum = var('minimum_sharing_organisations') %}

with placed as (
    select
        listed.*,
        'total' as characteristic,
        'all' as category
    from {{ ref('int_sharing__listed') }} as listed

    union all

    select
        listed.*,
        'organisation_type' as characteristic,
        organisation_type as category
    from {{ ref('int_sharing__listed') }} as listed

    union all

    select
        listed.*,
        'region' as characteristic,
        region_code as category
    from {{ ref('int_sharing__listed') }} as listed
),

counted as (
    select
        round_key,
        round_start_year,
        characteristic,
        category,
        count(*) as n_eligible,
        {{ minimum }} * round({{ div('count(*) filter (where is_shared)', minimum) }}) as n_shared,
        count(*) filter (where is_shared and not may_be_named) as n_unnamed,
        count(*) filter (where not is_shared) as n_others
    from placed
    group by round_key, round_start_year, characteristic, category
)

select
    round_key,
    round_start_year,
    characteristic,
    category,
    cast(n_eligible as integer) as n_eligible,
    case
        when n_unnamed >= {{ minimum }} and n_others >= {{ minimum }} then cast(n_shared as integer)
    end as n_shared
from counted
