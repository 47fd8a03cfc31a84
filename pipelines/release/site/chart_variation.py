"""Charts of variation: the funnel of organisations in one period, and the XmR chart of one series.

Belongs here: reading their rows out of `pub_variation`, drawing them, and putting them into words. Does not belong
here: limits, bands and rules (statistics/ and dbt computed them), or the look that all charts share (charts.py).

Categories differ in shape and filling as well as in colour, and no colour says good or bad of an organisation.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.release.reading import literal
from pipelines.release.record import Indicator
from pipelines.release.site.charts import BLUE, GREY, INK, ORANGE, PURPLE, WIDTH
from pipelines.release.site.phrases import PERCENT, number, period, plural, verb
from pipelines.release.site.vegalite import Spec, data_of, field, layered, mark, valid
from pipelines.release.site.words import listed, type_name, unit_name

HEIGHT = 380
LABELS_ON_AXIS = 8
END_OF_LINE = {"align": "right", "dy": -9}


@dataclass(frozen=True)
class Mark:
    """How the points of one category are drawn."""

    label: str
    shape: str
    stroke: str
    fill: str


POSITIONS = {
    "above_998": Mark("Above the 99.8% limit", "triangle-up", BLUE, BLUE),
    "above": Mark("Above the 95% limit", "triangle-up", BLUE, "white"),
    "within": Mark("Within the limits", "circle", GREY, GREY),
    "below": Mark("Below the 95% limit", "triangle-down", PURPLE, "white"),
    "below_998": Mark("Below the 99.8% limit", "triangle-down", PURPLE, PURPLE),
}
VARIATIONS = {
    "common_cause": Mark("Common cause", "circle", GREY, GREY),
    "improvement_high": Mark("Improvement, high", "triangle-up", BLUE, "white"),
    "improvement_low": Mark("Improvement, low", "triangle-down", BLUE, "white"),
    "concern_high": Mark("Concern, high", "triangle-up", ORANGE, ORANGE),
    "concern_low": Mark("Concern, low", "triangle-down", ORANGE, ORANGE),
    "neutral_high": Mark("Neutral, high", "diamond", INK, "white"),
    "neutral_low": Mark("Neutral, low", "diamond", INK, INK),
}
TARGETS = {"target": "Standard", "interim_target": "Interim ambition"}
PROCESS_LIMITS = {"Lower limit": "lower_process_limit", "Upper limit": "upper_process_limit"}
FUNNEL_NOTE = (
    "Lines: pooled figure of the group (solid), 95% limits (dashed) and 99.8% limits (dotted) for a denominator of "
    "that size, over-dispersion allowed for. One in twenty lies outside the 95% limits by chance. To lie outside is a "
    "reason to ask, not a judgement. The figure of each organisation is in the table below."
)
LIMITS = ("lower_limit_95", "upper_limit_95", "lower_limit_998", "upper_limit_998")


@dataclass(frozen=True)
class Drawing:
    """A chart before it is drawn.

    alt_text: the chart in words, made from its rows. caption: its heading. note: how to read it. frame: what it shows,
    as its CSV has it. table: what the page shows of that beside it.
    """

    chart: Spec
    alt_text: str
    caption: str
    note: str
    frame: pl.DataFrame
    table: pl.DataFrame


def funnel_rows(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> pl.DataFrame:
    """The organisations in the newest funnel of an indicator, by group and code; no row where there is none."""
    position = "case when band_998 <> 'within' then band_998 || '_998' else band end"
    return connection.execute(
        f"select comparison_group, org_code, org_name, period_type, period_key, period_start, period_end, "
        f"numerator, denominator, value, value_status, centre_line, {', '.join(LIMITS)}, band, band_998, "
        f"{position} as position, tau_squared, phi, sentence from pub_variation "
        f"where chart = 'funnel' and measure_id = {literal(indicator.indicator_id)} and org_code is not null "
        "qualify period_end = max(period_end) over () order by comparison_group, org_code"
    ).pl()


def series_rows(connection: duckdb.DuckDBPyConnection, indicator: Indicator, org_code: str) -> pl.DataFrame:
    """The points of one organisation's XmR chart, by period; no row where there is none."""
    return connection.execute(
        "select org_code, org_name, period_type, period_key, period_start, period_end, numerator, "
        "denominator, value, value_status, series_no, n_points, centre_line, lower_process_limit, "
        "upper_process_limit, is_trial_limits, rule, variation, target, assurance, interim_target, "
        "interim_assurance, rebased_on, rebase_reason, sentence from pub_variation "
        f"where chart = 'xmr' and measure_id = {literal(indicator.indicator_id)} "
        f"and org_code = {literal(org_code)} and value is not null order by period_key"
    ).pl()


