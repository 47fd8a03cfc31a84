"""Sharers against the others, in public figures and in size.

Belongs here: the call. Does not belong here: the statistics and what is hidden, which are in
`pipelines.statistics.response`.
"""


def model(dbt, session):
    """One row per round and measure; size is called `size`."""
    dbt.config(materialized="table")
    import polars as pl

    from pipelines.statistics.response import compare

    organisations = dbt.ref("int_sharing__listed").pl()
    outcomes = dbt.ref("int_sharing_outcomes__aligned").pl().rename({"outcome_value": "value"})
    sizes = organisations.drop_nulls("size").with_columns(measure_id=pl.lit("size")).rename({"size": "value"})
    columns = ["round_start_year", "org_code", "measure_id", "value"]
    figures = pl.concat([outcomes.select(columns), sizes.select(columns)])
    return compare(organisations, figures, smallest_side=dbt.config.get("smallest_side")).to_arrow()
