"""One rank correlation from those of several organisation types.

Belongs here: what combines correlations that were each taken within one type. Does not belong here: how one is
estimated. Types differ in the exposure and in the outcome, so that a correlation over all of them at once would take
those differences for an association.
"""

from __future__ import annotations

from math import atanh, sqrt, tanh
from typing import NamedTuple

import numpy as np

from pipelines.statistics.intervals import Z_95
from pipelines.statistics.ranks import RankAssociation, normal_p_value

# A smaller type adds nothing (its weight is n - 3) and its rho is 1 or -1 by chance too often. See README.md.
MINIMUM_STRATUM = 5


class Heterogeneity(NamedTuple):
    """Whether types differ in their correlation more than chance would have it; I² as a share from 0 to 1."""

    cochran_q: float | None = None
    p_value: float | None = None
    i_squared: float | None = None


def pooled_association(rhos: list[float], sizes: list[int]) -> RankAssociation:
    """Fisher's z of each type, weighted by n - 3; the interval has the variance of Bonett and Wright.

    Hedges and Olkin (1985), Statistical Methods for Meta-Analysis, chapter 11. p is that of the pooled z, whose
    variance under no association is 1 / sum(n - 3).
    """
    weight = float(sum(size - 3 for size in sizes))
    rho = float(pooled_rhos(np.array([rhos]).T, np.array([sizes]).T)[0])
    half_width = Z_95 * sqrt((1 + rho**2 / 2) / weight)
    low, high = tanh(atanh(rho) - half_width), tanh(atanh(rho) + half_width)
    return RankAssociation(rho, low, high, normal_p_value(atanh(rho) * sqrt(weight)))


def pooled_rhos(rhos: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The pooled correlation of each column; one row per type. A type that is too small or has none is left out.

    One type is returned as it is. Not a number where no type is left.
    """
    if len(rhos) == 1:
        return rhos[0]
    weights = np.where(np.isnan(rhos) | (sizes < MINIMUM_STRATUM), 0.0, sizes - 3.0)
    with np.errstate(invalid="ignore"):
        return np.tanh((weights * _fisher(rhos, sizes)).sum(axis=0) / weights.sum(axis=0))


def heterogeneity(rhos: list[float], sizes: list[int]) -> Heterogeneity:
    """Cochran's Q of the z of types, its p by chi-squared, and I² = (Q - df) / Q, not below 0.

    Cochran (1954), Biometrics 10:101-129; Higgins and Thompson (2002), Statistics in Medicine 21:1539-1558.
    """
    from scipy.special import chdtrc

    if len(rhos) < 2:
        return Heterogeneity()
    z, weights = _fisher(np.array(rhos), np.array(sizes)), np.array(sizes) - 3.0
    q = float((weights * (z - (weights * z).sum() / weights.sum()) ** 2).sum())
    freedom = len(rhos) - 1
    return Heterogeneity(q, float(chdtrc(freedom, q)), max(0.0, (q - freedom) / q) if q > 0 else 0.0)


def _fisher(rhos: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """atanh; what is nearer to 1 or -1 than ranks with one swap of neighbours (n = 5: 0.9) counts as that.

    A perfect correlation would have an infinite z.
    """
    most = 1 - 12 / np.maximum(sizes * (sizes**2 - 1.0), 24.0)
    return np.arctanh(np.clip(np.nan_to_num(rhos), -most, most))
