select
    basis,
    exposure_id,
    measure_id,
    organisation_type,
    alignment,
    sentence
from {{ ref('pub_driver_outcome_association') }}
where
    sentence like '%is associated with%'
    and (
        rho is null
        or (rho_low <= 0 and rho_high >= 0)
        or (is_circular and sentence not like '%no evidence of a link%')
        or (is_negative_control and not is_circular and sentence not like '%a check, not a finding%')
        or (
            not is_circular
            and not is_negative_control
            and coalesce(q_value, 1) >= 0.05
            and sentence not like '%does not stand once comparisons are counted%'
        )
        or (
            not is_circular
            and not is_negative_control
            and ((rho > 0 and adjusted_rho_low <= 0) or (rho < 0 and adjusted_rho_high >= 0))
            and sentence not like '%after adjustment%'
        )
    )
