"""The funnel of each measure, period and group of comparable organisations, drawn.

Belongs here: the call. Does not belong here: the statistics, which are in `pipelines.statistics.funnel`.
"""


def model(dbt, session):
    """One row per measure, organisation and period that stands in a funnel."""
    dbt.config(materialized="table")
    from pipelines.statistics.funnel import draw

    figures = dbt.ref("int_variation_figures__judged").filter("chart = 'funnel' and not_charted_reason is null").pl()
    columns = ("period_start", "period_end", "n_periods", "value_status", "chart", "polarity")
    return draw(figures.drop(*columns, "months_per_period", "not_charted_reason")).to_arrow()
