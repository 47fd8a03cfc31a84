-- The size of an organisation in a financial year: staff in full-time equivalents on a mean day, from the days that its
-- sickness absence is counted over.
select
    org_code,
    {{ financial_year_start('period_start') }} as start_year,
    {{ div(
        'sum(cast(denominator as decimal(28, 8)))',
        'sum(' ~ days_between('period_start', day_after('period_end')) ~ ')'
    ) }} as size
from {{ ref('int_measures__pooled') }}
where
    measure_id = 'sickness_absence'
    and period_type = 'month'
    and org_code <> 'ENG'
    and denominator is not null
group by org_code, {{ financial_year_start('period_start') }}
