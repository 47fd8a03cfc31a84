"""Simulates the association statistics and prints how often they err, what their intervals cover and their power.

Not part of the tests, because it takes minutes. Run it from the project: `python tests/benchmarks/calibration.py`
(a number after it divides the simulations, for a quick look). What it printed stands in
pipelines/statistics/README.md.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from math import sqrt

import numpy as np
import polars as pl

from pipelines.statistics import adjustment, confidential, pooling, ranks, resampling
from pipelines.statistics.association import ESTIMATES, KEY, NUMBERS, estimate

SEED = 20261122
DATA_SETS, SIMULATIONS = 2_000, 4_000
# Organisations of each type in England, and how far the type stands from others in exposure and outcome.
TYPES = {
    "acute": (122, -0.4),
    "acute_specialist": (13, 1.2),
    "mental_health": (50, 0.3),
    "community": (14, 0.8),
    "ambulance": (11, -1.2),
    "icb": (36, 0.0),
}
SHARING = 0.6
DRIVERS, OUTCOMES, RATINGS = 5, 12, 2
LEVELS = np.cumsum([0.10, 0.25, 0.35, 0.20])
RATED = np.cumsum([0.05, 0.35, 0.50])
RHOS, SIZES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5), (60, 120, 200)
DESIGNS = ("five levels", "mean of five items", "five levels against a rating")
FAMILY = DRIVERS * OUTCOMES


def main(divisor: int) -> None:
    """Prints the tables and what they took."""
    started = time.process_time()
    print(f"seed {SEED}, {DATA_SETS // divisor:,} data sets, {SIMULATIONS // divisor:,} simulations a cell")
    false_discoveries(DATA_SETS // divisor)
    for design in DESIGNS:
        coverage(design, SIMULATIONS // divisor)
    coverage_of_all(SIMULATIONS // divisor)
    as_told(SIMULATIONS // divisor)
    heterogeneity(SIMULATIONS // divisor)
    power(10 * SIMULATIONS // divisor)
    confounded(SIMULATIONS // divisor)
    print(f"{time.process_time() - started:.0f} s of CPU")


def false_discoveries(data_sets: int) -> None:
    """Any q below 0.05 where nothing is associated within a type: each is a false discovery."""
    generator = np.random.default_rng(SEED)
    any_found = {}
    for number in range(data_sets):
        values = list(_national_data(generator))
        p_values = _p_values(values)
        if number < 3:
            _hold_to_estimate(values, p_values)
        for name, found in p_values.items():
            least = min(ranks.benjamini_hochberg(found.ravel().tolist()))
            any_found.setdefault(name, []).append((least < 0.05, (found < 0.05).mean()))
    print("\nnothing associated within types: share of data sets with any q < 0.05, and of p < 0.05")
    for name, found in any_found.items():
        share, rejected = np.mean(found, axis=0)
        print(f"{name:<28} {100 * share:6.2f} % (MC error {_error(share, data_sets)})  {100 * rejected:6.2f} %")


def _national_data(generator: np.random.Generator) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Drivers and outcomes of the sharing organisations of each type, independent of each other within the type."""
    for name, (size, shift) in TYPES.items():
        n = generator.binomial(size, SHARING)
        common, own = generator.normal(size=(n, 1)), generator.normal(size=(n, DRIVERS))
        drivers = shift + sqrt(0.6) * common + sqrt(0.4) * own
        outcomes = shift + sqrt(0.3) * generator.normal(size=(n, 1)) + sqrt(0.7) * generator.normal(size=(n, OUTCOMES))
        outcomes[:, :RATINGS] = _cut(outcomes[:, :RATINGS], RATED)
        yield name, np.stack([_mean_of_items(driver, generator) for driver in drivers.T], axis=1), outcomes


