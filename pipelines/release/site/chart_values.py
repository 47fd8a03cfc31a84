"""Charts of plain figures: how organisations of each type spread in one period, and England over a few periods.

Belongs here: what is drawn where there is no funnel and no XmR chart. Does not belong here: charts with limits
(chart_variation.py), or figures that are not released.
"""

from __future__ import annotations

import polars as pl

from pipelines.release.record import Indicator
from pipelines.release.site.chart_variation import Drawing, axis_title
from pipelines.release.site.charts import BLUE, GREY, INK, LEVELS, WIDTH
from pipelines.release.site.newest import Newest, figure
from pipelines.release.site.phrases import direction, number, period, plural
from pipelines.release.site.vegalite import Spec, data_of, field, layered, mark, valid
from pipelines.release.site.words import listed, type_name

LEAST_FOR_QUARTILES = 5
LEAST_FOR_A_CHART = 5
HEIGHT_OF_A_TYPE = 34
SUMMARY = {
    "lowest": "Lowest",
    "lower_quartile": "Lower quartile",
    "median": "Median",
    "upper_quartile": "Upper quartile",
    "highest": "Highest",
}
SPREAD_NOTE = (
    "Thin line: lowest to highest. Bar: the middle half of the organisations. Upright mark: the median. Dashed line: "
    "England, where a figure for England is published. Chance is not allowed for."
)


def spread_rows(newest: Newest) -> pl.DataFrame:
    """One row for each type of organisation with figures: how many, the range and the quartiles.

    Quartiles are null for fewer than LEAST_FOR_QUARTILES organisations. england stands in each row.
    """
    value = pl.col("value")
    enough = pl.len() >= LEAST_FOR_QUARTILES
    quartiles = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
    now = newest.england_now
    return (
        newest.organisations.filter(value.is_not_null())
        .group_by(pl.col("area_type").alias("organisation_type"))
        .agg(
            pl.len().alias("organisations"),
            value.min().alias("lowest"),
            *(pl.when(enough).then(value.quantile(q, "linear")).alias(name) for name, q in quartiles.items()),
            value.max().alias("highest"),
        )
        .sort("organisation_type")
        .with_columns(pl.lit(now["value"] if now else None, pl.Float64).alias("england"))
    )


def spread(newest: Newest) -> Drawing | None:
    """The spread by type, or None where fewer than LEAST_FOR_A_CHART organisations have a figure."""
    rows, indicator = spread_rows(newest), newest.indicator
    if rows["organisations"].sum() < LEAST_FOR_A_CHART:
        return None
    caption = f"{indicator.name}: how organisations of each type spread, {newest.period}"
    words = spread_words(rows, newest)
    table = _spread_table(rows, indicator)
    return Drawing(_spread_chart(rows, indicator), words, caption, SPREAD_NOTE, rows, table)


def spread_words(rows: pl.DataFrame, newest: Newest) -> str:
    """The spread in words: what, when, the range, and the median of each type."""
    unit = newest.indicator.unit
    medians = [
        f"{type_name(row['organisation_type']).lower()} {number(row['median'], unit)} ({row['organisations']})"
        for row in rows.drop_nulls("median").to_dicts()
    ]
    low, high = number(rows["lowest"].min(), unit), number(rows["highest"].max(), unit)
    england = rows["england"][0]
    return (
        f"Range chart of {newest.indicator.name}, {newest.period}, {direction(newest.indicator.polarity)}: "
        f"{plural(rows['organisations'].sum(), 'organisation')} from {low} to {high}."
        + (f" Median by type (organisations): {listed(medians)}." if medians else "")
        + (f" England: {number(england, unit)}." if england is not None else "")
    )


def ratings(newest: Newest) -> Drawing | None:
    """How many organisations have each rating, or None where fewer than LEAST_FOR_A_CHART have one."""
    indicator = newest.indicator
    rows = newest.organisations.drop_nulls("value").group_by("value").agg(pl.len().alias("organisations")).sort("value")
    if rows["organisations"].sum() < LEAST_FOR_A_CHART:
        return None
    caption = f"{indicator.name}: organisations by rating, {newest.period}"
    rated = [number(value, indicator.unit) for value in rows["value"]]
    table = pl.DataFrame({"Rating": rated, "Organisations": rows["organisations"]})
    words = ratings_words(rows, newest)
    return Drawing(_ratings_chart(rows), words, caption, f"{indicator.numerator_definition}.", rows, table)


def ratings_words(rows: pl.DataFrame, newest: Newest) -> str:
    """The ratings in words: what, when, and how many have each."""
    unit = newest.indicator.unit
    shares = [f"rating {number(row['value'], unit)}: {row['organisations']}" for row in rows.to_dicts()]
    return (
        f"Bar chart of {newest.indicator.name}, {newest.period}: "
        f"{plural(rows['organisations'].sum(), 'organisation')}; {listed(shares)}."
    )


