"""Synthetic cancer waiting times: one data extract for each financial year, in the publisher's layout.

Belongs here: patients treated, those within 62 days and the workbook. Does not belong here: who exists, or how waits
hang together with maturity (plan.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

import numpy as np

from pipelines.sample import plan
from pipelines.sample.plan import Array
from pipelines.sample.population import Population
from pipelines.sample.spreadsheets import workbook
from pipelines.sample.waiting import MEASURE

SOURCE = "cancer_62_day"
FILE_NAME = "CWT-CRS-{first:%b-%Y}-to-{last:%b-%Y}-Data-Extract-Provider.xlsx"
SHEET = "SYNTHETIC Provider Extract"
STANDARD, ROUTE = "62-day Combined", "Urgent Suspected Cancer"
ALL_TYPES, ALL_TREATMENTS = "ALL CANCERS", "ALL MODALITIES"
HEADER = [
    "PERIOD",
    "YEAR",
    "MONTH",
    "STANDARD",
    "ORG CODE",
    "STAGE/ROUTE",
    "TREATMENT MODALITY",
    "CANCER TYPE",
    "TOTAL TREATED",
    "WITHIN STANDARD",
    "BREACHES",
]

Row = tuple[tuple[str, ...], tuple[float, ...]]


def write(folder: Path, population: Population, years: list[int] | None = None) -> list[Path]:
    """One extract for each financial year (the year it begins in); by default all of sample.yml. Returns the paths."""
    months = {year: list(found) for year, found in groupby(plan.months(SOURCE), plan.financial_year)}
    return [_write_year(folder / SOURCE, population, months[year]) for year in years or months]


def _write_year(folder: Path, population: Population, months: list[date]) -> Path:
    path = folder / FILE_NAME.format(first=months[0], last=months[-1])
    year = f"{months[0].year}/{(months[0].year + 1) % 100}"
    rows = [(month, cells) for month in months for cells in _rows(population, month)]
    with workbook(path) as book:
        sheet, day_format = book.add_worksheet(SHEET), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, HEADER)
        for line, (month, (texts, numbers)) in enumerate(rows, 1):
            sheet.write_datetime(line, 0, month, day_format)
            for column, text in enumerate((year, f"{month:%b}".upper(), STANDARD, *texts), 1):
                sheet.write_string(line, column, text)
            for column, number in enumerate(numbers, len(HEADER) - len(numbers)):
                sheet.write_number(line, column, number)
    return path


def _rows(population: Population, month: date) -> Iterator[Row]:
    """What stands right of the standard: every patient once by type of cancer and once by treatment."""
    how = plan.plan()["cancer"]
    places = [
        place
        for place in population.present(SOURCE, f"{month:%Y-%m}", month, {"acute", "acute_specialist"})
        if population.size(population.organisations[place].code, "pathways", month) > 0
    ]
    codes = [population.organisations[place].code for place in places]
    treated, within = _patients(population, places, month)
    slices = [
        (2, [(ALL_TREATMENTS, kind) for kind in how["within_62_days"]]),
        (1, [(treatment, ALL_TYPES) for treatment in how["treatments"]]),
    ]
    for axis, parts in slices:
        all_treated, all_within = treated.sum(axis=axis).tolist(), within.sum(axis=axis).tolist()
        for code, totals, soon in zip(codes, all_treated, all_within, strict=True):
            for part, total, kept in zip(parts, totals, soon, strict=True):
                if total:
                    yield (code, ROUTE, *part), (total, kept, total - kept)


def _patients(population: Population, places: list[int], month: date) -> tuple[Array, Array]:
    """Patients treated and those within 62 days (provider x type x treatment); half patients are shared ones."""
    how, random = plan.plan()["cancer"], plan.stream(SOURCE, month)
    own = how["own"] * plan.stream(SOURCE, "own").standard_normal(len(population.organisations))
    standing = population.standing(plan.financial_year(month)).outcomes[MEASURE] + own
    waiting = [population.size(population.organisations[place].code, "pathways", month) for place in places]
    shares = np.array(list(how["treatments"].values())) / len(how["within_62_days"])
    expected = how["treated"] * np.array(waiting)[:, None, None] * shares
    base = np.array(list(how["within_62_days"].values()))
    within = plan.shares_in_month(base, standing[places], month.month, how)[:, :, None]
    halves = random.poisson(2 * expected, (len(places), len(base), len(shares)))
    return halves / 2, random.binomial(halves, within) / 2