def not_charted(connection: duckdb.DuckDBPyConnection, indicator: Indicator, chart: str) -> list[tuple[str, int]]:
    """Why figures of an indicator are in no such chart, and those of how many organisations, most first."""
    return connection.execute(
        "select not_charted_reason, n_organisations from pub_variation "
        f"where chart = {literal(chart)} and measure_id = {literal(indicator.indicator_id)} "
        "and not_charted_reason is not null order by n_organisations desc, not_charted_reason"
    ).fetchall()


def funnel(rows: pl.DataFrame, indicator: Indicator, when: str) -> Drawing:
    """The funnel of one period, a panel for each group that is compared.

    rows: as of funnel_rows, at least one. when: the period in words.
    """
    frame = rows.drop("sentence")
    caption = f"{indicator.name}: organisations against what is expected for their size, {when}"
    words = funnel_words(rows, indicator, when)
    return Drawing(_funnel_chart(frame, indicator), words, caption, FUNNEL_NOTE, frame, _groups(rows, indicator))


def xmr(rows: pl.DataFrame, indicator: Indicator) -> Drawing:
    """The XmR chart of one series. rows: as of series_rows, at least one."""
    frame = rows.drop("sentence")
    first, last = (period(rows.row(place, named=True)) for place in (0, -1))
    caption = f"{indicator.name}: {rows['org_name'][-1]}, {first} to {last}"
    table = _points_table(rows, indicator)
    return Drawing(_xmr_chart(frame, indicator), xmr_words(rows, indicator), caption, _xmr_note(rows), frame, table)


def funnel_words(rows: pl.DataFrame, indicator: Indicator, when: str) -> str:
    """The funnel in words: what, when, how many, the range, and how many lie outside the limits."""
    groups = [
        f"{type_name(group).lower()} ({part.height})"
        for (group,), part in rows.group_by("comparison_group", maintain_order=True)
    ]
    shown = rows.drop_nulls("value")["value"]
    low, high = number(shown.min(), indicator.unit), number(shown.max(), indicator.unit)
    return (
        f"Funnel chart of {indicator.name}, {when}, against the denominator: "
        f"{plural(rows.height, 'organisation')}, compared within {listed(groups)}. Figures go from {low} to {high}. "
        f"{_outside(rows, 'above')}; {_outside(rows, 'below')}. The other {_count(rows, 'band', 'within')} lie within."
    )


def _outside(rows: pl.DataFrame, band: str) -> str:
    n, far = _count(rows, "band", band), _count(rows, "band_998", band)
    side = "upper" if band == "above" else "lower"
    return f"{n} {verb(n, 'lies')} {band} the {side} 95% limit, {far} of them {band} the 99.8% limit"


def _count(rows: pl.DataFrame, column: str, value: str) -> int:
    return rows.filter(pl.col(column) == value).height


def _groups(rows: pl.DataFrame, indicator: Indicator) -> pl.DataFrame:
    """The funnel as a short table: one row for each group that is compared."""
    columns = {mark.label: pl.col("position").eq(code).sum() for code, mark in POSITIONS.items()}
    groups = rows.group_by("comparison_group", maintain_order=True).agg(
        pl.len().alias("Organisations"), pl.col("centre_line").first().alias("Centre line"), **columns
    )
    return groups.with_columns(
        pl.col("comparison_group").map_elements(type_name, pl.String),
        pl.col("Centre line").map_elements(lambda value: number(value, indicator.unit), pl.String),
    ).rename({"comparison_group": "Compared with"})


