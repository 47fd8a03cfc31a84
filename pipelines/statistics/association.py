"""Rank association between an exposure and an outcome across organisations.

Belongs here: the estimators and the control of the false discovery rate, on frames that are given. Does not belong
here: which pairs are looked at, how years are aligned and what the result is called, all of which is SQL.
"""

from __future__ import annotations

from math import atanh, isnan, sqrt, tanh
from typing import NamedTuple

import polars as pl

PAIR = ("basis", "exposure_id", "measure_id", "alignment", "organisation_type")
TEST_SET = ("family_id", "organisation_type", "alignment")
Z_95 = 1.959963984540054

ESTIMATES = {
    **dict.fromkeys((*PAIR, "family_id"), pl.String),
    "is_circular": pl.Boolean,
    "n": pl.Int64,
    "raw_rho": pl.Float64,
    "raw_rho_low": pl.Float64,
    "raw_rho_high": pl.Float64,
    "raw_tau_b": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
}


class RankAssociation(NamedTuple):
    """Spearman's rho with its 95 % interval and p, and Kendall's tau-b; all None where not to be estimated."""

    rho: float | None = None
    rho_low: float | None = None
    rho_high: float | None = None
    tau_b: float | None = None
    p_value: float | None = None


NOT_ESTIMATED = RankAssociation()


def bonett_wright_interval(rho: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a Spearman correlation of n pairs.

    Bonett and Wright (2000), Psychometrika 65:23-28: the variance of atanh(rho) is (1 + rho^2 / 2) / (n - 3).
    Raises ValueError for fewer than four pairs. Where |rho| is 1 the interval has no width.
    """
    if n < 4:
        raise ValueError(f"an interval needs at least 4 pairs, got {n}")
    if abs(rho) >= 1:
        return rho, rho
    half_width = Z_95 * sqrt((1 + rho**2 / 2) / (n - 3))
    return tanh(atanh(rho) - half_width), tanh(atanh(rho) + half_width)


def rank_association(exposure: list[float], outcome: list[float]) -> RankAssociation:
    """Spearman (average ranks, p from Student's t) and Kendall's tau-b of paired values.

    Not estimated where either side is constant: its ranks then say nothing. Raises ValueError on unequal lengths.
    """
    from scipy.stats import kendalltau, spearmanr

    if len(exposure) != len(outcome):
        raise ValueError(f"{len(exposure)} exposures cannot be paired with {len(outcome)} outcomes")
    if len(set(exposure)) < 2 or len(set(outcome)) < 2:
        return NOT_ESTIMATED
    rho, p_value = spearmanr(exposure, outcome)
    tau_b = kendalltau(exposure, outcome, method="asymptotic").statistic
    if isnan(rho) or isnan(tau_b):
        return NOT_ESTIMATED
    rho = max(-1.0, min(1.0, float(rho)))
    return RankAssociation(rho, *bonett_wright_interval(rho, len(exposure)), float(tau_b), float(p_value))


def benjamini_hochberg(p_values: list[float]) -> list[float]:
    """Adjusted p-values (q) of one family of tests, in the order given (Benjamini and Hochberg 1995)."""
    if not p_values:
        return []
    from scipy.stats import false_discovery_control

    return [float(q) for q in false_discovery_control(p_values, method="bh")]


def estimate(pairs: pl.DataFrame, minimum_n: int) -> pl.DataFrame:
    """One row per pair of exposure and outcome, alignment and organisation type.

    `pairs` has one row per organisation in it: the columns of PAIR, family_id, is_circular, exposure_value and
    outcome_value (any units; only ranks are used). Groups smaller than `minimum_n` keep their n and have no estimate.
    q is taken within family, organisation type and alignment; circular pairs have none and do not count in a family.
    """
    keys = [*PAIR, "family_id", "is_circular"]
    # The order of rows reaches the last digits of a float; two builds must not differ by it.
    ordered = pairs.sort(*keys, "exposure_value", "outcome_value")
    rows = [
        (*key, group.height, *_estimate_group(group, minimum_n), None)
        for key, group in ordered.group_by(keys, maintain_order=True)
    ]
    return _with_q_values(pl.DataFrame(rows, schema=ESTIMATES, orient="row"))


def _estimate_group(group: pl.DataFrame, minimum_n: int) -> RankAssociation:
    if group.height < minimum_n:
        return NOT_ESTIMATED
    return rank_association(group["exposure_value"].to_list(), group["outcome_value"].to_list())


def _with_q_values(estimates: pl.DataFrame) -> pl.DataFrame:
    is_tested = pl.col("p_value").is_not_null() & ~pl.col("is_circular")
    tested = estimates.filter(is_tested)
    families = [
        family.with_columns(q_value=pl.Series(benjamini_hochberg(family["p_value"].to_list()), dtype=pl.Float64))
        for _, family in tested.group_by(TEST_SET, maintain_order=True)
    ]
    return pl.concat([estimates.filter(~is_tested), *families]).sort(PAIR)
