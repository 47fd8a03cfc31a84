"""Rank association between an exposure and an outcome across organisations, one row per association.

Belongs here: which estimates an association has, and the control of the false discovery rate. Does not belong here:
the estimators (`ranks`, `pooling`, `adjustment`, `resampling`, `ordinal`), and which pairs are looked at, how years
are aligned and what the result is called, all of which is SQL. Methods, sources and calibration: README.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from pipelines.statistics import adjustment, confidential, ordinal, pooling, ranks, resampling
from pipelines.statistics.confidential import ASSOCIATION

KEY = (*ASSOCIATION, "organisation_type")
TEST_SET = ("family_id", "organisation_type")
ALL = "all"
# A trend over fewer levels is a difference.
LEAST_LEVELS = 3
NUMBERS = ("exposure_value", "outcome_value", "level", "prior_outcome_value", "rival_exposure_value", "weight", "size")
LABELS = ("organisation_type", "region_code")

ESTIMATES = {
    **dict.fromkeys((*KEY, "family_id"), pl.String),
    "is_circular": pl.Boolean,
    **dict.fromkeys(("n", "n_types"), pl.Int64),
    **dict.fromkeys(("raw_rho", "raw_rho_low", "raw_rho_high", "p_value", "q_value"), pl.Float64),
    **dict.fromkeys(("raw_tau_b", "raw_somers_d", "raw_unstratified_rho"), pl.Float64),
    **dict.fromkeys(("cochran_q", "heterogeneity_p", "i_squared"), pl.Float64),
    **dict.fromkeys(("raw_bootstrap_low", "raw_bootstrap_high"), pl.Float64),
    **dict.fromkeys(("raw_without_region_low", "raw_without_region_high"), pl.Float64),
    **dict.fromkeys(("raw_prior_adjusted_rho", "raw_adjusted_rho", "raw_adjusted_rho_low"), pl.Float64),
    **dict.fromkeys(("raw_adjusted_rho_high", "adjusted_p_value"), pl.Float64),
    "adjusted_n": pl.Int64,
    "adjusted_for": pl.String,
    "trend_p_value": pl.Float64,
    "n_levels": pl.Int64,
    **dict.fromkeys(("raw_odds_ratio", "raw_odds_ratio_low", "raw_odds_ratio_high"), pl.Float64),
    **dict.fromkeys(("raw_weighted_rho", "raw_rival_rho"), pl.Float64),
}


@dataclass(frozen=True)
class Sample:
    """The organisations of one association, one element each; nan is missing, and so is a negative region."""

    key: tuple[str, ...]
    exposure_kind: str
    is_circular: bool
    is_ordinal: bool
    types: np.ndarray
    regions: np.ndarray
    exposure: np.ndarray
    outcome: np.ndarray
    level: np.ndarray
    prior: np.ndarray
    rival: np.ndarray
    weight: np.ndarray
    size: np.ndarray

    def __len__(self) -> int:
        return len(self.exposure)

    def where(self, kept: np.ndarray) -> Sample:
        """The sample of the organisations that are kept."""
        arrays = {name: value[kept] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return replace(self, **arrays)


class Stratum:
    """The organisations of one type in one association, with what both their own row and that of 'all' rest on."""

    def __init__(self, sample: Sample, organisation_type: str, regions: np.ndarray) -> None:
        self.sample = sample
        self.organisation_type = organisation_type
        self.regions = regions
        self.n = len(sample)

    @cached_property
    def association(self) -> ranks.RankAssociation:
        """Spearman, its interval and p."""
        if self.n < pooling.MINIMUM_STRATUM:
            return ranks.NOT_ESTIMATED
        return ranks.rank_association(self.sample.exposure, self.sample.outcome)

    @cached_property
    def concordance(self) -> ranks.Concordance | None:
        """Kendall's score of exposure and outcome."""
        return ranks.concordance(self.sample.exposure, self.sample.outcome)

    @cached_property
    def level_concordance(self) -> ranks.Concordance | None:
        """Kendall's score of level and outcome, of the organisations that have a level."""
        has_level = ~np.isnan(self.sample.level)
        if not has_level.any():
            return None
        return ranks.concordance(self.sample.level[has_level], self.sample.outcome[has_level])

    @cached_property
    def draws(self) -> np.ndarray:
        """Rho in each bootstrap draw. Draws depend on the type and n only, so that no other row moves them."""
        return self._rhos(resampling.bootstrap_weights(self.n, self.organisation_type))

    @cached_property
    def weighted(self) -> np.ndarray:
        """Rho under the weights, then with each region left out; not a number where it cannot be had."""
        return self._rhos(np.column_stack([self.sample.weight, self._without_region]))

    @cached_property
    def left(self) -> np.ndarray:
        """Organisations behind each rho of `weighted`."""
        return np.append(self.n, self._without_region.sum(axis=0))

    @cached_property
    def _without_region(self) -> np.ndarray:
        return resampling.weights_without(self.sample.regions, self.regions)

    def _rhos(self, weights: np.ndarray) -> np.ndarray:
        return resampling.weighted_rhos(self.sample.exposure, self.sample.outcome, weights)