def trend(newest: Newest) -> Drawing | None:
    """England over the periods that there are, or None where there is fewer than two figures."""
    rows, indicator = newest.england.drop_nulls("value"), newest.indicator
    if rows.height < 2:
        return None
    names = [period(row) for row in rows.to_dicts()]
    frame = rows.select(
        "period_type", "period_key", "period_start", "period_end", "value", "value_status"
    ).with_columns(pl.Series("period", names))
    caption = f"{indicator.name}: England, {names[0]} to {names[-1]}"
    note = f"{plural(rows.height, 'point')} {TOO_FEW}"
    table = pl.DataFrame({"Period": names, "Figure": [figure(row, indicator.unit) for row in rows.to_dicts()]})
    return Drawing(_trend_chart(frame, indicator), trend_words(rows, indicator), caption, note, frame, table)


TOO_FEW = (
    "are too few for statistical process control, or not independent of one another, so no limits are drawn and no "
    "change is called unusual."
)


def trend_words(rows: pl.DataFrame, indicator: Indicator) -> str:
    """England over time in words: what, every figure with its period, and what cannot be said."""
    points = [f"{number(row['value'], indicator.unit)} in {period(row)}" for row in rows.to_dicts()]
    return f"Line chart of {indicator.name}, England, {direction(indicator.polarity)}: {listed(points)}."


def _spread_table(rows: pl.DataFrame, indicator: Indicator) -> pl.DataFrame:
    """The spread as text. A quartile of too few organisations is not available."""
    return pl.DataFrame(
        [
            {"Type": type_name(row["organisation_type"]), "Organisations": row["organisations"]}
            | {heading: number(row[name], indicator.unit) or "[x]" for name, heading in SUMMARY.items()}
            for row in rows.to_dicts()
        ]
    )


def _spread_chart(rows: pl.DataFrame, indicator: Indicator) -> Spec:
    labels = pl.concat_str(
        pl.col("organisation_type").map_elements(type_name, pl.String),
        pl.lit(" ("),
        "organisations",
        pl.lit(")"),
    )
    data = rows.select(labels.alias("type"), *SUMMARY, "england")
    y = {"y": field("type:N", title=None, sort=data["type"].to_list())}
    x = field("lowest:Q", title=axis_title(indicator), scale={"zero": False}, axis={"tickCount": 6})
    half = y | {"x": field("lower_quartile:Q"), "x2": field("upper_quartile")}
    middle = y | {"x": field("median:Q")}
    layers = [
        mark("rule", y | {"x": x, "x2": field("highest")}, color=GREY, strokeWidth=1.5),
        mark("bar", half, color=LEVELS[1], stroke=BLUE, height=16) | {"transform": valid("median")},
        mark("tick", middle, color=INK, thickness=3, size=20) | {"transform": valid("median")},
    ]
    if rows["england"][0] is not None:
        england = mark("rule", {"x": field("england:Q")}, color=INK, strokeDash=[5, 4], strokeWidth=1.5)
        layers.append(england | {"data": data_of(data.head(1))})
    return layered(data, *layers, width=WIDTH - 160, height=HEIGHT_OF_A_TYPE * rows.height + 10)


def _ratings_chart(rows: pl.DataFrame) -> Spec:
    places = {
        "x": field("value:O", title="Rating", axis={"labelAngle": 0, "format": "d"}),
        "y": field("organisations:Q", title="Organisations", axis={"tickCount": 5}),
    }
    bars = mark("bar", places, color=BLUE, width=60)
    texts = mark("text", places | {"text": field("organisations:Q")}, dy=-10)
    return layered(rows, bars, texts, width=WIDTH - 160, height=240)


def _trend_chart(frame: pl.DataFrame, indicator: Indicator) -> Spec:
    labels = [number(value, indicator.unit) for value in frame["value"]]
    data = frame.select("period", "value", pl.Series("label", labels))
    scale = {"zero": False, "padding": 30}
    axis = {"labelAngle": 0, "labelExpr": "split(datum.label, ', ')"}
    places = {
        "x": field("period:O", title=None, sort=data["period"].to_list(), axis=axis),
        "y": field("value:Q", title=axis_title(indicator), scale=scale, axis={"tickCount": 5}),
    }
    layers = [
        mark("line", places, color=BLUE, strokeWidth=2),
        mark("point", places, color=BLUE, size=70, filled=True, opacity=1),
        mark("text", places | {"text": field("label:N")}, dy=-14),
    ]
    return layered(data, *layers, width=WIDTH, height=220)
