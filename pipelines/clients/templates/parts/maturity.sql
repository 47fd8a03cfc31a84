select driver_id, n_shared, n_eligible, coverage_pct, median_level, value_status
from pub_driver_maturity
where round_key = (select max(round_key) from pub_driver_maturity)
    and org_code is null and organisation_type = 'all' and region_code = 'all'
order by driver_id
