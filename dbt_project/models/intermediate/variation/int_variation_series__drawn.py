"""The XmR chart of each measure and organisation, drawn.

Belongs here: the call. Does not belong here: the statistics, which are in `pipelines.statistics.spc`.
"""


def model(dbt, session):
    """One row per point of a series that is long enough."""
    dbt.config(materialized="table")
    from pipelines.statistics.spc import draw

    figures = dbt.ref("int_variation_series__cut").filter("not_charted_reason is null").pl()
    return draw(figures.drop("not_charted_reason")).to_arrow()
