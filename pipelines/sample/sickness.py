"""Synthetic NHS Sickness Absence Rates: one CSV for each month, in the publisher's layout.

Belongs here: rates, days and the file. Does not belong here: who exists, or how sickness hangs together with
maturity (plan.py).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.sample import plan
from pipelines.sample.plan import Array
from pipelines.sample.population import Population, region_name, type_of

SOURCE = "sickness_absence"
FILE_NAME = "NHS Sickness Absence rates CSV, {month:%B %Y}.csv"


def write(folder: Path, population: Population, months: list[date] | None = None) -> list[Path]:
    """One file for each month (first day given); by default all of sample.yml. Returns their paths."""
    return [_write_month(folder / SOURCE, population, month) for month in months or plan.months(SOURCE)]


def rates(base: Array, standing: Array, month: int, random: np.random.Generator) -> Array:
    """Days lost in a month as a share (0-1) of days available; `base` is the type's yearly percentage."""
    how = plan.plan()["sickness"]
    noise = how["monthly_noise"] * random.standard_normal(len(standing))
    return base / 100 * how["seasons"][month - 1] * np.exp(how["strength"] * standing + noise)


def _write_month(folder: Path, population: Population, month: date) -> Path:
    end = month.replace(day=monthrange(month.year, month.month)[1])
    places = population.present(SOURCE, f"{month:%Y-%m}", end)
    lost, available = _days(population, places, end)
    described = pl.DataFrame([_who(population, place, end) for place in places], orient="row")
    figures = pl.DataFrame(
        {
            "FTE_DAYS_LOST": lost,
            "FTE_DAYS_AVAILABLE": available,
            "SICKNESS_ABSENCE_RATE_PERCENT": np.round(100 * lost / available, 2),
        }
    )
    path = folder / FILE_NAME.format(month=month)
    path.parent.mkdir(parents=True, exist_ok=True)
    described.hstack(figures).write_csv(path, line_terminator="\r\n")
    return path


def _days(population: Population, places: list[int], end: date) -> tuple[Array, Array]:
    """Full-time-equivalent days lost and available, to five places as published."""
    organisations = [population.organisations[place] for place in places]
    random = plan.stream(SOURCE, end)
    standing = population.standing(plan.financial_year(end)).outcomes[SOURCE][places]
    base = np.array([type_of(one)["sickness_rate"] for one in organisations])
    staff = np.array([population.size(one.code, "staff", end) for one in organisations])
    days = end.day * plan.plan()["sickness"]["fte_per_head"] * random.normal(1, 0.01, len(staff))
    available = np.round(staff * days, 5)
    return np.round(available * rates(base, standing, end.month, random), 5), available


def _who(population: Population, place: int, end: date) -> dict[str, str]:
    one = population.organisations[place]
    icb = population.by_code[one.icb_code]
    return {
        "DATE": f"{end:%d/%m/%Y}",
        "NHSE_REGION_CODE": one.region_code,
        "NHSE_REGION_NAME": region_name(one.region_code),
        "ICS_CODE": icb.code,
        "ICS_NAME": icb.name.removesuffix(" Integrated Care Board"),
        "ORG_CODE": one.code,
        "ORG_NAME": one.name_on(end),
        "ORG_TYPE": type_of(one)["sickness_type"],
    }
