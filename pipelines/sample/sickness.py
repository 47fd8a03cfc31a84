"""Synthetic NHS Sickness Absence Rates: one CSV for each month, in the publisher's layout.

Belongs here: rates, days and the file. Does not belong here: who exists, or how sickness hangs together with
maturity (plan.py).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.sample import plan
from pipelines.sample.plan import Array
from pipelines.sample.population import Population, region_name, type_of

SOURCE = "sickness_absence"
FILE_NAME = "NHS Sickness Absence rates CSV, {month:%B %Y}.csv"
FIRST_MONTH_OF_YEAR = 4


def write(folder: Path, population: Population, months: list[date] | None = None) -> list[Path]:
    """One file for each month (first day given); by default all that sample.yml names. Returns their paths."""
    return [_write_month(folder / SOURCE, population, month) for month in months or list(all_months())]


def all_months() -> Iterator[date]:
    """The first day of every month that has a file."""
    span = plan.settings()["editions"][SOURCE]
    month = span["first"]
    while month <= span["last"]:
        yield month
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)


def rates(base: Array, standing: Array, month: int, random: np.random.Generator) -> Array:
    """Days lost in a month as a share (0-1) of days available; `base` is the type's yearly percentage."""
    how = plan.plan()["sickness"]
    noise = how["monthly_noise"] * random.standard_normal(len(standing))
    return base / 100 * how["seasons"][month - 1] * np.exp(how["strength"] * standing + noise)


def _write_month(folder: Path, population: Population, month: date) -> Path:
    days = monthrange(month.year, month.month)[1]
    end = month.replace(day=days)
    places = population.present(SOURCE, f"{month:%Y-%m}", end)
    organisations = [population.organisations[place] for place in places]
    financial_year = month.year - (month.month < FIRST_MONTH_OF_YEAR)
    standing = population.standing(financial_year).outcomes[SOURCE][places]
    random = plan.stream(SOURCE, month)
    base = np.array([type_of(one)["sickness_rate"] for one in organisations])
    staff = np.array([population.size(one.code, "staff", end) for one in organisations])
    headcount = staff * random.normal(1, 0.01, len(staff))
    available = np.round(headcount * plan.plan()["sickness"]["fte_per_head"] * days, 5)
    lost = np.round(available * rates(base, standing, month.month, random), 5)
    icbs = [population.by_code[one.icb_code] for one in organisations]
    frame = pl.DataFrame(
        {
            "DATE": [f"{end:%d/%m/%Y}"] * len(places),
            "NHSE_REGION_CODE": [one.region_code for one in organisations],
            "NHSE_REGION_NAME": [region_name(one.region_code) for one in organisations],
            "ICS_CODE": [one.code for one in icbs],
            "ICS_NAME": [one.name.removesuffix(" Integrated Care Board") for one in icbs],
            "ORG_CODE": [one.code for one in organisations],
            "ORG_NAME": [one.name_on(end) for one in organisations],
            "ORG_TYPE": [type_of(one)["sickness_type"] for one in organisations],
            "FTE_DAYS_LOST": lost,
            "FTE_DAYS_AVAILABLE": available,
            "SICKNESS_ABSENCE_RATE_PERCENT": np.round(100 * lost / available, 2),
        }
    )
    path = folder / FILE_NAME.format(month=month)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_csv(path, line_terminator="\r\n")
    return path
