"""Which counts of organisations by level may be told, so that none is of a few.

Belongs here: the call. Does not belong here: the rule, which is in `pipelines.statistics.categories`.
"""


def model(dbt, session):
    """One row per cell and category of int_maturity_levels__counted."""
    dbt.config(materialized="table")
    from pipelines.statistics.categories import told

    return told(dbt.ref("int_maturity_levels__counted").pl(), minimum=dbt.config.get("minimum")).to_arrow()
