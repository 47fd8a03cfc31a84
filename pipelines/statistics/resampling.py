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
# Larger arrays leave the processor's cache and cost twice as much.
CELLS_AT_ONCE = 20_000


def weighted_rhos(exposure: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Spearman's rho under each column of weights (one row per organisation); not a number where it has none.

    With whole weights it is the rho of organisations that stand in the data that often. Exact for those: sums of
    quarters do not depend on their order.
    """
    columns = max(1, CELLS_AT_ONCE // len(exposure))
    blocks = [weights[:, start : start + columns] for start in range(0, weights.shape[1], columns)]
    return np.concatenate([_weighted_rhos(exposure, outcome, block) for block in blocks])


def _weighted_rhos(exposure: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> np.ndarray:
    order = np.argsort(outcome, kind="stable")
    exposure, outcome, weights = exposure[order], outcome[order], weights[order]
    first = _first_of_ties(outcome)
    tied = _summed(weights, first)
    y = _ranks_of_ties(tied)
    products = tied * y
    y_squares = np.einsum("ij,ij->j", products, y)
    if len(first) < len(outcome):
        products = weights * np.repeat(y, np.diff(np.append(first, len(outcome))), axis=0)
    order = np.argsort(exposure, kind="stable")
    first = _first_of_ties(exposure[order])
    tied, products = _summed(weights[order], first), _summed(products[order], first)
    x = _ranks_of_ties(tied)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.einsum("ij,ij->j", x, products) / np.sqrt(np.einsum("ij,ij,ij->j", x, x, tied) * y_squares)


def _first_of_ties(values: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))


def _summed(weights: np.ndarray, first: np.ndarray) -> np.ndarray:
    return weights if len(first) == len(weights) else np.add.reduceat(weights, first, axis=0)


def _ranks_of_ties(tied: np.ndarray) -> np.ndarray:
    """Average ranks of sorted values less their mean, the weight of each value given."""
    ranks = np.cumsum(tied, axis=0)
    centre = ranks[-1] / 2
    ranks -= tied / 2
    ranks -= centre
    return ranks


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
