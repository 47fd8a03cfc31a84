"""The estimates as readers may have them.

Belongs here: the call. Does not belong here: the rule, which is in `pipelines.statistics.confidential`.
"""

PLACES = "basis, exposure_id, measure_id, alignment, organisation_type, confidential_place"


def model(dbt, session):
    """One row per estimate that may be told."""
    dbt.config(materialized="table")
    from pipelines.statistics.association import publishable

    estimates = dbt.ref("int_associations__estimated").pl()
    places = dbt.ref("int_associations__declared").project(PLACES).pl()
    return publishable(estimates, places).to_arrow()
