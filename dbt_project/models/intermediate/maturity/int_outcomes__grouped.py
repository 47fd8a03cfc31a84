"""Groups of like organisations that are not named, of which only the mean outcome is used.

Belongs here: the call. Does not belong here: the method, which is in `pipelines.statistics.microaggregation`.
"""


def model(dbt, session):
    """One row per round and organisation that is not named."""
    dbt.config(materialized="table")
    from pipelines.statistics.microaggregation import grouped

    return grouped(dbt.ref("int_outcomes__unnamed").pl(), smallest=dbt.config.get("smallest")).to_arrow()
