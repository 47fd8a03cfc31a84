"""Funnel limits that allow for over-dispersion: what is expected of an organisation of its size.

Belongs here: the spread between organisations, the limits that follow from it, on figures that are given. Does not
belong here: which organisations can be compared, which periods are drawn, what a row is called: SQL and its lists.

The spread between organisations is tau squared of DerSimonian and Laird (1986), as Spiegelhalter (2005), Statistics
in Medicine 24:1185-1202, adds it to the variance by chance. Extreme organisations must not widen the limits by which
they are judged. Ratios follow the Summary Hospital-level Mortality Indicator, whose publisher leaves the lowest and
the highest tenth out (truncation). For proportions the outer tenths are moved in to the nearest value kept
(Winsorising), as Spiegelhalter and CQC do: groups may be as small as ten, and each still counts.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.intervals import Z_95, Z_998, Bounds, exact_binomial, exact_poisson, wilson

Numbers = NDArray[np.float64]

TRIMMED_SHARE = 0.1
WITHHELD_ABOVE_PHI = Z_998**2
"""Above it the typical organisation lies outside 99.8 % limits by chance alone, which are then withheld: denominators
are so large that chance explains next to nothing of how organisations differ."""

GROUP = ("measure_id", "period_type", "period_key", "comparison_group")
LIMITS = {
    "comparison_n": pl.Int32,
    "centre_line": pl.Float64,
    "lower_limit_95": pl.Float64,
    "upper_limit_95": pl.Float64,
    "lower_limit_998": pl.Float64,
    "upper_limit_998": pl.Float64,
    "tau_squared": pl.Float64,
    "phi": pl.Float64,
    "unadjusted_lower_limit_998": pl.Float64,
    "unadjusted_upper_limit_998": pl.Float64,
    "is_unadjusted_withheld": pl.Boolean,
    "value_low": pl.Float64,
    "value_high": pl.Float64,
}
BY_CHANCE = ("unadjusted_lower_limit_998", "unadjusted_upper_limit_998", "value_low", "value_high")


class Spread(NamedTuple):
    """How far organisations differ beyond chance: those used, those trimmed at each end, phi and tau squared."""

    n: int
    trimmed: int
    phi: float
    tau_squared: float


class Transformed(NamedTuple):
    """Figures on the scale on which they are compared: how far from the centre, and the standard error by chance."""

    difference: Numbers
    standard_error: Numbers


def spread(figures: Transformed, extremes: Literal["truncate", "winsorise"]) -> Spread:
    """Phi, the mean squared z, and tau squared, never below 0. Raises ValueError for fewer than three organisations."""
    z, weights = figures.difference / figures.standard_error, figures.standard_error**-2
    if len(z) < 3:
        raise ValueError(f"a spread needs at least 3 organisations, got {len(z)}")
    trimmed = int(TRIMMED_SHARE * len(z))
    order = np.argsort(z, kind="stable")
    kept = order[trimmed : len(z) - trimmed]
    if extremes == "truncate":
        z, weights = z[kept], weights[kept]
    else:
        z = np.clip(z, z[kept[0]], z[kept[-1]])
    phi, n = float(np.mean(z**2)), len(z)
    between = (n * phi - (n - 1)) / (weights.sum() - (weights**2).sum() / weights.sum())
    return Spread(n, trimmed, phi, max(0.0, float(between)))


def of_ratios(ratio: ArrayLike, expected: ArrayLike) -> Transformed:
    """Logarithms of observed over expected counts; the centre is a ratio of 1. No event counts as half an event."""
    ratio, expected = np.asarray(ratio, dtype=float), np.asarray(expected, dtype=float)
    return Transformed(np.log(np.maximum(ratio, 0.5 / expected)), 1 / np.sqrt(expected))


def of_proportions(share: ArrayLike, n: ArrayLike, centre: float) -> Transformed:
    """Arcsines of the roots of proportions, 0 to 1, from that of the centre."""
    share, n = np.asarray(share, dtype=float), np.asarray(n, dtype=float)
    return Transformed(np.arcsin(np.sqrt(share)) - np.arcsin(np.sqrt(centre)), 1 / (2 * np.sqrt(n)))


def ratio_limits(expected: ArrayLike, tau_squared: float, z: float) -> Bounds:
    """Limits around a ratio of 1; without a spread, those of chance alone on the logarithmic scale."""
    width = z * np.sqrt(1 / np.asarray(expected, dtype=float) + tau_squared)
    return np.exp(-width), np.exp(width)


def proportion_limits(n: ArrayLike, centre: float, tau_squared: float, z: float) -> Bounds:
    """Limits around a proportion, 0 to 1; where the scale ends, so do they."""
    width = z * np.sqrt(1 / (4 * np.asarray(n, dtype=float)) + tau_squared)
    middle = np.arcsin(np.sqrt(centre))
    low, high = np.maximum(middle - width, 0.0), np.minimum(middle + width, np.pi / 2)
    return np.sin(low) ** 2, np.sin(high) ** 2


def poisson_limits(expected: ArrayLike, confidence: float) -> Bounds:
    """Exact limits of observed over expected counts, by chance alone."""
    low, high = exact_poisson(expected, confidence)
    return low / np.asarray(expected, dtype=float), high / np.asarray(expected, dtype=float)


def draw(figures: pl.DataFrame) -> pl.DataFrame:
    """Limits of every figure; one row for each row given, with the columns of LIMITS.

    `figures` has the columns of GROUP, org_code, unit ('ratio' or 'percent'), value in that unit, numerator and
    denominator (for a ratio the expected count). Rows of one group are compared with one another.
    """
    ordered = figures.sort(*GROUP, "org_code")
    groups = [_draw_group(group) for group in ordered.partition_by(GROUP, maintain_order=True)]
    empty = ordered.clear().with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in LIMITS.items())
    return pl.concat([empty, *groups])


def _draw_group(group: pl.DataFrame) -> pl.DataFrame:
    limits = _of_ratios if group["unit"][0] == "ratio" else _of_percentages
    drawn = limits(*(group[name].to_numpy() for name in ("value", "numerator", "denominator")))
    is_withheld = drawn["phi"] > WITHHELD_ABOVE_PHI
    drawn |= {"comparison_n": group.height, "is_unadjusted_withheld": is_withheld}
    drawn |= dict.fromkeys(BY_CHANCE) if is_withheld else {}
    columns = (pl.lit(drawn[name]) if np.ndim(drawn[name]) == 0 else pl.Series(drawn[name]) for name in LIMITS)
    return group.with_columns(
        column.cast(kind).alias(name) for column, (name, kind) in zip(columns, LIMITS.items(), strict=True)
    )


def _of_ratios(value: Numbers, observed: Numbers, expected: Numbers) -> dict[str, Any]:
    found = spread(of_ratios(value, expected), "truncate")
    low, high = exact_poisson(observed, 0.95)
    bounds = {
        "95": ratio_limits(expected, found.tau_squared, Z_95),
        "998": ratio_limits(expected, found.tau_squared, Z_998),
        "by_chance": poisson_limits(expected, 0.998),
        "own": (low / expected, high / expected),
    }
    return _named(1.0, found, bounds)


def _of_percentages(value: Numbers, numerator: Numbers, n: Numbers) -> dict[str, Any]:
    centre = float(numerator.sum() / n.sum())
    found = spread(of_proportions(value / 100, n, centre), "winsorise")
    bounds = {
        "95": proportion_limits(n, centre, found.tau_squared, Z_95),
        "998": proportion_limits(n, centre, found.tau_squared, Z_998),
        "by_chance": exact_binomial(centre * n, n, 0.998),
        "own": wilson(numerator, n, 0.95),
    }
    return _named(100 * centre, found, {name: (100 * low, 100 * high) for name, (low, high) in bounds.items()})


def _named(centre: float, found: Spread, bounds: dict[str, Bounds]) -> dict[str, Any]:
    return {
        "centre_line": centre,
        "lower_limit_95": bounds["95"][0],
        "upper_limit_95": bounds["95"][1],
        "lower_limit_998": bounds["998"][0],
        "upper_limit_998": bounds["998"][1],
        "tau_squared": found.tau_squared,
        "phi": found.phi,
        "unadjusted_lower_limit_998": bounds["by_chance"][0],
        "unadjusted_upper_limit_998": bounds["by_chance"][1],
        "value_low": bounds["own"][0],
        "value_high": bounds["own"][1],
    }