def _p_values(values: list[tuple[str, np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """p of drivers by outcomes: for the acute, pooled over types (least type 5 or 10), and over all at once."""
    sizes = np.array([[[len(drivers)]] for _, drivers, _ in values])
    rhos = np.array([_rhos(drivers, outcomes) for _, drivers, outcomes in values])
    together = _rhos(*(np.concatenate([kind[side] for kind in values]) for side in (1, 2)))
    enough = np.where(sizes >= 10, rhos, np.nan)
    return {
        "acute": _students(rhos[0], int(sizes[0, 0, 0])),
        "all, pooled over types": _pooled_p_values(rhos, sizes),
        "all, types of at least 10": _pooled_p_values(enough, sizes),
        "all, types not kept apart": _students(together, int(sizes.sum())),
    }


def _rhos(drivers: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    ranked = [rankdata(side, axis=0) for side in (drivers, outcomes)]
    x, y = (side - side.mean(axis=0) for side in ranked)
    with np.errstate(invalid="ignore", divide="ignore"):
        return x.T @ y / np.sqrt(np.outer((x * x).sum(axis=0), (y * y).sum(axis=0)))


def _students(rhos: np.ndarray, n: int) -> np.ndarray:
    return np.array([ranks.students_p_value(rho, n - 2) for rho in rhos.ravel()])


def _pooled_p_values(rhos: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    used = ~np.isnan(rhos) & (sizes >= pooling.MINIMUM_STRATUM)
    z = np.arctanh(pooling.pooled_rhos(rhos, sizes)) * np.sqrt((used * (sizes - 3)).sum(axis=0))
    return np.array([ranks.normal_p_value(value) for value in z.ravel()])


def _hold_to_estimate(values: list[tuple[str, np.ndarray, np.ndarray]], p_values: dict[str, np.ndarray]) -> None:
    """The quick way above must be what the product does."""
    parts = [
        _pairs(name, drivers[:, driver], outcomes[:, outcome], f"{driver}", f"{outcome:02}")
        for name, drivers, outcomes in values
        for driver in range(DRIVERS)
        for outcome in range(OUTCOMES)
    ]
    families = pl.DataFrame(schema=dict.fromkeys((*KEY, "family_id"), pl.String))
    found = estimate(pl.concat(parts), families, minimum_n=20).sort("exposure_id", "measure_id")
    for kind, name in (("acute", "acute"), ("all", "all, pooled over types")):
        ours = found.filter(organisation_type=kind)["p_value"].to_numpy()
        np.testing.assert_allclose(p_values[name].ravel(), ours, rtol=1e-9)


def _pairs(name: str, exposure: np.ndarray, outcome: np.ndarray, exposure_id: str, measure_id: str) -> pl.DataFrame:
    facts = {"basis": "b", "alignment": "a", "exposure_kind": "item", "is_circular": False, "is_ordinal": False}
    ids = {"exposure_id": exposure_id, "measure_id": measure_id, "organisation_type": name, "region_code": None}
    places = [f"{name}{place:03}" for place in range(len(exposure))]
    values = {**dict.fromkeys(NUMBERS), "exposure_value": exposure, "outcome_value": outcome}
    return pl.DataFrame({"org_code": places, **facts, **ids, **values}).cast({"region_code": pl.String})


def coverage(design: str, simulations: int) -> None:
    """How often the two 95 % intervals of one type hold the rho of the population."""
    print(f"\ncoverage of 95 % intervals, {design}: Bonett-Wright / bootstrap")
    for n in SIZES:
        covered = [_covered(design, rho, [n], simulations) for rho in RHOS]
        print(f"n {n:>3}  " + "  ".join(f"rho {rho}: {_pair(both)}" for rho, both in zip(RHOS, covered, strict=True)))
    print(f"MC error {_error(0.95, simulations)}")


def coverage_of_all(simulations: int) -> None:
    """The same for 'all', with the types at 60 % sharing."""
    sizes = _shared_sizes()
    print(f"\ncoverage of 'all', five levels, types of {sizes}: Bonett-Wright / bootstrap")
    covered = [_covered("five levels", rho, sizes, simulations) for rho in RHOS]
    print("  ".join(f"rho {rho}: {_pair(both)}" for rho, both in zip(RHOS, covered, strict=True)))


def as_told(simulations: int) -> None:
    """The same for self-assessments, whose figures are rounded, and how often p is below 0.05."""
    print("\nself-assessments as told, mean of five items: coverage / p < 0.05")
    for n in (40, 73, *SIZES):
        told = [_told(rho, n, simulations) for rho in RHOS]
        print(f"n {n:>3}  " + "  ".join(f"rho {rho}: {_pair(both)}" for rho, both in zip(RHOS, told, strict=True)))


def _told(rho: float, n: int, simulations: int) -> np.ndarray:
    generator, latent = np.random.default_rng([SEED, n, int(10 * rho), 5]), _latent("mean of five items", rho)
    found = [ranks.rank_association(*_draw("mean of five items", latent, n, generator)).rho for _ in range(simulations)]
    ids = {
        "basis": confidential.CONFIDENTIAL,
        "organisation_type": "all",
        "n": n,
        "n_types": 1,
        "confidential_place": 1,
    }
    exposures = [str(number) for number in range(simulations)]
    rows = pl.DataFrame({"exposure_id": exposures, "raw_rho": found, **ids})
    every = pl.DataFrame(schema=ESTIMATES | {"confidential_place": pl.Int32})
    told = confidential.told(pl.concat([every, rows.cast({"n": pl.Int64})], how="diagonal_relaxed"))
    covered = told.select((pl.col("raw_rho_low") <= rho) & (rho <= pl.col("raw_rho_high")), pl.col("p_value") < 0.05)
    return covered.mean().to_numpy()[0]


def heterogeneity(simulations: int) -> None:
    """How often types that have one rho are called different."""
    print("\ntypes of one rho: share of heterogeneity p < 0.05")
    for rho in RHOS[::3]:
        generator, latent, called = np.random.default_rng([SEED, int(10 * rho), 4]), _latent("five levels", rho), []
        for _ in range(simulations):
            samples = [_draw("five levels", latent, n, generator) for n in _shared_sizes()]
            known = [(ranks.rank_association(*sample).rho, len(sample[0])) for sample in samples]
            rhos, sizes = zip(*(one for one in known if one[0] is not None), strict=True)
            called.append(pooling.heterogeneity(list(rhos), list(sizes)).p_value < 0.05)
        print(f"rho {rho}: {100 * np.mean(called):.1f} (MC error {_error(0.05, simulations)})")


def _shared_sizes() -> list[int]:
    return [round(SHARING * size) for size, _ in TYPES.values()]


def power(simulations: int) -> None:
    """How often an association of that rho is called, alone and among 59 others that are none."""
    print("\npower, exposure of five levels: p < 0.05 / q < 0.05 in a family of 60 with no other association")
    for rho in RHOS[2:4]:
        for n in SIZES:
            called = _called(rho, n, simulations)
            print(f"rho {rho}, n {n:>3}: {_pair(called)} (MC error at most {_error(0.5, simulations)})")


def confounded(simulations: int) -> None:
    """Exposure and outcome that both go with the prior value and the region, and otherwise not with each other."""
    print("\nassociated through prior value (0.5, 0.7) and region only, five levels: p < 0.05 unadjusted / adjusted")
    for sizes in ([SIZES[0]], [SIZES[1]], [SIZES[2]], _shared_sizes()):
        called = np.mean(list(_confounded(sizes, simulations)), axis=0)
        print(f"n {sum(sizes):>3}, types {len(sizes)}: {_pair(called)} (MC error {_error(0.05, simulations)})")


def _confounded(sizes: list[int], simulations: int) -> Iterator[tuple[bool, bool]]:
    generator, types = np.random.default_rng([SEED, *sizes, 3]), np.repeat(np.arange(len(sizes)), sizes)
    n, n_types = len(types), len(sizes)
    for _ in range(simulations):
        region, (prior, trait, rest, size) = generator.integers(0, 7, n), generator.normal(size=(4, n))
        exposure = _cut(0.5 * prior + sqrt(0.75) * trait + 0.2 * (region - 3), LEVELS)
        outcome = 0.7 * prior + sqrt(0.51) * rest + 0.2 * (region - 3)
        found = [ranks.rank_association(exposure[types == one], outcome[types == one]) for one in range(n_types)]
        known = [(one.rho, kept) for one, kept in zip(found, sizes, strict=True) if one.rho is not None]
        plain = found[0] if n_types == 1 else pooling.pooled_association(*map(list, zip(*known, strict=True)))
        covariates = {"prior value": prior, "size": size, "region": region}
        adjusted = adjustment.adjusted_association(types, exposure, outcome, covariates, 20)
        yield plain.p_value < 0.05, adjusted.p_value < 0.05


def _called(rho: float, n: int, simulations: int) -> np.ndarray:
    generator = np.random.default_rng([SEED, n, int(10 * rho), 2])
    latent = _latent("five levels", rho)
    called = []
    for _ in range(simulations):
        found = ranks.rank_association(*_draw("five levels", latent, n, generator))
        others = generator.uniform(size=FAMILY - 1).tolist()
        called.append((found.p_value < 0.05, ranks.benjamini_hochberg([found.p_value, *others])[0] < 0.05))
    return np.mean(called, axis=0)


def _covered(design: str, rho: float, sizes: list[int], simulations: int) -> np.ndarray:
    generator = np.random.default_rng([SEED, *sizes, int(10 * rho)])
    latent, covered = _latent(design, rho), []
    for _ in range(simulations):
        samples = [_draw(design, latent, n, generator) for n in sizes]
        bounds = _bonett_wright(samples, sizes), _bootstrap(samples, sizes)
        covered.append([low <= rho <= high for low, high in bounds])
    return np.mean(covered, axis=0)


def _bonett_wright(samples: list[tuple[np.ndarray, np.ndarray]], sizes: list[int]) -> tuple[float, float]:
    found = [ranks.rank_association(*sample) for sample in samples]
    known = [(one.rho, size) for one, size in zip(found, sizes, strict=True) if one.rho is not None]
    pooled = found[0] if len(sizes) == 1 else pooling.pooled_association(*map(list, zip(*known, strict=True)))
    return pooled.rho_low, pooled.rho_high


def _bootstrap(samples: list[tuple[np.ndarray, np.ndarray]], sizes: list[int]) -> tuple[float, float]:
    draws = [
        resampling.weighted_rhos(*sample, resampling.bootstrap_weights(size, f"type {place}"))
        for place, (sample, size) in enumerate(zip(samples, sizes, strict=True))
    ]
    return resampling.percentile_interval(pooling.pooled_rhos(np.array(draws), np.array(sizes)[:, None]))


def _draw(design: str, latent: float, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Exposure and outcome with their ties, whose latent normal correlation is given (that of the items' trait)."""
    trait, rest = generator.normal(size=(2, n))
    outcome = latent * trait + sqrt(1 - latent**2) * rest
    return _exposure(design, trait, generator), _cut(outcome, RATED) if "rating" in design else outcome


def _exposure(design: str, trait: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return _mean_of_items(trait, generator) if "items" in design else _cut(trait, LEVELS)


def _mean_of_items(trait: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    items = sqrt(0.6) * trait[:, None] + sqrt(0.4) * generator.normal(size=(len(trait), 5))
    return _cut(items, LEVELS).mean(axis=1)


def _cut(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    return 1.0 + np.searchsorted(ndtri(shares), values)


def _latent(design: str, rho: float) -> float:
    """The latent correlation at which the population's Spearman, ties and all, is `rho`; from a million draws."""
    from scipy.optimize import brentq
    from scipy.stats import rankdata

    generator = np.random.default_rng(SEED)
    trait = generator.normal(size=1_000_000)
    ranked = rankdata(_exposure(design, trait, generator))
    ranked = (ranked - ranked.mean()) / ranked.std()

    def spearman(latent: float) -> float:
        return float((ranked * _expected_rank(design, latent, trait)).mean())

    return brentq(lambda latent: spearman(latent) - rho, 0, 0.95, xtol=1e-5) if rho else 0.0


def _expected_rank(design: str, latent: float, trait: np.ndarray) -> np.ndarray:
    """The mean rank of the outcome given the trait, in standard deviations of that rank."""
    from scipy.special import ndtr, ndtri

    if "rating" not in design:
        return sqrt(12) * ndtr(latent * trait / sqrt(2 - latent**2))
    shares = np.diff([0, *RATED, 1])
    ranks_of_levels = np.cumsum(shares) - shares / 2
    deviation = sqrt((shares * (ranks_of_levels - 0.5) ** 2).sum())
    above = [ndtr((latent * trait - cut) / sqrt(1 - latent**2)) for cut in ndtri(RATED)]
    return sum(step * share for step, share in zip(np.diff(ranks_of_levels) / deviation, above, strict=True))


def _pair(shares: np.ndarray) -> str:
    return " / ".join(f"{100 * share:5.1f}" for share in shares)


def _error(share: float, simulations: int) -> str:
    return f"{100 * sqrt(share * (1 - share) / simulations):.2f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
