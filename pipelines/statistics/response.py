"""Who shared a self-assessment, set against who did not.

Belongs here: weights by the probability of sharing, and how sharers differ from the others in figures that are public
for each organisation. Does not belong here: who is eligible, who shared and which year a figure is of, all of which is
SQL.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from math import lgamma, log, log2, sqrt
from typing import NamedTuple

import numpy as np
import polars as pl

TRUNCATED_AT = (5, 95)
"""Percentiles of a round's weights beyond which none lies (Cole and Hernán 2008, Am J Epidemiol 168:656-664)."""

LEAST_COVERAGE = 0.9
"""Share of the organisations, among the types that a measure is about, that must have it for it to enter the model."""

STEP = 0.1
"""Standardised differences are rounded to this. By convention a smaller one is no imbalance (Austin 2009)."""

FARTHEST = 2.0
"""Standard deviations from its type's mean beyond which none counts, so that no outlier can be told by its weight."""

MOST_TOLD = 0.5
"""Share of what it takes to say who shared that the figures of a round may tell together."""

WEIGHTS = {"round_start_year": pl.Int32, "org_code": pl.String, "weight": pl.Float64}
COMPARISONS = {
    "round_start_year": pl.Int32,
    "measure_id": pl.String,
    "n_eligible": pl.Int64,
    "n_shared": pl.Int64,
    "mean_shared": pl.Float64,
    "mean_not_shared": pl.Float64,
    "standardised_difference": pl.Float64,
    "is_hidden": pl.Boolean,
}
HIDDEN = (None, None, None, None, True)


class Figure(NamedTuple):
    """One comparison: its rows, the codes in them, unnamed organisations that share, and those that do not."""

    values: pl.DataFrame
    members: frozenset[str]
    unnamed: int
    others: int


def sharing_weights(organisations: pl.DataFrame, outcomes: pl.DataFrame, minimum_n: int) -> pl.DataFrame:
    """Stabilised inverse probability of sharing; one row per organisation and round that shared.

    organisations: round_start_year, org_code, organisation_type, region_code, size, is_shared, one row for each that
    could share. outcomes: round_start_year, org_code, measure_id, outcome_domain, outcome_value.
    The weight is the share of sharers over the probability of the organisation, which a logistic regression of the
    round takes from its type, region, size and outcomes (Robins, Hernán and Brumback 2000, Epidemiology 11:550-560).
    Types of which none shares have no part: no weight can make up for them. There is no weight where fewer than
    `minimum_n` share or do not share, or the regression fails or tells the two apart without error.
    """
    weighted = [
        _weights_of_round(listed, outcomes.filter(pl.col("round_start_year") == year), minimum_n)
        for (year,), listed in organisations.sort("org_code").group_by("round_start_year", maintain_order=True)
    ]
    return pl.concat([pl.DataFrame(schema=WEIGHTS), *weighted]).sort("round_start_year", "org_code")


def _weights_of_round(listed: pl.DataFrame, outcomes: pl.DataFrame, minimum_n: int) -> pl.DataFrame:
    base = listed.filter(pl.col("is_shared").any().over("organisation_type"))
    is_shared = base["is_shared"].to_numpy()
    weights = np.full(int(is_shared.sum()), np.nan)
    if min(is_shared.sum(), (~is_shared).sum()) >= minimum_n:
        probability = _probability(is_shared.astype(float), _design(base, outcomes))
        if probability is not None:
            weights = is_shared.mean() / probability[is_shared]
            weights = np.clip(weights, *np.percentile(weights, TRUNCATED_AT))
    sharers = base.filter("is_shared").select("round_start_year", "org_code")
    return sharers.with_columns(weight=pl.Series(weights).fill_nan(None)).cast(WEIGHTS)


