"""The weight of each organisation that shared, for a sensitivity analysis.

Belongs here: the call. Does not belong here: the statistics, which are in `pipelines.statistics.response`.
"""


def model(dbt, session):
    """One row per organisation and round that shared nationally; no weight where none could be estimated."""
    dbt.config(materialized="table")
    from pipelines.statistics.response import sharing_weights

    organisations = dbt.ref("int_sharing__listed").pl()
    outcomes = dbt.ref("int_sharing_outcomes__aligned").pl()
    return sharing_weights(organisations, outcomes, minimum_n=dbt.config.get("minimum_n")).to_arrow()
