"""What may be told of an association with self-assessments, which are confidential although outcomes are public.

Belongs here: the one home of that rule. Does not belong here: the estimates (`association`), and which association goes
first, which the seed `association_confidential` declares. Each exact correlation would be an equation for the answers
of those who shared. Rounding alone does not help: as many rounded equations as organisations tell nearly all. So there
are few for the number that shared, nothing is told twice, and what is told is rounded. Measured in README.md.
"""

from __future__ import annotations

import polars as pl

from pipelines.statistics import pooling

CONFIDENTIAL = "self_assessment"
PLACE = "confidential_place"

MOST_TOLD = 1 / 11
"""Share of the differences between organisations in one exposure that its figures may tell together, so that the best
guess correlates with the truth by 0.3. One figure of n organisations tells 1 / n; figures that go together less."""

STEP = 0.05
"""Correlations are rounded to this, which moves none by more than half of it."""

WEIGHTING_STEP = 0.2
"""How far weighting moves a correlation is rounded to this: coarsely, because it is an equation of its own."""

LARGEST = 0.95
"""No correlation is told as larger; that of a small group could be perfect, which would tell its order."""

SMALLEST_COUNT = 5
"""Counts are rounded down to this, because exact ones of several measures could be subtracted."""

ASSOCIATION = ("basis", "exposure_id", "measure_id", "alignment")
KEPT = (*ASSOCIATION, "organisation_type", "family_id", PLACE, "is_circular", "n", "n_types")


def told(estimates: pl.DataFrame) -> pl.DataFrame:
    """The estimates with those of self-assessments as they may be told; those that may not be are left out.

    estimates: as `association.estimate` makes them, with `confidential_place`, the declared order within an exposure,
    null for what is never told. Only 'all' is told, since a type would tell its organisations as much again. n is
    rounded, and so is rho; its interval and p are worked out from both. All else is null, but for the weighted rho.
    """
    is_confidential = pl.col("basis") == CONFIDENTIAL
    rows = [_rounded(row) for row in _affordable(estimates.filter(is_confidential)).iter_rows(named=True)]
    return pl.concat([estimates.filter(~is_confidential), pl.DataFrame(rows, schema=estimates.schema)])


def _affordable(estimates: pl.DataFrame) -> pl.DataFrame:
    """In the declared order, until the exposure has told enough."""
    candidates = estimates.filter(
        (pl.col("organisation_type") == "all") & pl.col(PLACE).is_not_null() & pl.col("raw_rho").is_not_null()
    ).with_columns(n=pl.col("n") // SMALLEST_COUNT * SMALLEST_COUNT)
    spent = (1 / pl.col("n")).cum_sum().over("exposure_id", order_by=PLACE)
    return candidates.filter(spent <= MOST_TOLD + 1e-9)


def _rounded(row: dict) -> dict:
    """Interval and p hold for all that is rounded to this rho, so that they claim no more than exact ones would."""
    rho = _bounded(_to_step(row["raw_rho"], STEP))
    # Each further type costs the three degrees of freedom of its z.
    n = row["n"] - 3 * (row["n_types"] - 1)
    least, most = (pooling.pooled_association([rho + side * STEP / 2], [n]) for side in (-1, 1))
    nearest = pooling.pooled_association([max(0.0, abs(rho) - STEP / 2)], [n])
    return {
        **dict.fromkeys(row),
        **{name: row[name] for name in KEPT},
        "raw_rho": rho,
        "raw_rho_low": least.rho_low,
        "raw_rho_high": most.rho_high,
        "p_value": nearest.p_value,
        "raw_weighted_rho": _weighted(rho, row["raw_rho"], row["raw_weighted_rho"]),
    }


def _weighted(rho: float, exact: float, weighted: float | None) -> float | None:
    return None if weighted is None else _bounded(round(rho + _to_step(weighted - exact, WEIGHTING_STEP), 2))


def _bounded(rho: float) -> float:
    return max(-LARGEST, min(LARGEST, rho))


def _to_step(value: float, step: float) -> float:
    return round(round(value / step) * step, 2)