def _probability(shared: np.ndarray, design: np.ndarray) -> np.ndarray | None:
    """Fitted probabilities, or None where the regression does not converge or separates the two completely."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fitted = GLM(shared, design, family=Binomial()).fit()
        except (PerfectSeparationWarning, np.linalg.LinAlgError):
            return None
    return fitted.fittedvalues if fitted.converged else None


def _design(base: pl.DataFrame, outcomes: pl.DataFrame) -> np.ndarray:
    """Intercept, types, regions, and size and outcomes as distances from their type's mean; all of deviation 1.

    A figure that an organisation does not have is taken to be its type's mean, here only.
    """
    chosen = _covariates(base, outcomes)
    is_chosen = pl.col("measure_id").is_in(chosen)
    wide = outcomes.filter(is_chosen).pivot("measure_id", index="org_code", values="outcome_value")
    sized = base.with_columns(pl.when(pl.col("size") > 0).then(pl.col("size").log()))
    numbers = sized.join(wide, on="org_code", how="left", maintain_order="left")
    centred = numbers.select(
        (pl.col(name) - pl.col(name).mean().over("organisation_type")).fill_null(0.0) for name in ("size", *chosen)
    )
    indicators = base.select(
        (pl.col(name) == one).cast(pl.Float64).alias(f"{name} {one}")
        for name in ("organisation_type", "region_code")
        for one in base[name].unique().sort()[1:]
    )
    columns = [column / column.std() for column in (*indicators, *centred) if column.std()]
    return np.column_stack([np.ones(base.height), *columns])


def _covariates(base: pl.DataFrame, outcomes: pl.DataFrame) -> list[str]:
    """The best covered measure of each outcome domain, if it is covered well enough.

    Coverage is counted among the types of which most organisations have the measure.
    """
    types = base.group_by("organisation_type").len("n_type")
    covered = (
        outcomes.join(base.select("org_code", "organisation_type"), on="org_code")
        .group_by("outcome_domain", "measure_id", "organisation_type")
        .len("n")
        .join(types, on="organisation_type")
        .filter(pl.col("n") * 2 > pl.col("n_type"))
        .group_by("outcome_domain", "measure_id")
        .agg(pl.col("n").sum(), (pl.col("n").sum() / pl.col("n_type").sum()).alias("coverage"))
    )
    best = covered.filter(pl.col("coverage") >= LEAST_COVERAGE).sort(
        "outcome_domain", "n", "measure_id", descending=[False, True, False]
    )
    return best.group_by("outcome_domain", maintain_order=True).first()["measure_id"].to_list()


def compare(organisations: pl.DataFrame, figures: pl.DataFrame, smallest_side: int) -> pl.DataFrame:
    """Sharers against the others in public figures, safe to publish; one row per round and measure.

    organisations: as for `sharing_weights`, with may_be_named. figures: round_start_year, org_code, measure_id, value.
    n_eligible counts those with the figure; n_shared is rounded to `smallest_side`. The standardised difference is
    sharers less others, within types and pooled over them, in standard deviations within types. It is rounded to STEP,
    and both means are worked out from it and from what is public, so that they tell no more than it does.

    What is hidden keeps n_eligible alone. It is hidden where fewer than `smallest_side` organisations that may not be
    named share, or fewer do not share, or where all figures of the round together would tell too much of who among its
    organisations shared. For that reason there are none of single types.
    """
    placed = figures.join(organisations, on=["round_start_year", "org_code"]).sort("measure_id", "org_code")
    rows = []
    for (year,), of_round in placed.group_by("round_start_year", maintain_order=True):
        found = {key: _figure(values) for (key,), values in of_round.group_by("measure_id", maintain_order=True)}
        for measure, figure in found.items():
            is_safe = _is_safe(figure, found.values(), smallest_side)
            shown = _compared(figure.values, smallest_side) if is_safe else HIDDEN
            rows.append((year, measure, figure.values.height, *shown))
    return pl.DataFrame(rows, schema=COMPARISONS, orient="row").sort("round_start_year", "measure_id")


def bits_hidden(unnamed: int, others: int) -> float:
    """How much it takes to say which of both together are the unnamed sharers: log2 of the ways to choose them."""
    return (lgamma(unnamed + others + 1) - lgamma(unnamed + 1) - lgamma(others + 1)) / log(2)


def bits_told(unnamed: int, others: int) -> float:
    """How much a rounded standardised difference tells of them at most: log2 of the values that it is likely to take.

    Between two random parts of one population it lies, nearly always, within two standard errors of 0.
    """
    return log2(1 + 4 * sqrt(1 / unnamed + 1 / others) / STEP)


def _figure(values: pl.DataFrame) -> Figure:
    """A type of which none shares is known as such, so it hides nobody."""
    compared = values.filter(pl.col("is_shared").any().over("organisation_type"))
    unnamed = compared.filter(pl.col("is_shared") & ~pl.col("may_be_named")).height
    others = compared.filter(~pl.col("is_shared")).height
    return Figure(values, frozenset(compared["org_code"]), unnamed, others)


def _is_safe(figure: Figure, beside: Iterable[Figure], smallest_side: int) -> bool:
    if min(figure.unnamed, figure.others) < smallest_side:
        return False
    told = sum(
        bits_told(other.unnamed, other.others) * len(figure.members & other.members) / len(other.members)
        for other in beside
        if min(other.unnamed, other.others) >= smallest_side
    )
    return told <= MOST_TOLD * bits_hidden(figure.unnamed, figure.others)


def _compared(values: pl.DataFrame, smallest_side: int) -> tuple[object, ...]:
    spread, difference = _difference(values)
    if difference is None:
        return HIDDEN
    n_shared = smallest_side * round(values["is_shared"].sum() / smallest_side)
    share, mean = n_shared / values.height, values["value"].mean()
    of_sharers, of_others = mean + (1 - share) * difference * spread, mean - share * difference * spread
    return n_shared, _significant(of_sharers), _significant(of_others), difference, False


def _difference(values: pl.DataFrame) -> tuple[float, float | None]:
    """The standard deviation within types, and the standardised difference; None where nothing can differ."""
    by_type = pl.col("value").mean().over("organisation_type")
    distances = values.with_columns(distance=pl.col("value") - by_type)
    spread = sqrt((distances["distance"] ** 2).sum() / max(values.height - values["organisation_type"].n_unique(), 1))
    if not spread:
        return 0.0, None
    bounded = distances.with_columns((pl.col("distance") / spread).clip(-FARTHEST, FARTHEST))
    types = bounded.group_by("organisation_type", maintain_order=True).agg(
        n=pl.len(),
        shared=pl.col("is_shared").sum(),
        gap=pl.col("distance").filter("is_shared").mean() - pl.col("distance").filter(~pl.col("is_shared")).mean(),
    )
    both = types.filter(pl.col("gap").is_not_null())
    if both.is_empty():
        return spread, None
    weight = both["shared"] * (both["n"] - both["shared"]) / both["n"]
    steps = round((weight * both["gap"]).sum() / weight.sum() / STEP)
    return spread, round(steps * STEP, 6)


def _significant(value: float, digits: int = 3) -> float:
    return float(f"{value:.{digits}g}")
