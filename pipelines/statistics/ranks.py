"""Rank correlation of one group of organisations: Spearman, Kendall, Somers, the ordered trend and their interval.

Belongs here: what is computed from one group's values. Does not belong here: what combines groups (`pooling`), takes
covariates out (`adjustment`) or draws again (`resampling`).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import atanh, sqrt, tanh
from typing import NamedTuple

import numpy as np

from pipelines.statistics.intervals import Z_95


class RankAssociation(NamedTuple):
    """Spearman's rho with its 95 % interval and p; all None where not to be estimated."""

    rho: float | None = None
    rho_low: float | None = None
    rho_high: float | None = None
    p_value: float | None = None


class Concordance(NamedTuple):
    """Pairs of organisations that agree less those that disagree, and what is needed to judge that number.

    Pairs of organisations of one group can be added up over groups, and so can the variance under no association.
    """

    score: int
    untied_exposure: int
    untied_outcome: int
    variance: float


NOT_ESTIMATED = RankAssociation()


def bonett_wright_interval(rho: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a Spearman correlation of n pairs (less one for each covariate taken out).

    Bonett and Wright (2000), Psychometrika 65:23-28: the variance of atanh(rho) is (1 + rho^2 / 2) / (n - 3).
    Raises ValueError for fewer than four pairs. Where |rho| is 1 the interval has no width.
    """
    if n < 4:
        raise ValueError(f"an interval needs at least 4 pairs, got {n}")
    if abs(rho) >= 1:
        return rho, rho
    half_width = Z_95 * sqrt((1 + rho**2 / 2) / (n - 3))
    return tanh(atanh(rho) - half_width), tanh(atanh(rho) + half_width)


def rank_association(exposure: np.ndarray, outcome: np.ndarray) -> RankAssociation:
    """Spearman of paired values (average ranks, p from Student's t), as scipy.stats.spearmanr has it.

    Not estimated where either side is constant: its ranks then say nothing. Raises ValueError on unequal lengths.
    """
    if len(exposure) != len(outcome):
        raise ValueError(f"{len(exposure)} exposures cannot be paired with {len(outcome)} outcomes")
    if is_constant(exposure) or is_constant(outcome):
        return NOT_ESTIMATED
    x, y = centred_ranks(exposure), centred_ranks(outcome)
    rho = correlation(x, y)
    return RankAssociation(rho, *bonett_wright_interval(rho, len(x)), students_p_value(rho, len(x) - 2))


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's correlation of values that are centred and not constant."""
    return max(-1.0, min(1.0, float(x @ y / sqrt((x @ x) * (y @ y)))))


def students_p_value(correlation: float, freedom: int) -> float:
    """Two-sided p of no correlation, by Student's t."""
    from scipy.special import stdtr

    if abs(correlation) >= 1:
        return 0.0
    return float(2 * stdtr(freedom, -abs(correlation) * sqrt(freedom / (1 - correlation**2))))


def normal_p_value(z: float) -> float:
    """Two-sided p of a standard normal value."""
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def is_constant(values: np.ndarray) -> bool:
    """Whether there are no two different values."""
    return len(values) == 0 or bool((values == values[0]).all())


def centred_ranks(values: np.ndarray) -> np.ndarray:
    """Average ranks less their mean."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    tied = np.diff(np.append(first, len(values)))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(first + tied / 2, tied)
    return ranks - len(values) / 2


def concordance(exposure: np.ndarray, outcome: np.ndarray) -> Concordance | None:
    """Kendall's score of paired values, with ties; None where either side is constant.

    The variance is that of Kendall (1970), Rank Correlation Methods, 4th ed., section 4.5, with ties on both sides.
    """
    if is_constant(exposure) or is_constant(outcome):
        return None
    signs = [np.sign(np.subtract.outer(side, side)).astype(np.int8) for side in (exposure, outcome)]
    ties = [np.unique(side, return_counts=True)[1].astype(float) for side in (exposure, outcome)]
    untied = [np.count_nonzero(sign) // 2 for sign in signs]
    return Concordance(int((signs[0] * signs[1]).sum()) // 2, *untied, _score_variance(len(exposure), *ties))


def _score_variance(n: int, x: np.ndarray, y: np.ndarray) -> float:
    pairs, triples = n * (n - 1), n * (n - 1) * (n - 2)
    x_pairs, y_pairs = x * (x - 1), y * (y - 1)
    untied = pairs * (2 * n + 5) - (x_pairs * (2 * x + 5)).sum() - (y_pairs * (2 * y + 5)).sum()
    both = (x_pairs * (x - 2)).sum() * (y_pairs * (y - 2)).sum() / (9 * max(triples, 1))
    return float(untied / 18 + x_pairs.sum() * y_pairs.sum() / (2 * pairs) + both)


def tau_b(groups: Iterable[Concordance]) -> float:
    """Kendall's tau-b over the pairs of organisations within the groups; of one group, the usual tau-b."""
    score, exposure, outcome, _ = map(sum, zip(*groups, strict=True))
    return score / sqrt(exposure * outcome)


def somers_d(groups: Iterable[Concordance]) -> float:
    """Somers' D of the outcome given the exposure: (concordant - discordant) / pairs that differ in the exposure.

    Somers (1962), American Sociological Review 27:799-811; over the pairs of organisations within the groups.
    """
    score, exposure, _, _ = map(sum, zip(*groups, strict=True))
    return score / exposure


def trend_p_value(groups: Iterable[Concordance]) -> float:
    """Two-sided p of an ordered trend of the outcome over levels, the concordance of level and outcome given.

    Jonckheere (1954), Biometrika 41:133-145, and Terpstra (1952): their statistic less its mean is half of Kendall's
    score of level and outcome, so that the normal test with ties is Kendall's. Groups are added up, so that only
    organisations of one group are compared. Without correction for continuity.
    """
    score, _, _, variance = map(sum, zip(*groups, strict=True))
    return normal_p_value(score / sqrt(variance))


def benjamini_hochberg(p_values: list[float]) -> list[float]:
    """Adjusted p-values (q) of one family of tests, in the order given (Benjamini and Hochberg 1995)."""
    if not p_values:
        return []
    from scipy.stats import false_discovery_control

    return [float(q) for q in false_discovery_control(p_values, method="bh")]
