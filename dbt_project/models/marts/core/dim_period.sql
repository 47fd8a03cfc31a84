-- Rounds of self-assessment enter only where someone has shared one nationally.
with periods as (
    select distinct
        period_type,
        period_key,
        period_start,
        period_end
    from {{ ref('int_measures__pooled') }}

    union

    select distinct
        period_type,
        period_key,
        period_start,
        period_end
    from {{ ref('int_measures__unioned') }}

    union

    select distinct
        'financial_year' as period_type,
        round_key as period_key,
        make_date(round_start_year, 4, 1) as period_start,
        make_date(round_start_year + 1, 3, 31) as period_end
    from {{ ref('int_driver_maturity__scored') }}
    where is_shared_nationally and is_complete
)

select
    period_type,
    period_key,
    period_start,
    period_end,
    {{ financial_year_key(financial_year_start('period_end')) }} as financial_year,
    {{ data_origin() }} as data_origin
from periods
