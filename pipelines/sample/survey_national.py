"""Synthetic national workbook of the NHS Staff Survey: England, regions and age groups, in the publisher's layout.

Belongs here: summing up what the organisational workbooks hold. Does not belong here: answers, sheets and their
layout (survey.py).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipelines.sample import plan, survey
from pipelines.sample.plan import Array
from pipelines.sample.population import Organisation, Population, region_name
from pipelines.sample.survey import Block

SOURCE = "nhs_staff_survey_national"
FILE_NAME = "NSS{year:02d} detailed spreadsheets national results.xlsx"
IDENTITY = ["Base", "Breakdown", "Breakdown subgroup", "Weighting"]
AGE = "Age"


def write(folder: Path, population: Population, years: list[int] | None = None) -> list[Path]:
    """One workbook for each survey year; by default all that sample.yml names. Returns their paths."""
    years = years or plan.settings()["editions"][SOURCE]
    return [_write_year(folder / SOURCE, population, year) for year in years]


def _write_year(folder: Path, population: Population, year: int) -> Path:
    organisations, sheets = survey.year_of(population, year)
    groups = _groups(organisations, year)
    breakdowns = [breakdown for breakdown, _ in groups]
    members = [membership for _, membership in groups.values()]
    identity = [["National", *group, weighting] for group, (weighting, _) in groups.items()]
    summed = {name: [_summed(block, breakdowns, members) for block in blocks] for name, blocks in sheets.items()}
    path = folder / FILE_NAME.format(year=year % 100)
    survey.write_workbook(path, year, [IDENTITY, *identity], summed)
    return path


def _groups(organisations: list[Organisation], year: int) -> dict[tuple[str, str], tuple[str, Array]]:
    """Weighting and members of each group: all trusts, those of a region, and for an age group half of them."""
    is_trust = np.array([one.kind != "icb" for one in organisations])
    groups = {("", ""): ("Organisation Size and Occupation Group", is_trust)}
    for code in plan.settings()["regions"]:
        in_region = np.array([one.region_code == code for one in organisations])
        groups["Region", region_name(code)] = ("Organisation Size", is_trust & in_region)
    random = plan.stream(SOURCE, year)
    for age in survey.layout()["scales"]["age"]["options"]:
        groups[AGE, age] = ("Organisation Size", is_trust & (random.random(len(organisations)) < 0.5))
    return groups


def _summed(block: Block, breakdowns: list[str], members: list[Array]) -> Block:
    """The same question of groups: means weighted by responses; a dash where it is crossed with itself."""
    question = block.title.split(" - ", 1)[1]
    table = np.array([[np.nan if cell == "-" else cell for cell in column] for column in block.columns], dtype=float)
    cells = [
        ["-"] * len(table) if breakdown == question else _mean(table[:, who])
        for breakdown, who in zip(breakdowns, members, strict=True)
    ]
    return Block(block.title, block.labels, [list(column) for column in zip(*cells, strict=True)])


def _mean(table: Array) -> list[float | str]:
    """Of each column, weighted by the last one, the number of responses, whose sum comes last."""
    shown = table[:, ~np.isnan(table).any(axis=0)]
    base = shown[-1].sum()
    return [*(shown[:-1] @ shown[-1] / base).tolist(), float(base)]