def _points_table(rows: pl.DataFrame, indicator: Indicator) -> pl.DataFrame:
    """The series as a table: one row for each point, its figures as text."""
    figures = {"Figure": "value", "Mean": "centre_line"} | PROCESS_LIMITS
    return pl.DataFrame(
        [
            {"Period": period(row)}
            | {heading: number(row[name], indicator.unit) for heading, name in figures.items()}
            | {"Variation": VARIATIONS[row["variation"]].label}
            for row in rows.to_dicts()
        ]
    )


def xmr_words(rows: pl.DataFrame, indicator: Indicator) -> str:
    """The series in words: what, from when to when, how many points are unusual, and what is said of the newest."""
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    unusual = rows.height - _count(rows, "variation", "common_cause")
    low, high = number(rows["value"].min(), indicator.unit), number(rows["value"].max(), indicator.unit)
    return (
        f"XmR chart of {indicator.name}, {last['org_name']}, {period(first)} to {period(last)}: "
        f"{plural(rows.height, 'point')} from {low} to {high}, {unusual} of them special-cause variation. "
        f"Newest point {number(last['value'], indicator.unit)}, process limits "
        f"{number(last['lower_process_limit'], indicator.unit)} to "
        f"{number(last['upper_process_limit'], indicator.unit)}: {VARIATIONS[last['variation']].label.lower()}."
    )


def _xmr_note(rows: pl.DataFrame) -> str:
    trial = " Limits rest on fewer than 13 points and are trial limits." if rows["is_trial_limits"][-1] else ""
    rebased = "".join(
        f" Limits begin anew in {row['rebased_on']}: {row['rebase_reason']}."
        for row in rows.filter(pl.col("rebased_on").is_not_null()).unique("rebased_on", maintain_order=True).to_dicts()
    )
    targets = [f"{text.lower()} (dotted)" for column, text in TARGETS.items() if _has(rows, column)]
    lines = listed(["mean (solid)", "process limits (dashed)", *targets])
    return f"Lines: {lines}. Limits are the mean and 2.66 mean moving ranges.{trial}{rebased}"


