"""Whether a figure must be held back because subtracting releases would tell of a few organisations.

Belongs here: the call. Does not belong here: the rule, which is in `pipelines.statistics.differencing`.
"""


def model(dbt, session):
    """One row per figure that rests on self-assessments."""
    dbt.config(materialized="table")
    from pipelines.statistics.differencing import judge

    cells, shown = dbt.ref("int_disclosure__cells").pl(), dbt.ref("stg_registry__shown").pl()
    return judge(cells, shown, minimum=dbt.config.get("minimum")).to_arrow()