def estimate(pairs: pl.DataFrame, families: pl.DataFrame, minimum_n: int) -> pl.DataFrame:
    """One row per association (basis, exposure, measure, alignment) and organisation type, and one for 'all'.

    `pairs` has one row per association and organisation: the columns of ASSOCIATION, exposure_kind, is_circular,
    is_ordinal, org_code, and NUMBERS and LABELS, in any units (only ranks are used, but for the odds ratio, which is
    per standard deviation). `families` names the family of a KEY, if any. 'all' pools the types, so that only
    organisations of one type are compared; its n counts those of the types that could be pooled. Rows of fewer than
    `minimum_n` keep their n and have no estimate. q is taken within family and organisation type; circular pairs have
    none and do not count in a family.
    """
    rows = [row for sample, names in _samples(pairs) for row in _rows(sample, names, minimum_n)]
    estimates = pl.DataFrame(rows, schema={name: ESTIMATES[name] for name in ESTIMATES if name != "family_id"})
    declared = families.select(*KEY, pl.col("family_id").cast(pl.String))
    return _with_q_values(estimates.join(declared, on=KEY, how="left", maintain_order="left")).select(*ESTIMATES)


def publishable(estimates: pl.DataFrame, families: pl.DataFrame) -> pl.DataFrame:
    """The estimates as readers may have them: of self-assessments only what may be told (`confidential.told`).

    `families` gives the confidential_place of a KEY, null for what is never told. q is taken of what is told.
    """
    places = families.select(*KEY, confidential.PLACE)
    told = confidential.told(estimates.join(places, on=KEY, how="left", maintain_order="left"))
    return _with_q_values(told.with_columns(q_value=pl.lit(None, pl.Float64))).select(*ESTIMATES)


def _samples(pairs: pl.DataFrame) -> Iterator[tuple[Sample, dict[int, str]]]:
    """The associations one by one, with the name of each code of an organisation type."""
    # The order of rows reaches the last digits of a float; two builds must not differ by it.
    ordered = (
        pairs.with_columns(pl.col(NUMBERS).cast(pl.Float64))
        .filter(pl.col("exposure_value").is_finite() & pl.col("outcome_value").is_finite())
        .sort(*ASSOCIATION, "organisation_type", "org_code", "exposure_value", "outcome_value")
        .with_columns((pl.col(LABELS).rank("dense").cast(pl.Int64) - 1).fill_null(-1).name.suffix("_number"))
    )
    names = dict(ordered.select("organisation_type_number", "organisation_type").unique().iter_rows())
    arrays = [ordered[f"{name}_number"].to_numpy() for name in LABELS]
    arrays += [ordered[name].fill_null(float("nan")).to_numpy() for name in NUMBERS]
    facts = ("exposure_kind", "is_circular", "is_ordinal")
    groups = ordered.group_by(ASSOCIATION, maintain_order=True).agg(pl.len(), *(pl.col(fact).first() for fact in facts))
    start = 0
    for *key, size, kind, is_circular, is_ordinal in groups.iter_rows():
        columns = [array[start : start + size] for array in arrays]
        yield Sample(tuple(key), kind, is_circular, is_ordinal, *columns), names
        start += size


def _rows(sample: Sample, names: dict[int, str], minimum_n: int) -> Iterator[dict[str, Any]]:
    regions = np.unique(sample.regions[sample.regions >= 0])
    strata = [
        Stratum(sample.where(sample.types == number), names[number], regions) for number in np.unique(sample.types)
    ]
    shared = {**dict(zip(ASSOCIATION, sample.key, strict=True)), "is_circular": sample.is_circular}
    yield {**shared, "organisation_type": ALL, **_estimates(sample, strata, minimum_n)}
    for stratum in strata:
        own = {**_estimates(stratum.sample, [stratum], minimum_n), "raw_unstratified_rho": None}
        yield {**shared, "organisation_type": stratum.organisation_type, **own}


def _estimates(sample: Sample, strata: list[Stratum], minimum_n: int) -> dict[str, Any]:
    """The estimates of one row: one stratum for a type, several for 'all'."""
    if len(sample) < minimum_n:
        return _without_estimate(sample, strata)
    pooled = [stratum for stratum in strata if stratum.association.rho is not None]
    if sum(stratum.n for stratum in pooled) < minimum_n:
        return _without_estimate(sample, strata)
    if len(pooled) < len(strata):
        sample = sample.where(np.isin(sample.types, [stratum.sample.types[0] for stratum in pooled]))
    return {
        "n": len(sample),
        "n_types": len(pooled),
        **_headline(sample, pooled),
        **_sensitivity(sample, pooled, minimum_n),
        **_adjusted(sample, minimum_n),
        **_trend(sample, pooled, minimum_n),
        **_odds(sample),
        "raw_rival_rho": _rival_rho(pooled, minimum_n),
    }


def _without_estimate(sample: Sample, strata: list[Stratum]) -> dict[str, Any]:
    return {"n": len(sample), "n_types": len(strata)}


