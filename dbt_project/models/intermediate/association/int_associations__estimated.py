"""The association of each declared pair, estimated. Those with self-assessments are confidential as they are here.

Belongs here: the call. Does not belong here: the statistics, which are in `pipelines.statistics.association`.
"""

FAMILIES = "basis, exposure_id, measure_id, alignment, organisation_type, family_id"


def model(dbt, session):
    """One row per basis, exposure, measure, alignment and organisation type that has at least one pair."""
    dbt.config(materialized="table")
    from pipelines.statistics.association import estimate

    pairs = dbt.ref("int_association_pairs").pl()
    families = dbt.ref("int_associations__declared").project(FAMILIES).pl()
    return estimate(pairs, families, minimum_n=dbt.config.get("minimum_n")).to_arrow()
