select driver_id, n, rho, rho_low, rho_high, q_value
from pub_driver_outcome_association
where measure_id = {{ measure }} and basis = 'staff_survey_evidence' and exposure_kind = 'driver'
    and organisation_type = 'all' and alignment = 'same_year' and not is_circular and rho_low is not null
order by driver_id
