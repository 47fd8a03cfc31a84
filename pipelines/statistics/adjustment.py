"""Partial rank correlation: what is left of an association once covariates are taken out.

Belongs here: residuals of ranks. Does not belong here: which covariates an association is adjusted for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.statistics.ranks import bonett_wright_interval, centred_ranks, correlation, students_p_value

# A covariate that is missing for more organisations than this is left out, rather than the organisations.
MOST_MISSING = 0.2
# Degrees of freedom that must be left for an adjusted estimate.
LEAST_FREEDOM = 10


class AdjustedAssociation(NamedTuple):
    """Partial Spearman with its 95 % interval, p, the organisations in it and the covariates that could be used."""

    rho: float | None = None
    rho_low: float | None = None
    rho_high: float | None = None
    p_value: float | None = None
    n: int | None = None
    adjusted_for: str | None = None


NOT_ADJUSTED = AdjustedAssociation()


def adjusted_association(
    groups: np.ndarray, exposure: np.ndarray, outcome: np.ndarray, covariates: dict[str, np.ndarray], minimum_n: int
) -> AdjustedAssociation:
    """Correlation of ranks after a linear regression of both on the groups and the covariates.

    Covariates are floats (taken as ranks) or codes of labels (integers, taken as dummies, as groups are); nan and
    negative codes are missing. Kim (2015), Communications for Statistical Applications and Methods 22:665-674. Each
    column of the regression costs a degree of freedom, of Student's t as of the interval. Ranks are those among all
    groups: a rank among the eight organisations of a small group would be too rough to take a covariate out.
    """
    usable = {name: values for name, values in covariates.items() if _missing(values).mean() <= MOST_MISSING}
    complete = ~np.any([np.zeros(len(groups), dtype=bool), *map(_missing, usable.values())], axis=0)
    columns = {name: _columns(values[complete]) for name, values in usable.items()}
    named = [name for name, found in columns.items() if found.any()]
    if not named or complete.sum() < minimum_n:
        return NOT_ADJUSTED
    design = np.concatenate([_dummies(groups[complete]), *(columns[name] for name in named)], axis=1)
    sides = np.column_stack([centred_ranks(side[complete]) for side in (exposure, outcome)])
    fitted, _, used, _ = np.linalg.lstsq(design, sides, rcond=1e-10)
    return _judged(sides, sides - design @ fitted, int(used) - 1, "|".join(named))


def _judged(sides: np.ndarray, residuals: np.ndarray, lost: int, adjusted_for: str) -> AdjustedAssociation:
    n, (x, y) = len(residuals), residuals.T
    freedom = n - 2 - lost
    has_rest = (residuals**2).sum(axis=0) > 1e-9 * (sides**2).sum(axis=0)
    if freedom < LEAST_FREEDOM or not has_rest.all():
        return NOT_ADJUSTED
    rho = correlation(x, y)
    interval = bonett_wright_interval(rho, n - lost)
    return AdjustedAssociation(rho, *interval, students_p_value(rho, freedom), n, adjusted_for)


def _missing(values: np.ndarray) -> np.ndarray:
    return np.isnan(values) if values.dtype.kind == "f" else values < 0


def _columns(values: np.ndarray) -> np.ndarray:
    return centred_ranks(values)[:, None] if values.dtype.kind == "f" else _dummies(values)[:, 1:]


def _dummies(codes: np.ndarray) -> np.ndarray:
    return (codes[:, None] == np.flatnonzero(np.bincount(codes))).astype(float)
