"""Rank correlation of one group under many sets of weights: drawn again, without a region, or by inverse probability.

Belongs here: weights and the correlation under them. Does not belong here: how groups are combined (`pooling`).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

import numpy as np

# (draws + 1) * 0.025 is a whole number, so that the bounds are draws (Davison and Hinkley 1997, section 5.2).
DRAWS = 599
# Draws without an estimate (all of one value) that an interval may leave out.
MOST_WITHOUT = 0.05


def weighted_rhos(exposure: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Spearman's rho under each column of weights (one row per organisation); not a number where it has none.

    With whole weights it is the rho of organisations that stand in the data that often. Exact for those: sums of
    quarters do not depend on their order.
    """
    order = np.argsort(outcome, kind="stable")
    exposure, outcome, weights = exposure[order], outcome[order], weights[order]
    y, y_squares = _weighted_ranks(outcome, weights)
    order = np.argsort(exposure, kind="stable")
    first = _first_of_ties(exposure[order])
    tied, products = (_summed(values[order], first) for values in (weights, weights * y))
    x = _ranks_of_ties(tied)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x * products).sum(axis=0) / np.sqrt((x * x * tied).sum(axis=0) * y_squares)


def _weighted_ranks(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average ranks of sorted values less their mean, and the weighted sum of their squares."""
    first = _first_of_ties(values)
    tied = _summed(weights, first)
    ranks = _ranks_of_ties(tied)
    squares = (ranks * ranks * tied).sum(axis=0)
    return np.repeat(ranks, np.diff(np.append(first, len(values))), axis=0), squares


def _first_of_ties(values: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))


def _summed(weights: np.ndarray, first: np.ndarray) -> np.ndarray:
    return weights if len(first) == len(weights) else np.add.reduceat(weights, first, axis=0)


def _ranks_of_ties(tied: np.ndarray) -> np.ndarray:
    ranks = np.cumsum(tied, axis=0)
    return ranks - tied / 2 - ranks[-1] / 2


@lru_cache(maxsize=128)
def bootstrap_weights(n: int, key: str, draws: int = DRAWS) -> np.ndarray:
    """How often each of n organisations is drawn in each draw of n; the same for the same n and key."""
    generator = np.random.default_rng(int.from_bytes(sha256(f"{key}|{n}".encode()).digest()[:8], "big"))
    drawn = generator.integers(0, n, size=(n, draws)) * draws + np.arange(draws)
    # Sums of up to 2^24 quarters are exact in single precision, which takes half the time.
    return np.bincount(drawn.ravel(), minlength=n * draws).reshape(n, draws).astype(np.float32)


def weights_without(groups: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """One column per group that is left out, which weighs its organisations 0 and all others 1."""
    return (groups[:, None] != left_out[None, :]).astype(float)


def percentile_interval(draws: np.ndarray) -> tuple[float | None, float | None]:
    """The 2.5th and 97.5th percentile of draws; None where too many of them have no estimate."""
    known = np.sort(draws[~np.isnan(draws)])
    if len(known) < (1 - MOST_WITHOUT) * len(draws):
        return None, None
    place = 0.025 * (len(known) + 1) - 1
    low, high = np.interp([place, len(known) - 1 - place], np.arange(len(known)), known)
    return float(low), float(high)


def least_and_greatest(values: np.ndarray) -> tuple[float | None, float | None]:
    """The range of the values that are known; None of none."""
    known = values[~np.isnan(values)]
    return (float(known.min()), float(known.max())) if len(known) else (None, None)
