"""Synthetic benchmark workbook of the NHS Staff Survey: five years side by side, weighted as in the newest.

Belongs here: the layout, as others describe it, and the re-weighting of earlier years. Does not belong here:
answers (survey.py).
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample import plan, survey
from pipelines.sample.population import Organisation, Population, type_of
from pipelines.sample.spreadsheets import workbook
from pipelines.sample.survey import Block

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SOURCE = "nhs_staff_survey_benchmark"
FILE_NAME = "NSS-Benchmark-report-excel-data-for-{first}-{last}.xlsx"
IDENTITY = ["org_id", "org_name", "org_type_reporting_name"]
SCORES = {"Staff Engagement": "theme_engagement", "E_3": "E_3", "Morale": "theme_morale", "PP4_2": "PP4_2"}
ITEMS = ("q3f", "q12b", "q24c", "q25c", "q26a")
REWEIGHTED = 0.0015  # standard deviation of the change of an earlier year's figure, as a share of it
LONGEST_NAME = 31  # of a sheet

Figures = dict[str, dict[str, tuple[float, float] | None]]


def write(folder: Path, population: Population, years: list[int] | None = None) -> list[Path]:
    """One workbook for each release; by default all that sample.yml names. Returns their paths."""
    years = years or plan.settings()["editions"][SOURCE]
    return [_write_release(folder / SOURCE, population, year) for year in years]


def _write_release(folder: Path, population: Population, release: int) -> Path:
    years = [year for year in plan.settings()["editions"][survey.SOURCE] if year <= release]
    found = {year: _figures(population, year, release) for year in years}
    members, _ = survey.year_of(population, release)
    path = folder / FILE_NAME.format(first=years[0], last=release)
    with workbook(path) as book:
        book.add_worksheet("Notes").write_column(
            0, 0, ["SYNTHETIC: every figure in this workbook is invented.", *ITEMS]
        )
        listed = book.add_worksheet("Organisation Benchmark groups")
        for row, one in enumerate(members):
            listed.write_row(row, 0, [one.code, _group(one)])
        for group, part in groupby(sorted(members, key=lambda one: (_group(one), one.code)), _group):
            _write_group(book.add_worksheet(group[:LONGEST_NAME]), list(part), found, release)
    return path


def _group(one: Organisation) -> str:
    return str(type_of(one)["survey_group"])


def _figures(population: Population, year: int, release: int) -> Figures:
    """Measure -> organisation -> figure and number of responses; None where it is suppressed."""
    organisations, sheets = survey.year_of(population, year)
    blocks = {block.title.split(" - ")[0]: block for part in sheets.values() for block in part}
    drawn = plan.stream(SOURCE, release, year).standard_normal(len(organisations))
    factors = np.ones(len(drawn)) if year == release else 1 + REWEIGHTED * drawn
    columns = {name: _cells(blocks[score], [blocks[score].labels[0]], 1) for score, name in SCORES.items()}
    for question in survey.questions():
        if question.concept in ITEMS:
            block = blocks[f"Q{question.numbers[year][1:]}"]
            columns[question.concept] = _cells(block, [f"% {one}" for one in question.scale["positive"]], 100)
    return {
        name: {
            one.code: cell and (cell[0] * factor, cell[1])
            for one, cell, factor in zip(organisations, cells, factors, strict=True)
        }
        for name, cells in columns.items()
    }


def _cells(block: Block, labels: list[str], unit: int) -> list[tuple[float, float] | None]:
    """The sum of these columns in the workbook's unit, with the number of responses."""
    wanted = [column for label, column in zip(block.labels, block.columns, strict=True) if label in labels]
    rows = zip(zip(*wanted, strict=True), block.columns[-1], strict=True)
    return [None if "-" in (*cells, base) else (sum(cells) / unit, base) for cells, base in rows]


def _write_group(sheet: Worksheet, members: list[Organisation], found: dict[int, Figures], release: int) -> None:
    names = [(name, year) for year in found for name in found[year]]
    heading = [text for name, year in names for text in (f"{name}_{year}", f"{name}_n_{year}")]
    rates = [f"response_rate_{release}", f"response_rate_n_{release}", f"theme_engagement_sig_{release}"]
    sheet.write_row(0, 0, [*IDENTITY, *heading, *rates])
    for row, one in enumerate(members, 1):
        cells: list[object] = [one.code, one.name, _group(one)]
        for name, year in names:
            cells += found[year][name].get(one.code, ("", "")) or ("-", "-")
        sheet.write_row(row, 0, [*cells, 0.48, 5000, "not significant"])
