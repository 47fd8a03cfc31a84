"""The submissions that this release counts; one that came late may have to wait.

Belongs here: the call. Does not belong here: the rule, which is in `pipelines.statistics.admission`.
"""


def model(dbt, session):
    """One row per submission that is counted."""
    dbt.config(materialized="table")
    import polars as pl

    from pipelines.statistics.admission import admit

    offered, shown = dbt.ref("int_maturity__offered").pl(), dbt.ref("stg_registry__shown").pl()
    counted = admit(offered, shown, minimum=dbt.config.get("minimum"))
    return pl.DataFrame({"member_key": counted}, schema={"member_key": pl.String}).to_arrow()
