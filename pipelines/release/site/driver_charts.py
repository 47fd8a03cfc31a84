"""The charts of a driver's page, and their alternative texts, which are made from the same figures by rule.

Belongs here: what is drawn and what is said of it. Does not belong here: which figures (drivers.py) and the look that
all charts share (charts.py).
"""

from __future__ import annotations

import math

import polars as pl

from pipelines.release.record import Driver
from pipelines.release.site.charts import BLUE, GREY, INK, LEVELS, PURPLE, WIDTH, Chart, Charts
from pipelines.release.site.vegalite import Spec, data_of, field, layered, mark
from pipelines.release.site.words import listed, number, policy, q_words, type_name, unit_name

_WHOLE = {"domain": [0, 100], "nice": False}
_ZERO = {"data": data_of(pl.DataFrame({"zero": [0]}))}
_TWO_LINES = {"labelExpr": "split(datum.label, ': ')"}
_COLOURS = {"staff_survey_evidence": BLUE, "self_assessment": PURPLE}


def parts(frame: pl.DataFrame) -> pl.DataFrame:
    """What can be told of each round and type, as parts of 100 per cent: levels, or neighbouring levels put together.

    frame: rows of pub_maturity_distribution of one driver. Parts are the differences between the shares at or above a
    level that are told, so they always add up. A group of which only the whole is told has no row.
    """
    group = ["round_key", "organisation_type"]
    order = {name: place for place, name in enumerate(policy()["types"])}
    told = frame.drop_nulls("share_at_or_above").sort(*group, "level")
    last = pl.col("level").shift(-1).over(group)
    higher = pl.col("share_at_or_above").shift(-1).over(group).fill_null(0)
    return (
        told.with_columns(
            pl.col("level").alias("first_level"),
            (last - 1).fill_null(frame["level"].max()).alias("last_level"),
            (pl.col("share_at_or_above") - higher).alias("share"),
        )
        .filter(pl.len().over(group) > 1)
        .sort(
            "round_key",
            pl.col("organisation_type").replace_strict(order, default=len(order)),
            "first_level",
            descending=[True, False, False],
        )
        .select(*group, "n_shared", "n_eligible", "first_level", "last_level", "share")
    )


def distribution(charts: Charts, driver: Driver, frame: pl.DataFrame) -> Chart:
    """Bars of 100 per cent, one for each type and round, parted by level.

    frame: rows of pub_maturity_distribution. Groups without parts are not drawn.
    """
    shares, labels = parts(frame), dict(frame.select("level", "level_label").iter_rows())
    drawn = _distribution_frame(shares, labels)
    bars = {
        "y": field("bar:N", title=None, sort=drawn["bar"].unique(maintain_order=True).to_list(), axis=_TWO_LINES),
        "x": field("share:Q", aggregate="sum", title="Organisations that shared (%)", scale=_WHOLE),
        "order": field("first_level:Q"),
        "color": _colour_of_part(drawn),
    }
    figures = {
        "y": field("bar:N", sort=None),
        "x": field("middle:Q"),
        "text": field("share:Q", format=".0f"),
        "color": {"condition": {"test": "datum.first_level >= 4", "value": "white"}, "value": INK},
    }
    shown = drawn.select("bar", "part", "first_level", "share", "middle")
    chart = layered(
        shown,
        mark("bar", bars, stroke=INK, strokeWidth=0.75, height=28),
        mark("text", figures, fontSize=13) | {"data": data_of(shown.filter(pl.col("share") >= 7))},
        width=WIDTH - 160,
        height={"step": 42},
    )
    return charts.draw(
        f"{driver.driver_id}_distribution",
        chart,
        distribution_alt(shares, labels),
        shares,
        f"Level of maturity that organisations report for “{driver.label}”",
        f"NHS IMPACT self-assessments that organisations shared, to {frame['round_key'].max()}",
    )


def _colour_of_part(drawn: pl.DataFrame) -> Spec:
    kinds = drawn.select("part", "colour", "first_level", "last_level").unique().sort("first_level", "last_level")
    names = kinds["part"].to_list()
    return field(
        "part:N",
        title="Level",
        scale={"domain": names, "range": kinds["colour"].to_list()},
        sort=names,
        legend={"orient": "top", "columns": 3, "symbolStrokeColor": GREY, "symbolStrokeWidth": 1},
    )


def _distribution_frame(shares: pl.DataFrame, labels: dict[int, str]) -> pl.DataFrame:
    """The parts with their bar, their name and colour, and where their figure stands."""
    bar = pl.format(
        "{}, {}: {} of {}",
        pl.col("organisation_type").map_elements(type_name, return_dtype=pl.String),
        "round_key",
        "n_shared",
        "n_eligible",
    )
    ends = [(row["first_level"], row["last_level"]) for row in shares.iter_rows(named=True)]
    return shares.with_columns(
        bar.alias("bar"),
        pl.Series("part", [_part(*levels, labels) for levels in ends]),
        pl.Series("colour", [_shade(*levels) for levels in ends]),
    ).with_columns(middle=pl.col("share").cum_sum().over("bar") - pl.col("share") / 2)


