"""The statistical plan of the synthetic sample: maturity and outcomes as correlated normal variables.

Belongs here: reading the plan's data files, random streams, the joint draw. Does not belong here: who the
organisations are (population.py), or how a variable becomes a published figure (one module for each source).
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
FIRST_MONTH = 4  # of a financial year
EXACT_FROM = 3  # members of a type for each latent variable, from which its draw can be made exact

Array = NDArray[np.float64]


@cache
def settings() -> dict[str, Any]:
    """Who exists and which files are written (data/sample.yml)."""
    return yaml.safe_load((DATA / "sample.yml").read_text(encoding="utf-8"))


@cache
def plan() -> dict[str, Any]:
    """How outcomes hang together with maturity (data/plan.yml)."""
    return yaml.safe_load((DATA / "plan.yml").read_text(encoding="utf-8"))


def table(name: str) -> list[dict[str, str]]:
    """The rows of one of the CSV files in data/."""
    with (DATA / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def stream(*names: object) -> np.random.Generator:
    """Random numbers that depend on these names alone, so that no file's content depends on another's."""
    label = "/".join(str(name) for name in names)
    return np.random.default_rng([settings()["seed"], zlib.crc32(label.encode())])


def financial_year(day: date) -> int:
    """The year in which the financial year (April to March) of a day begins."""
    return day.year - (day.month < FIRST_MONTH)


def months(source: str) -> Iterator[date]:
    """The first day of every month that a source's files are about."""
    span = settings()["editions"][source]
    month = span["first"]
    while month <= span["last"]:
        yield month
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)


@dataclass(frozen=True)
class Latent:
    """Standing of organisations, in standard deviations. Rows of every array are organisations.

    drivers: one column for each driver, in the plan's order. outcomes: by measure_id, in the measure's own
    direction (more sickness is more).
    """

    drivers: Array
    outcomes: dict[str, Array]

    def rows(self, picked: NDArray[np.intp]) -> Latent:
        """The same for some of the organisations."""
        return Latent(self.drivers[picked], {name: values[picked] for name, values in self.outcomes.items()})

    def reflecting(self, name: str) -> Array:
        """What an item reflects: a driver, an outcome, 'general' (all drivers alike), or '' for none."""
        if name in self.outcomes:
            return self.outcomes[name]
        if name in plan()["drivers"]:
            return self.drivers[:, plan()["drivers"].index(name)]
        if name == "general":
            return self.drivers.mean(axis=1)
        return np.zeros(len(self.drivers))


def draw(size: int, random: np.random.Generator) -> Latent:
    """Lasting standing of `size` organisations of one type, means 0 and standard deviations 1.

    Where there are enough of them, the sample's own means and correlations are made exactly the plan's, so
    that a planned association shows in one sample of ordinary size.
    """
    outcomes = plan()["outcomes"]
    drivers = len(plan()["drivers"])
    normal = random.standard_normal((size, drivers + len(outcomes)))
    if size >= EXACT_FROM * normal.shape[1]:
        normal = _whitened(normal)
    correlation = driver_correlation()
    maturity = normal[:, :drivers] @ np.linalg.cholesky(correlation).T
    found = {}
    for place, (measure, planned) in enumerate(outcomes.items()):
        weights = np.linalg.solve(correlation, np.array(planned))
        rest = np.sqrt(1 - np.array(planned) @ weights)
        found[measure] = maturity @ weights + rest * normal[:, drivers + place]
    return Latent(maturity, found)


def driver_correlation() -> Array:
    """The planned correlation matrix of the drivers."""
    between = plan()["driver_correlation"]
    size = len(plan()["drivers"])
    return np.full((size, size), between) + np.eye(size) * (1 - between)


def in_year(lasting: Latent, year: int, random: np.random.Generator) -> Latent:
    """Standing in one year: the lasting one, the rise since the reference year, and the year's wobble."""
    rise = plan()["yearly_rise"] * (year - plan()["reference_year"])
    wobble = plan()["yearly_wobble"] * random.standard_normal(lasting.drivers.shape)
    outcomes = {
        name: values + plan()["outcome_wobble"] * random.standard_normal(len(values))
        for name, values in lasting.outcomes.items()
    }
    return Latent(lasting.drivers + rise + wobble, outcomes)


def logistic(logits: Array) -> Array:
    """The inverse of the logit."""
    return 1 / (1 + np.exp(-logits))


def shares_in_month(base: Array, standing: Array, month: int, how: dict[str, Any]) -> Array:
    """Expected shares (0-1) in a month (organisation x part): the part's base, moved by the standing and the season."""
    return logistic(np.log(base / (1 - base)) + how["seasons"][month - 1] + how["strength"] * standing[:, None])


def _whitened(normal: Array) -> Array:
    centred = normal - normal.mean(axis=0)
    spread = np.linalg.cholesky(centred.T @ centred / len(normal))
    return np.linalg.solve(spread, centred.T).T
