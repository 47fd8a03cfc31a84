"""The outcome at each level of an exposure, summarised.

Belongs here: the call. Does not belong here: the statistics, which are in `pipelines.statistics.levels`.
"""


def model(dbt, session):
    """One row per basis, exposure, measure, alignment, instrument version, organisation type and level."""
    dbt.config(materialized="table")
    from pipelines.statistics.levels import summarise

    return summarise(dbt.ref("int_outcome_levels__framed").pl()).to_arrow()
