select
    period_type,
    period_key,
    count(*) as organisations,
    count(value) as with_a_figure,
    percentile_cont(0.5) within group (order by value) as median
from pub_measure_values
where measure_id = {{ measure }} and org_code <> 'ENG' and period_type <> 'month'
group by period_type, period_key
order by period_type, period_key
