select period_type, period_key, value, value_status
from pub_measure_values
where measure_id = {{ measure }} and org_code = {{ organisation }} and period_type <> 'month'
order by period_type, period_key
