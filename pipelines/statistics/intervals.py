"""Confidence intervals of counts and proportions, over whole columns at once.

Belongs here: intervals that rest on sampling alone. Does not belong here: limits that allow for over-dispersion
(funnel.py), or limits of a series (spc.py).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]

Z_95 = 1.959963984540054
Z_998 = 3.090232306167813
"""Standard normal values that 95 % and 99.8 % lie within."""


def exact_poisson(count: ArrayLike, confidence: float) -> Bounds:
    """The exact interval of the mean of a Poisson count, from quantiles of chi-square (Garwood 1936).

    `count` need not be whole: an expected count gives the limits of a funnel. The lower end for 0 is 0.
    """
    from scipy.stats import chi2

    count, tail = np.asarray(count, dtype=float), (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(count > 0, chi2.ppf(tail, 2 * count) / 2, 0.0)
    return low, chi2.ppf(1 - tail, 2 * (count + 1)) / 2


def exact_binomial(count: ArrayLike, n: ArrayLike, confidence: float) -> Bounds:
    """The exact interval of a proportion, 0 to 1, from quantiles of beta (Clopper and Pearson 1934).

    `count` need not be whole: an expected count gives the limits of a funnel. It lies between 0 and `n`.
    """
    from scipy.stats import beta

    count, n, tail = np.asarray(count, dtype=float), np.asarray(n, dtype=float), (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(count > 0, beta.ppf(tail, count, n - count + 1), 0.0)
        high = np.where(count < n, beta.ppf(1 - tail, count + 1, n - count), 1.0)
    return low, high


def wilson(count: ArrayLike, n: ArrayLike, confidence: float) -> Bounds:
    """The score interval of a proportion, 0 to 1 (Wilson 1927, without continuity correction; as Fingertips has it)."""
    from scipy.stats import norm

    count, n, z = np.asarray(count, dtype=float), np.asarray(n, dtype=float), norm.ppf((1 + confidence) / 2)
    centre = (count + z**2 / 2) / (n + z**2)
    half_width = z * np.sqrt(count * (n - count) / n + z**2 / 4) / (n + z**2)
    return np.maximum(centre - half_width, 0.0), np.minimum(centre + half_width, 1.0)
