"""Tries to tell the levels of organisations from published associations, and prints how well that goes.

The attacker knows every outcome, how the figures were made, and either who shared or only how many. In the data nothing
goes with anything, so that whatever he finds is a disclosure. Run it from the project:
`python tests/benchmarks/reconstruction.py` (a number after it divides the simulations). What it printed stands in
pipelines/statistics/README.md.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import sqrt

import numpy as np
import polars as pl

from pipelines.settings import PROJECT_ROOT
from pipelines.statistics import confidential
from pipelines.statistics.association import KEY, NUMBERS, estimate, publishable
from pipelines.statistics.ranks import centred_ranks

SEED, SIMULATIONS = 20261122, 200
# Organisations of each type in England, and those that share in the sample.
TYPES = {"acute": (122, 40), "mental_health": (50, 20), "community": (14, 7), "ambulance": (11, 5)}
OF_ACUTE_ONLY = ("shmi", "rtt_within_18_weeks", "cancer_62_day", "ae_within_4_hours")
PERIODS = {"outcome_one_year_before": 0, "same_year": 1, "outcome_one_year_later": 2}
# Outcomes of one organisation in two years, and two outcomes of one year.
LASTING, COMMON = 0.8, 0.3
LEVELS = np.array([0.10, 0.35, 0.70, 0.90])


@dataclass(frozen=True)
class World:
    """Eligible organisations: type, level (0 where none is shared), exposure, and outcomes by measure and alignment."""

    types: np.ndarray
    shared: np.ndarray
    level: np.ndarray
    exposure: np.ndarray
    outcomes: dict[tuple[str, str], np.ndarray]


def main(divisor: int) -> None:
    """Prints one line for each way to publish, and who the attacker knows to have shared."""
    ways = {"all exact": None, "all at 0.01": 0.01, "all at 0.05": 0.05, "all at 0.1": 0.1, "as published": "told"}
    for knows_who in (True, False):
        for name, way in ways.items():
            skill, named, commonest = skills(SIMULATIONS // divisor, way, knows_who)
            who = "who shared" if knows_who else "how many shared"
            print(f"{name:<14} knows {who:<16} correlation {skill:5.2f}, {named:.0%} named, commonest {commonest:.0%}")


def skills(simulations: int, way: float | str | None, knows_who: bool = True) -> np.ndarray:
    """Means over data sets: correlation of guess and truth, levels named, and share of the commonest level."""
    generator = np.random.default_rng(SEED)
    places = pl.read_csv(PROJECT_ROOT / "dbt_project" / "seeds" / "association_confidential.csv")
    found = [_skill(_world(generator, places), places, way, knows_who) for _ in range(simulations)]
    return np.mean(found, axis=0)


def _world(generator: np.random.Generator, places: pl.DataFrame) -> World:
    from scipy.special import ndtri

    types = np.repeat(list(TYPES), [eligible for eligible, _ in TYPES.values()])
    shared = np.concatenate([generator.permutation(eligible) < sharing for eligible, sharing in TYPES.values()])
    items = sqrt(0.6) * generator.normal(size=(len(types), 1)) + sqrt(0.4) * generator.normal(size=(len(types), 5))
    answers = 1 + np.searchsorted(ndtri(LEVELS), items)
    common, outcomes = generator.normal(size=len(types)), {}
    for measure in places["measure_id"].unique(maintain_order=True):
        own = sqrt(COMMON) * common + sqrt(1 - COMMON) * generator.normal(size=len(types))
        for alignment in PERIODS:
            value = sqrt(LASTING) * own + sqrt(1 - LASTING) * generator.normal(size=len(types))
            outcomes[measure, alignment] = np.where((types == "acute") | (measure not in OF_ACUTE_ONLY), value, np.nan)
    return World(types, shared, np.median(answers, axis=1), answers.mean(axis=1), outcomes)


def _skill(world: World, places: pl.DataFrame, way: float | str | None, knows_who: bool) -> tuple[float, float, float]:
    figures = _published(world, places, way)
    known = world.shared if knows_who else np.ones(len(world.shared), dtype=bool)
    rows = [_equation(world, known, figure) for figure in figures.iter_rows(named=True)]
    noise = {"told": confidential.STEP, None: 1e-6}.get(way, way) / sqrt(12)
    guess, spread = _solved(np.array(rows), figures["raw_rho"].to_numpy(), noise, world.shared[known].mean())
    is_mine = (world.types == "acute") & world.shared
    mine = is_mine[known]
    levels = world.level[is_mine]
    return (
        float(np.corrcoef(guess[mine], centred_ranks(world.exposure[is_mine]))[0, 1]),
        float((_levels(guess[mine], spread[mine], levels) == levels).mean()),
        float(np.unique(levels, return_counts=True)[1].max() / len(levels)),
    )


def _published(world: World, places: pl.DataFrame, way: float | str | None) -> pl.DataFrame:
    """All correlations, of types and of all, exact or rounded; or what the product tells."""
    basis = confidential.CONFIDENTIAL if way == "told" else "open"
    pairs = pl.concat(_pairs(world, basis, *key) for key in world.outcomes)
    keys = pairs.select(KEY).unique().with_columns(organisation_type=pl.lit("all")).unique()
    placed = places.select("measure_id", "alignment", confidential_place=pl.col("place").cast(pl.Int32))
    families = keys.join(placed, on=["measure_id", "alignment"]).with_columns(family_id=pl.lit("f"))
    found = publishable(estimate(pairs, families, minimum_n=20), families).drop_nulls("raw_rho")
    return found.with_columns((pl.col("raw_rho") / way).round() * way) if isinstance(way, float) else found


def _pairs(world: World, basis: str, measure: str, alignment: str) -> pl.DataFrame:
    outcome = np.where(world.shared, world.outcomes[measure, alignment], np.nan)
    ids = {"basis": basis, "exposure_id": "d", "measure_id": measure, "alignment": alignment, "region_code": None}
    facts = {"exposure_kind": "item", "is_circular": False, "is_ordinal": False}
    values = {**dict.fromkeys(NUMBERS), "exposure_value": world.exposure, "outcome_value": outcome}
    orgs = [f"{place:03}" for place in range(len(outcome))]
    frame = pl.DataFrame({"org_code": orgs, "organisation_type": world.types, **ids, **facts, **values})
    return frame.filter(pl.col("outcome_value").is_not_nan()).cast({"region_code": pl.String})


def _equation(world: World, known: np.ndarray, figure: dict) -> np.ndarray:
    """The weight of each organisation's standardised rank in a correlation; 'all' is taken as the mean of types."""
    outcome, row = world.outcomes[figure["measure_id"], figure["alignment"]], np.zeros(len(known))
    is_in = known & ~np.isnan(outcome)
    if figure["organisation_type"] != "all":
        is_in &= world.types == figure["organisation_type"]
    counts = {name: int(sharing) for name, (_, sharing) in TYPES.items() if (is_in & (world.types == name)).any()}
    for name, count in counts.items():
        mine = is_in & (world.types == name)
        weight = (count - 3) / sum(size - 3 for size in counts.values())
        centred = centred_ranks(outcome[mine])
        row[mine] = weight * centred / centred.std() / count
    return row[known]


def _solved(rows: np.ndarray, figures: np.ndarray, noise: float, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """The best linear guess of the standardised ranks, and its standard error (Bayesian least squares).

    Who may not have shared counts as 0 where not, so that ranks have a smaller variance before the figures are seen.
    """
    gain = variance * np.linalg.solve(variance * rows @ rows.T + (noise**2 + 1e-5) * np.eye(len(rows)), rows).T
    return gain @ figures, np.sqrt(np.maximum(variance - variance * np.einsum("ij,ji->i", gain, rows), 1e-4))


def _levels(guess: np.ndarray, spread: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The likeliest level of each, how many have which being published."""
    from scipy.special import ndtr, ndtri

    listed, counts = np.unique(levels, return_counts=True)
    cuts = ndtri(np.concatenate([[0], np.cumsum(counts) / len(levels)]).clip(0, 1))
    below = ndtr((cuts - guess[:, None]) / spread[:, None])
    return listed[np.diff(below, axis=1).argmax(axis=1)]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