def _headline(sample: Sample, strata: list[Stratum]) -> dict[str, Any]:
    rhos, sizes = [stratum.association.rho for stratum in strata], [stratum.n for stratum in strata]
    found = strata[0].association if len(strata) == 1 else pooling.pooled_association(rhos, sizes)
    unstratified = found if len(strata) == 1 else ranks.rank_association(sample.exposure, sample.outcome)
    spread = pooling.heterogeneity(rhos, sizes)
    concordances = [stratum.concordance for stratum in strata]
    return {
        "raw_rho": found.rho,
        "raw_rho_low": found.rho_low,
        "raw_rho_high": found.rho_high,
        "p_value": found.p_value,
        "raw_tau_b": ranks.tau_b(concordances),
        "raw_somers_d": ranks.somers_d(concordances),
        "raw_unstratified_rho": unstratified.rho,
        "cochran_q": spread.cochran_q,
        "heterogeneity_p": spread.p_value,
        "i_squared": spread.i_squared,
    }


def _sensitivity(sample: Sample, strata: list[Stratum], minimum_n: int) -> dict[str, Any]:
    sizes = np.array([[stratum.n] for stratum in strata])
    draws = pooling.pooled_rhos(np.array([stratum.draws for stratum in strata]), sizes)
    left = np.array([stratum.left for stratum in strata])
    rhos = pooling.pooled_rhos(np.array([stratum.weighted for stratum in strata]), left)
    # A region that holds none of these organisations takes none away.
    is_range = (left.sum(axis=0) >= minimum_n) & (left.sum(axis=0) < len(sample))
    bootstrap = resampling.percentile_interval(draws)
    without_region = resampling.least_and_greatest(rhos[is_range])
    return {
        "raw_bootstrap_low": bootstrap[0],
        "raw_bootstrap_high": bootstrap[1],
        "raw_without_region_low": without_region[0],
        "raw_without_region_high": without_region[1],
        "raw_weighted_rho": None if np.isnan([*sample.weight, rhos[0]]).any() else float(rhos[0]),
    }


def _adjusted(sample: Sample, minimum_n: int) -> dict[str, Any]:
    def adjusted(covariates: dict[str, np.ndarray]) -> adjustment.AdjustedAssociation:
        return adjustment.adjusted_association(sample.types, sample.exposure, sample.outcome, covariates, minimum_n)

    prior = {"prior value": sample.prior}
    found = adjusted({**prior, "size": sample.size, "region": sample.regions})
    return {
        "raw_prior_adjusted_rho": adjusted(prior).rho,
        "raw_adjusted_rho": found.rho,
        "raw_adjusted_rho_low": found.rho_low,
        "raw_adjusted_rho_high": found.rho_high,
        "adjusted_p_value": found.p_value,
        "adjusted_n": found.n,
        "adjusted_for": found.adjusted_for,
    }


def _trend(sample: Sample, strata: list[Stratum], minimum_n: int) -> dict[str, Any]:
    levels = sample.level[~np.isnan(sample.level)]
    if not len(levels):
        return {"trend_p_value": None, "n_levels": None}
    n_levels = len(np.unique(levels))
    comparable = [stratum.level_concordance for stratum in strata if stratum.level_concordance is not None]
    is_trend = comparable and len(levels) >= minimum_n and n_levels >= LEAST_LEVELS
    return {"trend_p_value": ranks.trend_p_value(comparable) if is_trend else None, "n_levels": n_levels}


def _odds(sample: Sample) -> dict[str, Any]:
    found = ordinal.NO_RATIO
    if sample.is_ordinal and sample.exposure_kind == "driver":
        found = ordinal.proportional_odds(sample.types, sample.exposure, sample.outcome)
    return dict(zip(("raw_odds_ratio", "raw_odds_ratio_low", "raw_odds_ratio_high"), found, strict=True))


def _rival_rho(strata: list[Stratum], minimum_n: int) -> float | None:
    known = [stratum.sample.where(~np.isnan(stratum.sample.rival)) for stratum in strata]
    known = [sample for sample in known if len(sample) >= pooling.MINIMUM_STRATUM]
    found = [(ranks.rank_association(sample.rival, sample.outcome).rho, len(sample)) for sample in known]
    found = [(rho, size) for rho, size in found if rho is not None]
    if sum(size for _, size in found) < minimum_n:
        return None
    rhos, sizes = zip(*found, strict=True)
    return rhos[0] if len(rhos) == 1 else pooling.pooled_association(list(rhos), list(sizes)).rho


def _with_q_values(estimates: pl.DataFrame) -> pl.DataFrame:
    is_tested = pl.all_horizontal(
        pl.col("p_value", "family_id").is_not_null(), ~pl.col("is_circular").fill_null(value=True)
    )
    tested = estimates.filter(is_tested)
    families = [
        family.with_columns(q_value=pl.Series(ranks.benjamini_hochberg(family["p_value"].to_list()), dtype=pl.Float64))
        for _, family in tested.group_by(TEST_SET, maintain_order=True)
    ]
    return pl.concat([estimates.filter(~is_tested), *families]).sort(KEY)