def _part(first: int, last: int, labels: dict[int, str]) -> str:
    """What the legend calls a part: a level with its name, or levels put together."""
    return f"{first} {labels[first]}" if first == last else f"{first} to {last} together"


def _shade(first: int, last: int) -> str:
    """The colour of a level; between those of the levels where they are put together."""
    ends = [LEVELS[level - 1] for level in (first, last)]
    mean = [sum(int(colour[place : place + 2], 16) for colour in ends) // 2 for place in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in mean)


def distribution_alt(shares: pl.DataFrame, labels: dict[int, str]) -> str:
    """What is drawn, of whom, and each part of the latest round of all types; else of the first type.

    shares: as of `parts`. Where most are is said only where every level is told.
    """
    latest = shares.filter(pl.col("round_key") == shares["round_key"].max())
    kind = "all" if "all" in latest["organisation_type"] else latest["organisation_type"][0]
    group = latest.filter(pl.col("organisation_type") == kind).sort("first_level")
    first, most = group.row(0, named=True), group.sort("share", descending=True).row(0, named=True)
    told = [f"{number(row['share'], 0)}% at {_levels(row)}" for row in group.iter_rows(named=True)]
    bars = shares.select("organisation_type", "round_key").n_unique()
    peak = f" Most are at {_levels(most)}, {labels[most['first_level']]}." if len(group) == len(labels) else ""
    return (
        f"Stacked bar chart with {bars} bar{'s' if bars > 1 else ''}, each parted by level of maturity. "
        f"{type_name(kind)}, {first['round_key']}: of {first['n_shared']} organisations that shared, "
        f"{listed(told)}.{peak}"
    )


def _levels(row: dict[str, int]) -> str:
    first, last = row["first_level"], row["last_level"]
    return f"level {first}" if first == last else f"levels {first} to {last}"


def levels(charts: Charts, driver: Driver, basis: str, organisation_type: str, frame: pl.DataFrame) -> Chart:
    """A panel for each outcome: medians with their intervals by level, or by fifth of the survey's evidence.

    frame: rows of pub_outcome_by_maturity_level that have a median.
    """
    difference = bool(frame["is_difference"][0])
    order = [name for name in policy()["main_outcomes"] if name in frame["measure_id"]]
    panels = [_panel(frame.filter(pl.col("measure_id") == name), basis, difference) for name in order]
    chart = {"concat": panels, "columns": 2, "spacing": {"row": 26, "column": 40}}
    word = "fifth of staff survey evidence" if basis == "staff_survey_evidence" else "self-assessed level"
    periods = f"{listed(sorted(set(frame['exposure_period_key'])))}, outcomes of {_span(frame['outcome_period_key'])}"
    unlike = "difference from the median of the organisation's type" if difference else "median of the organisations"
    return charts.draw(
        f"{driver.driver_id}_by_{'fifth' if basis == 'staff_survey_evidence' else 'level'}",
        chart,
        levels_alt(frame, basis),
        frame.drop("sentence", "data_origin", "release_id"),
        f"Outcomes by {word} of “{driver.label}”, {type_name(organisation_type).lower()}: {unlike}",
        f"{policy()['bases'][basis]} {periods}",
    )


def _panel(frame: pl.DataFrame, basis: str, difference: bool) -> Spec:
    first = frame.row(0, named=True)
    better = "higher is better" if first["polarity"] == "higher_is_better" else "lower is better"
    title = "Fifth of evidence, 5 is highest" if basis == "staff_survey_evidence" else "Level"
    x = {"x": field("level:O", title=title, axis={"labelAngle": 0}, scale={"domain": [1, 2, 3, 4, 5]})}
    scale = {"domain": _reach(frame, difference), "nice": True}
    low = field("outcome_median_low:Q", title=None, scale=scale, axis={"tickCount": 4})
    interval = x | {"y": low, "y2": field("outcome_median_high")}
    middle = x | {"y": field("outcome_median:Q", scale=scale)}
    layers = [
        mark("rule", interval, color=_COLOURS[basis], strokeWidth=2),
        mark("point", middle, color=_COLOURS[basis], opacity=1),
    ]
    if difference:
        layers.insert(0, mark("rule", {"y": field("zero:Q")}, color=INK, strokeDash=[4, 3]) | _ZERO)
    return layered(
        frame.select("level", "outcome_median", "outcome_median_low", "outcome_median_high"),
        *layers,
        title={"text": first["measure_name"], "subtitle": f"{unit_name(first['unit'])}, {better}", "offset": 6},
        width=WIDTH // 2 - 40,
        height=150,
    )


def _reach(frame: pl.DataFrame, difference: bool) -> tuple[float, float]:
    """From the lowest to the highest end of an interval, with zero where the figures are differences."""
    ends = [value for name in ("low", "high") for value in frame[f"outcome_median_{name}"] if value is not None]
    ends += frame["outcome_median"].to_list() + [0.0] * difference
    margin = (max(ends) - min(ends)) * 0.06 or 0.5
    return min(ends) - margin, max(ends) + margin


def levels_alt(frame: pl.DataFrame, basis: str) -> str:
    """For each outcome the median at the lowest and at the highest level that is shown."""
    word = "fifth" if basis == "staff_survey_evidence" else "level"
    names = [name for name in policy()["main_outcomes"] if name in frame["measure_id"]]
    parts = []
    for name in names:
        group = frame.filter(pl.col("measure_id") == name).sort("level")
        low, high = group.row(0, named=True), group.row(-1, named=True)
        ends = (f"{number(row['outcome_median'], 2)} at {word} {row['level']}" for row in (low, high))
        parts.append(f"{low['measure_name']}: {' and '.join(ends)}")
    count = len(names)
    return f"Dot plot with intervals, {count} panel{'s' if count > 1 else ''}, medians by {word}. {'; '.join(parts)}."


def scale(low: float, high: float) -> tuple[float, float]:
    """A scale of correlations in steps of 0.2, with zero in its middle, that holds both ends."""
    end = math.ceil(max(abs(low), abs(high)) * 5) / 5
    return -end, end


def forest(charts: Charts, driver: Driver, frame: pl.DataFrame, domain: tuple[float, float]) -> Chart:
    """Estimates with intervals, a row for each outcome and basis. domain: the scale that all drivers share."""
    bases = policy()["bases"]
    drawn = frame.with_columns(
        basis=pl.col("basis").replace_strict(bases),
        told=pl.format("n {}, q {}", "n", pl.col("q_value").map_elements(q_words, return_dtype=pl.String)),
    ).select("measure_name", "basis", "rho", "rho_low", "rho_high", "told")
    present = [name for name in bases.values() if name in drawn["basis"]]
    places = {
        "y": field("measure_name:N", title=None, sort=_in_order(drawn), scale={"paddingInner": 0.3}),
        "yOffset": field("basis:N", sort=present, scale={"domain": present}),
    }
    colours = {"domain": present, "range": [BLUE, PURPLE][: len(present)]}
    shapes = {"domain": present, "range": ["circle", "square"][: len(present)]}
    legend = {"orient": "top", "symbolOpacity": 1}
    colour = {"color": field("basis:N", title=None, scale=colours, legend=legend)}
    interval = {"x": _scaled(domain), "x2": field("rho_high")}
    middle = {"x": field("rho:Q"), "shape": field("basis:N", scale=shapes)}
    chart = layered(
        drawn,
        mark("rule", {"x": field("zero:Q")}, color=INK, strokeWidth=1.5) | _ZERO,
        mark("rule", places | interval | colour, strokeWidth=2),
        mark("point", places | middle | colour, filled=True, opacity=1, size=60),
        mark("text", places | {"x": {"value": WIDTH - 460}, "text": field("told:N")}, align="left", dx=12, fontSize=12),
        width=WIDTH - 460,
        height={"step": 16, "for": "offset"},
    )
    return charts.draw(
        f"{driver.driver_id}_associations",
        chart,
        forest_alt(frame, domain),
        frame.select(
            *("basis", "measure_id", "measure_name", "outcome_domain", "exposure_period_key", "outcome_period_key"),
            *("n", "rho", "rho_low", "rho_high", "p_value", "q_value", "adjusted_rho", "adjusted_for", "sentence"),
        ),
        f"Association of “{driver.label}” with each outcome, all types of organisation, type by type",
        f"Staff survey, shared self-assessments and outcomes of {_span(frame['outcome_period_key'])}",
    )


def _in_order(drawn: pl.DataFrame) -> list[str]:
    """The outcomes in the order of their rows."""
    return drawn["measure_name"].unique(maintain_order=True).to_list()


def _scaled(domain: tuple[float, float]) -> Spec:
    ticks = [round(domain[0] + 0.2 * step, 1) for step in range(round((domain[1] - domain[0]) / 0.2) + 1)]
    axis = {"values": ticks, "format": ".1f", "orient": "bottom"}
    return field("rho_low:Q", scale={"domain": domain}, axis=axis, title="Spearman rho, 95% interval")


def forest_alt(frame: pl.DataFrame, domain: tuple[float, float]) -> str:
    """What is drawn, its range, the lowest and the highest estimate, and how many intervals leave out zero."""
    lowest, highest = frame.sort("rho", "measure_name").row(0, named=True), frame.sort("rho").row(-1, named=True)
    apart = len(frame.filter((pl.col("rho_low") > 0) | (pl.col("rho_high") < 0)))
    return (
        f"Forest plot of {len(frame)} associations with 95% intervals on a scale from {number(domain[0])} to "
        f"{number(domain[1])}; right of zero, more maturity goes with a better outcome. Estimates go from "
        f"{number(lowest['rho'], 2)} ({lowest['measure_name']}) to {number(highest['rho'], 2)} "
        f"({highest['measure_name']}). {apart} of {len(frame)} intervals leave out zero."
    )


def _span(periods: pl.Series) -> str:
    """The first and the last period by their keys."""
    keys = sorted(set(periods))
    return keys[0] if len(keys) == 1 else f"{keys[0]} to {keys[-1]}"