def _funnel_chart(frame: pl.DataFrame, indicator: Indicator) -> Spec:
    data = _labelled(frame, "position", POSITIONS)
    groups = frame["comparison_group"].n_unique()
    size = {"width": WIDTH, "height": HEIGHT} if groups == 1 else {"width": WIDTH // 2 - 20, "height": 260}
    x = {"x": field("denominator:Q", title="Denominator", scale={"zero": False}, axis={"tickCount": 4})}
    y = {"y": field("value:Q", title=axis_title(indicator), scale={"zero": False})}
    lines = [
        mark("line", x | {"y": field(f"{column}:Q")}, color=INK, strokeDash=dash, strokeWidth=width)
        for column, dash, width in _funnel_lines()
    ]
    drawn = data.select("group", "category", "denominator", "value", "centre_line", *LIMITS)
    chart = layered(drawn, *lines, _points(x | y, frame, "position", POSITIONS), **size)
    return chart if groups == 1 else _parted(chart)


def _parted(chart: Spec) -> Spec:
    """A panel for each group, side by side."""
    return {
        "data": chart.pop("data"),
        "facet": field("group:N", title=None, sort=None),
        "columns": 2,
        "spec": chart,
        "resolve": {"scale": {"x": "independent"}},
    }


def _funnel_lines() -> list[tuple[str, list[int], float]]:
    """Column, dashes and width of each line."""
    dashes = {"95": [6, 4], "998": [2, 3]}
    return [("centre_line", [1, 0], 1.5), *((name, dashes[name.rpartition("_")[2]], 1.2) for name in LIMITS)]


def _xmr_chart(frame: pl.DataFrame, indicator: Indicator) -> Spec:
    data = _labelled(_every_month(frame), "variation", VARIATIONS)
    keys = data["period_key"].to_list()
    axis = {"values": keys[:: max(1, -(-len(keys) // LABELS_ON_AXIS))], "labelAngle": 0}
    x = {"x": field("period_key:O", title=None, axis=axis, sort=keys)}
    y = {"y": field("value:Q", title=axis_title(indicator), scale={"zero": False}, axis={"tickCount": 6})}
    lines = _xmr_lines(frame)
    limits = [
        mark("line", x | _of_series(column), color=INK, strokeDash=dash, strokeWidth=width)
        | {"transform": valid("series_no")}
        for column, dash, width in lines
    ]
    line = mark("line", x | y, color=GREY, strokeWidth=1.5)
    points = _points(x | y, frame, "variation", VARIATIONS) | {"transform": valid("value")}
    drawn = data.select("period_key", "series_no", "category", "value", *(column for column, *_ in lines))
    return layered(drawn, *limits, line, points, *_targets(frame), width=WIDTH, height=HEIGHT)


def _of_series(column: str) -> Spec:
    """A line that begins anew where the limits do."""
    return {"y": field(f"{column}:Q"), "detail": field("series_no:N")}


def _targets(frame: pl.DataFrame) -> list[Spec]:
    """The names of the targets, at the end of their lines."""
    return [
        mark("text", {"x": field("period_key:O"), "y": field(f"{column}:Q"), "text": {"value": text}}, **END_OF_LINE)
        | {"data": data_of(frame.tail(1).select("period_key", column))}
        for column, text in TARGETS.items()
        if _has(frame, column)
    ]


def _xmr_lines(frame: pl.DataFrame) -> list[tuple[str, list[int], float]]:
    targets = [(column, [2, 3], 1.5) for column in TARGETS if _has(frame, column)]
    limits = [(column, [6, 4], 1.2) for column in ("lower_process_limit", "upper_process_limit")]
    return [("centre_line", [1, 0], 1.2), *limits, *targets]


def _has(frame: pl.DataFrame, column: str) -> bool:
    return frame[column].null_count() < frame.height


def _every_month(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows, and an empty one for each month between them that has none, so that no line bridges it."""
    months = pl.date_range(frame["period_start"].min(), frame["period_start"].max(), "1mo", eager=True)
    return (
        pl.DataFrame({"period_key": months.dt.strftime("%Y-%m")})
        .join(frame, on="period_key", how="left")
        .sort("period_key")
    )


def _points(places: Spec, frame: pl.DataFrame, column: str, marks: dict[str, Mark]) -> Spec:
    """Points by category; the legend names the categories that there are."""
    found = set(frame[column])
    shown = [one for category, one in marks.items() if category in found]
    labels = [one.label for one in shown]
    legend = {"title": None, "orient": "bottom", "columns": 3, "symbolOpacity": 1}
    looks = {
        name: field(
            "category:N", scale={"domain": labels, "range": [getattr(one, name) for one in shown]}, legend=legend
        )
        for name in ("shape", "stroke", "fill")
    }
    return mark("point", places | looks, size=45, opacity=1, strokeWidth=1.5)


def _labelled(frame: pl.DataFrame, column: str, marks: dict[str, Mark]) -> pl.DataFrame:
    """What the chart is drawn from: a label for each category, and for each group where there are some."""
    labels = {category: mark.label for category, mark in marks.items()}
    frame = frame.with_columns(pl.col(column).replace_strict(labels, default=None).alias("category"))
    if "comparison_group" not in frame.columns:
        return frame
    group = pl.col("comparison_group").map_elements(type_name, pl.String)
    size = pl.len().over("comparison_group").cast(pl.String)
    return frame.with_columns(pl.concat_str(group, pl.lit(" ("), size, pl.lit(")")).alias("group"))


def axis_title(indicator: Indicator) -> str:
    """The unit of an indicator as the title of an axis."""
    unit = unit_name(indicator.unit)
    return "Percentage" if unit == PERCENT else unit.capitalize()
