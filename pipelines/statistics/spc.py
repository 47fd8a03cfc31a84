"""XmR charts: the limits of a series and the four rules of NHS England's Making Data Count.

Belongs here: limits, rules, variation and assurance of series that are given. Does not belong here: which series are
charted, where they are cut or rebased, and why: SQL and its lists.

Limits, rules and their precedence are those of the R package NHSRplotthedots 0.2.2. It draws limits from the whole
series unless told otherwise, and so does this. What it leaves open is decided here: where a period is missing no moving
range is taken across the gap, and no run goes on after it.

Arrays hold all series one below the other, in the order of time; `starts` is true where a point does not follow the
one above it: at the first point of each series and after each gap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

LIMIT = 2.66
NEAR_SHARE = 2 / 3
SCREEN = 3.267
"""A moving range of this many times the mean range or more does not count for the limits (the R package's default)."""
RUN = 7
ESTABLISHED_POINTS = 13
"""With fewer points, limits are trial limits."""

RULES = ("outside_limits", "trend", "two_of_three", "shift")
"""In the order of precedence."""
DIRECTIONS = {"higher_is_better": 1, "lower_is_better": -1}
SERIES = ("measure_id", "org_code", "period_type", "series_no")
CHARTED = {
    "centre_line": pl.Float64,
    "lower_process_limit": pl.Float64,
    "upper_process_limit": pl.Float64,
    "n_points": pl.Int32,
    "rule": pl.String,
    "variation": pl.String,
    "assurance": pl.String,
    "interim_assurance": pl.String,
    "is_trial_limits": pl.Boolean,
}


class Limits(NamedTuple):
    """The mean and the process limits of the series that each point belongs to."""

    mean: Numbers
    lower: Numbers
    upper: Numbers


def limits(
    values: Numbers, series: NDArray, starts: Flags, *, screen: float | None = SCREEN, fixed_after: int | None = None
) -> Limits:
    """The mean plus and minus 2.66 mean moving ranges.

    series: a whole number from 0 on for each point. screen: moving ranges from this many mean ranges on are left out,
    once; None takes all. fixed_after: only so many first points of each series make its limits; None takes all.
    Where no moving range is left, the limits are not a number.
    """
    used = np.ones(len(values), dtype=bool) if fixed_after is None else _place(series) < fixed_after
    ranges = np.abs(np.diff(values, prepend=np.nan))
    counts = used & ~starts
    mean_range = _mean(ranges, counts, series)
    if screen is not None:
        mean_range = _mean(ranges, counts & (ranges < screen * mean_range), series)
    mean = _mean(values, used, series)
    return Limits(mean, mean - LIMIT * mean_range, mean + LIMIT * mean_range)


def _place(series: NDArray) -> NDArray:
    """The place of each point in its series, from 0 on."""
    firsts = np.concatenate(([True], series[1:] != series[:-1]))
    return np.arange(len(series)) - np.maximum.accumulate(np.where(firsts, np.arange(len(series)), 0))


def _mean(values: Numbers, counts: Flags, series: NDArray) -> Numbers:
    size = int(series.max(initial=-1)) + 1
    total = np.bincount(series[counts], weights=values[counts], minlength=size)
    with np.errstate(invalid="ignore"):
        return (total / np.bincount(series[counts], minlength=size))[series]


def outside(values: Numbers, within: Limits) -> NDArray:
    """1 above the upper limit, -1 below the lower one, else 0."""
    return (values > within.upper).astype(int) - (values < within.lower)


def trend(values: Numbers, starts: Flags) -> NDArray:
    """1 for each point of seven or more that rise one after the other, -1 where they fall, else 0.

    A turning point that ends one trend and begins another counts for the one that it begins.
    """
    steps = np.diff(values, prepend=np.nan)
    rising, falling = ((_in_a_row(steps * sign > 0, starts) >= RUN - 1) for sign in (1, -1))
    rises, falls = _covered(rising, RUN), _covered(falling, RUN)
    next_steps = np.append(steps[1:], np.nan)
    both = np.where(next_steps > 0, 1, -1)
    return np.where(rises & falls, both, rises.astype(int) - falls)


def shift(values: Numbers, mean: Numbers, starts: Flags) -> NDArray:
    """1 for each of seven or more points in a row above the mean, -1 below it, else 0; a point on it ends the run."""
    sides = np.sign(values - mean)
    above, below = (_covered(_run(sides == side, starts) >= RUN, RUN) for side in (1, -1))
    return above.astype(int) - below


def two_of_three(values: Numbers, within: Limits, starts: Flags) -> NDArray:
    """1 for each point near the upper limit where two of three in a row are, all three above the mean; -1 below.

    Near is beyond two thirds of the way from the mean to the limit, but not outside it.
    """
    near = (np.abs(values - within.mean) > (within.upper - within.mean) * NEAR_SHARE) & (outside(values, within) == 0)
    sides = (values > within.mean, values < within.mean)
    above, below = (side & near & _covered(_has_two(side & near, side, starts), 3) for side in sides)
    return above.astype(int) - below


def _has_two(near: Flags, side: Flags, starts: Flags) -> Flags:
    """Whether a point is the third of three in a row on this side, at least two of them near the limit."""
    count = np.convolve(near, np.ones(3, dtype=int))[: len(near)]
    return (_run(side, starts) >= 3) & (count >= 2)


def _run(holds: Flags, starts: Flags) -> NDArray:
    """How many points in a row up to this one it holds for; a start begins a new row."""
    index = np.arange(len(holds))
    before = np.where(holds, np.where(starts, index - 1, -1), index)
    return index - np.maximum.accumulate(before)


def _in_a_row(holds: Flags, starts: Flags) -> NDArray:
    """How many steps in a row up to this point it holds for; the step to a start is none."""
    return _run(holds & ~starts, starts)


def _covered(ends: Flags, length: int) -> Flags:
    """Whether one of this and the next `length` - 1 points ends such a row: then the point is part of it."""
    padded = np.append(ends, np.zeros(length - 1, dtype=bool))
    return np.lib.stride_tricks.sliding_window_view(padded, length).any(axis=1)


def special_cause(values: Numbers, within: Limits, starts: Flags) -> tuple[NDArray, NDArray]:
    """The first rule that holds for each point, as its place in RULES or -1, and its direction: 1, -1 or 0."""
    directions = np.stack(
        [
            outside(values, within),
            trend(values, starts),
            two_of_three(values, within, starts),
            shift(values, within.mean, starts),
        ]
    )
    rule = np.where(directions.any(axis=0), (directions != 0).argmax(axis=0), -1)
    return rule, np.where(rule >= 0, np.take_along_axis(directions, np.maximum(rule, 0)[None], axis=0)[0], 0)


def variation(direction: NDArray, better: NDArray) -> list[str]:
    """The category of each point. better: 1 where higher is better, -1 where lower is, 0 where neither."""
    kinds = {1: "improvement", -1: "concern", 0: "neutral"}
    found = zip(direction.tolist(), better.tolist(), strict=True)
    return [f"{kinds[way * good]}_{'high' if way > 0 else 'low'}" if way else "common_cause" for way, good in found]


def assurance(lower: Numbers, upper: Numbers, target: Numbers, better: NDArray) -> list[str | None]:
    """Whether the process can be expected to meet a target: consistent_pass, consistent_fail or inconsistent.

    None where there is no target, no limit, or no direction that is better.
    """
    beyond = np.where(target > upper, 1, np.where(target < lower, -1, 0)) * better
    is_known = ~np.isnan(target) & ~np.isnan(upper) & (better != 0)
    words = {1: "consistent_fail", 0: "inconsistent", -1: "consistent_pass"}
    return [words[side] if known else None for side, known in zip(beyond.tolist(), is_known.tolist(), strict=True)]


def draw(figures: pl.DataFrame, screen: float | None = SCREEN, fixed_after: int | None = None) -> pl.DataFrame:
    """The limits of every series, and each of its points judged: one row for each row given, with CHARTED.

    `figures` has measure_id, org_code, period_type, series_no (a new number where a series is cut or rebased),
    period_no (whole, one more for each period), value, polarity, target and interim_target. A series that does not
    vary has no limits, because any change at all would lie outside them.
    """
    ordered = figures.sort(*SERIES, "period_no")
    if ordered.is_empty():
        return ordered.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in CHARTED.items())
    values = ordered["value"].to_numpy()
    series = ordered.select(pl.struct(SERIES).rle_id()).to_series().to_numpy().astype(np.int64)
    starts = (np.diff(ordered["period_no"].to_numpy(), prepend=0) != 1) | (np.diff(series, prepend=-1) != 0)
    within = limits(values, series, starts, screen=screen, fixed_after=fixed_after)
    judged = ordered.with_columns(_judged(ordered, values, within, starts))
    counted = judged.with_columns(pl.len().over(SERIES).cast(pl.Int32).alias("n_points")).with_columns(
        (pl.col("n_points") < ESTABLISHED_POINTS).alias("is_trial_limits")
    )
    varies = pl.col("upper_process_limit") > pl.col("lower_process_limit")
    return counted.select(*ordered.columns, *(pl.when(varies).then(pl.col(name)).alias(name) for name in CHARTED))


def _judged(ordered: pl.DataFrame, values: Numbers, within: Limits, starts: Flags) -> list[pl.Series]:
    rule, direction = special_cause(values, within, starts)
    better = ordered["polarity"].replace_strict(DIRECTIONS, default=0, return_dtype=pl.Int64).to_numpy()
    standard, interim = (ordered[name].fill_null(np.nan).to_numpy() for name in ("target", "interim_target"))
    judged = {
        "centre_line": within.mean,
        "lower_process_limit": within.lower,
        "upper_process_limit": within.upper,
        "rule": [RULES[place] if place >= 0 else None for place in rule.tolist()],
        "variation": variation(direction, better),
        "assurance": assurance(within.lower, within.upper, standard, better),
        "interim_assurance": assurance(within.lower, within.upper, interim, better),
    }
    return [pl.Series(name, found, dtype=CHARTED[name], nan_to_null=True) for name, found in judged.items()]
