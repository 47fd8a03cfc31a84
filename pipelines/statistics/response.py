"""Who shared a self-assessment, set against who did not.

Belongs here: weights by the probability of sharing, and how sharers differ from the others in figures that are public
for each organisation. Does not belong here: who is eligible, who shared and which year a figure is of, all of which is
SQL.
"""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl

TRUNCATED_AT = (5, 95)
"""Percentiles of a round's weights beyond which none lies (Cole and Hernán 2008, Am J Epidemiol 168:656-664)."""

LEAST_COVERAGE = 0.9
"""Share of the organisations, among the types that a measure is about, that must have it for it to enter the model."""

WEIGHTS = {"round_start_year": pl.Int32, "org_code": pl.String, "weight": pl.Float64}


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
    numbers = base.with_columns(pl.col("size").log()).join(wide, on="org_code", how="left", maintain_order="left")
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
