"""Proportional odds of a better rating: the association with an outcome that has few ordered levels.

Belongs here: the model and when its estimate is to be believed. Does not belong here: which outcomes are ordinal.
"""

from __future__ import annotations

import warnings
from math import exp, isfinite
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from pipelines.statistics.intervals import Z_95
from pipelines.statistics.ranks import is_constant

# A log odds ratio per standard deviation that is known worse (an interval over a factor of 50) comes from levels that
# hardly overlap.
LARGEST_STANDARD_ERROR = 1.0


class OddsRatio(NamedTuple):
    """Odds ratio of a higher level for one standard deviation more, with its 95 % interval (Wald)."""

    ratio: float | None = None
    low: float | None = None
    high: float | None = None


NO_RATIO = OddsRatio()


def proportional_odds(groups: np.ndarray, exposure: np.ndarray, outcome: np.ndarray) -> OddsRatio:
    """McCullagh (1980), JRSS B 42:109-142, by statsmodels; the standard deviation is that within groups.

    Groups stand in the model as dummies; one whose outcomes are all equal says nothing and is left out. None where
    there are fewer than two levels, where the exposure orders the levels without overlap, and where the fit has not
    converged.
    """
    varies = [group for group in np.unique(groups) if not is_constant(outcome[groups == group])]
    kept = np.isin(groups, varies)
    if not kept.any():
        return NO_RATIO
    dummies = (groups[kept][:, None] == np.array(varies[1:])[None, :]).astype(float)
    scaled = _standardised(groups[kept], exposure[kept])
    levels = np.unique(outcome[kept], return_inverse=True)[1]
    if scaled is None or _is_separated(scaled, levels):
        return NO_RATIO
    return _fitted(np.column_stack([scaled, dummies]), levels)


def _standardised(groups: np.ndarray, exposure: np.ndarray) -> np.ndarray | None:
    _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    within = exposure - (np.bincount(member, exposure) / sizes)[member]
    freedom = len(exposure) - len(sizes)
    deviation = float(np.sqrt((within**2).sum() / freedom)) if freedom > 0 else 0.0
    return (exposure - exposure.mean()) / deviation if deviation > 1e-12 * max(1.0, abs(exposure).max()) else None


def _is_separated(exposure: np.ndarray, levels: np.ndarray) -> bool:
    """Whether levels rise, or fall, with the exposure throughout, but for organisations of equal exposure."""
    rising, falling = (levels[np.lexsort((tie_break, exposure))] for tie_break in (levels, -levels))
    return bool((np.diff(rising) >= 0).all() or (np.diff(falling) <= 0).all())


def _fitted(design: np.ndarray, levels: np.ndarray) -> OddsRatio:
    from scipy.special import expit, logit
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            model = OrderedModel(levels, design, distr="logit")
            # scipy.stats.logistic gives the same numbers, but its checks of each call take most of the time.
            model.distr = SimpleNamespace(cdf=expit, pdf=lambda value: expit(value) * expit(-value), ppf=logit)
            found = model.fit(method="bfgs", disp=0)
            slope, error = float(found.params[0]), float(found.bse[0])
        except (np.linalg.LinAlgError, ValueError):
            return NO_RATIO
    if not found.mle_retvals["converged"] or not isfinite(slope) or not 0 < error < LARGEST_STANDARD_ERROR:
        return NO_RATIO
    return OddsRatio(exp(slope), exp(slope - Z_95 * error), exp(slope + Z_95 * error))
