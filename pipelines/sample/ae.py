"""Synthetic A&E attendances: one CSV for each month, in the publisher's layout, and one revision.

Belongs here: attendances, waits over four hours and the file. Does not belong here: who exists, or how waits hang
together with maturity (plan.py).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.sample import plan
from pipelines.sample.plan import Array
from pipelines.sample.population import Organisation, Population, region_name, type_of
from pipelines.sample.waiting import MEASURE

SOURCE = "ae_four_hour"
FILE_NAME = "Monthly-AE-{month:%B-%Y}{suffix}.csv"
DESCRIPTIVE = ["Period", "Org Code", "Parent Org", "Org name"]
DEPARTMENTS = ["Type 1", "Type 2", "Other A&E Department"]
BOOKED = ["Booked Appointments Type 1", "Booked Appointments Type 2", "Booked Appointments Other Department"]
OVER = ["Type 1", "Type 2", "Other Department"]
COUNTS = [
    *(f"A&E attendances {name}" for name in [*DEPARTMENTS, *BOOKED]),
    *(f"Attendances over 4hrs {name}" for name in [*OVER, *BOOKED]),
    "Patients who have waited 4-12 hs from DTA to admission",
    "Patients who have waited 12+ hrs from DTA to admission",
    *(f"Emergency admissions via A&E - {name}" for name in ["Type 1", "Type 2", "Other A&E department"]),
    "Other emergency admissions",
]
LATE_SHARE = 0.9  # of the late provider's attendances, in the first file of the month that is revised

Counts = NDArray[np.int64]


def write(folder: Path, population: Population, months: list[date] | None = None) -> list[Path]:
    """One file for each month (first day given), two where it is revised; by default all of sample.yml."""
    found = (_write_month(folder / SOURCE, population, month) for month in months or plan.months(SOURCE))
    return [path for paths in found for path in paths]


def _write_month(folder: Path, population: Population, month: date) -> Iterator[Path]:
    end = month.replace(day=monthrange(month.year, month.month)[1])
    kinds = {kind for kind, facts in plan.settings()["types"].items() if facts["attendances"]}
    places = population.present(SOURCE, f"{month:%Y-%m}", end, kinds)
    providers = [population.organisations[place] for place in places]
    counts = _counts(population, places, end)
    revised = plan.settings()["editions"][SOURCE]["revised"]
    if month == revised["month"]:
        first = counts.copy()
        late = [one.code for one in providers].index(revised["code"])
        first[late] = np.floor(first[late] * LATE_SHARE)
        yield _write_file(folder, providers, first, month, "")
    yield _write_file(folder, providers, counts, month, "-revised" if month == revised["month"] else "")


def _counts(population: Population, places: list[int], end: date) -> Counts:
    """All columns of figures: attendances, booked ones, those over four hours, waits for a bed, admissions."""
    how, random = plan.plan()["emergency"], plan.stream(SOURCE, end)
    providers = [population.organisations[place] for place in places]
    own = how["own"] * plan.stream(SOURCE, "own").standard_normal(len(population.organisations))
    standing = population.standing(plan.financial_year(end)).outcomes[MEASURE] + own
    shares = np.array([type_of(one)["departments"] for one in providers])
    attended = random.poisson(_expected(population, providers, end)[:, None] * shares)
    booked = random.binomial(attended, how["booked"])
    late = 1 - plan.shares_in_month(np.array(how["within_4_hours"]), standing[places], end.month, how)
    admitted = random.binomial(attended, how["admitted"])
    waiting = random.binomial(admitted.sum(axis=1, keepdims=True), how["waits_for_a_bed"])
    others = random.poisson(how["other_admissions"] * attended.sum(axis=1, keepdims=True))
    walked_in = attended - booked
    over = [random.binomial(walked_in, late), random.binomial(booked, late)]
    return np.hstack([walked_in, booked, *over, waiting, admitted, others])


def _expected(population: Population, providers: list[Organisation], end: date) -> Array:
    """Attendances expected in a month, in proportion to the staff of the provider's type."""
    return np.array(
        [
            type_of(one)["attendances"] * population.size(one.code, "staff", end) / type_of(one)["staff"]
            for one in providers
        ]
    )


def _write_file(folder: Path, providers: list[Organisation], counts: Counts, month: date, suffix: str) -> Path:
    described = [
        (f"MSitAE-{f'{month:%B}'.upper()}-{month.year}", one.code, _parent(one), one.name_on(month).upper())
        for one in providers
    ]
    described.append(("TOTAL",) * len(DESCRIPTIVE))
    texts = pl.DataFrame(described, schema=DESCRIPTIVE, orient="row")
    figures = pl.DataFrame(np.vstack([counts, counts.sum(axis=0)]), schema=COUNTS)
    path = folder / FILE_NAME.format(month=month, suffix=suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    texts.hstack(figures).write_csv(path, line_terminator="\r\n")
    return path


def _parent(one: Organisation) -> str:
    """The region as this publisher writes it, with its trailing space."""
    return f"NHS ENGLAND {region_name(one.region_code).upper()} "
