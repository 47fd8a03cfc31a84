-- Figures that stand under two codes of what is one organisation today: equal numerators and equal denominators,
-- neither of them 0, for one measure and period. A successor that files one return under both codes looks like this.
select
    figures.measure_id,
    resolved.today_code,
    figures.period_type,
    figures.period_key,
    {{ financial_year_key(financial_year_start('min(figures.period_start)')) }} as financial_year,
    figures.numerator,
    figures.denominator,
    {{ joined_list('figures.org_code') }} as reported_by
from {{ ref('int_measures__pooled') }} as figures
inner join {{ ref('int_organisations__resolved') }} as resolved on figures.org_code = resolved.org_code
where figures.numerator > 0 and figures.denominator > 0
group by
    figures.measure_id, resolved.today_code, figures.period_type, figures.period_key,
    figures.numerator, figures.denominator
having count(*) > 1
