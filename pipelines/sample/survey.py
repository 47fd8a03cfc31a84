"""Synthetic NHS Staff Survey: one organisational workbook a year, in the publisher's layout.

Belongs here: answers to questions, scores and the workbook. Does not belong here: questions, their numbers
and what they reflect (data/survey_questions.csv), scales, scores and sheets (data/survey.yml).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from pipelines.sample import plan
from pipelines.sample.plan import Array, Latent
from pipelines.sample.population import Organisation, Population, region_name, type_of
from pipelines.sample.spreadsheets import workbook

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SOURCE = "nhs_staff_survey"
FILE_NAME = "NSS{year:02d} detailed spreadsheets organisational results.xlsx"
FIELDWORK_END = (11, 30)  # month and day
FIRST_DATA_ROW = 5  # counted from 0; the header is the row before
IDENTITY = ["ODS code", "Organisation name", "Benchmarking group", "Region", "ICS", "Weighting"]
BASE = "Base (number of responses)"
SHOWN_FROM = 10  # responses; fewer are suppressed
MAXIMUM_SCORE = 10
NOTE = "\nNote: SYNTHETIC figures. To protect anonymity, results of fewer than 10 responses are not displayed"


@dataclass(frozen=True)
class Question:
    """One question: its number by survey year, its scale and what it reflects."""

    numbers: dict[int, str]
    text: str
    scale: dict[str, Any]
    location: float
    reflects: str
    direction: int
    is_evidence: bool
    base_share: float
    extra_share: float

    @property
    def concept(self) -> str:
        """The number in the latest year, by which the sample's own data files name the question."""
        return self.numbers[max(self.numbers)]

    @property
    def options(self) -> list[str]:
        """Published options, in the publisher's order."""
        extra = [self.scale["extra"]] if "extra" in self.scale else []
        return [*self.scale["options"], *extra]


@dataclass(frozen=True)
class Block:
    """What one question or score prints: row 1, the labels of row 5 and a column of cells for each label."""

    title: str
    labels: list[str]
    columns: list[list[float | str]]


@cache
def layout() -> dict[str, Any]:
    """Scales, sheets and scores (data/survey.yml)."""
    return yaml.safe_load((plan.DATA / "survey.yml").read_text(encoding="utf-8"))


@cache
def questions() -> tuple[Question, ...]:
    """All questions of all years (data/survey_questions.csv)."""
    return tuple(
        Question(
            {year: row[f"q{year}"] for year in plan.settings()["editions"][SOURCE] if row[f"q{year}"]},
            row["text"],
            layout()["scales"][row["scale"]],
            float(row["location"]),
            row["reflects"],
            int(row["direction"]),
            row["is_evidence"] == "1",
            float(row["base_share"]),
            float(row["extra_share"]),
        )
        for row in plan.table("survey_questions.csv")
    )


def shares(question: Question, standing: Latent, responses: Array, random: np.random.Generator) -> Array:
    """Percentages of a question's options (organisation x option), 100 in sum, or 0-100 of a single option.

    An ordered logit: what the item reflects, with noise of its own and of the number of responses, moves all
    options together.
    """
    how = plan.plan()["survey"]
    reflected = standing.reflecting(question.reflects)
    noise = how["item_noise"] * random.standard_normal(len(reflected))
    sampling = how["sampling"] * random.standard_normal(len(reflected)) / np.sqrt(responses)
    logits = question.location + question.direction * how["strength"] * (reflected + noise) + sampling
    above = plan.logistic(logits[:, None] - np.array(question.scale["cuts"]))
    if len(question.options) == 1:
        return 100 * above
    edges = np.hstack([np.ones((len(logits), 1)), above, np.zeros((len(logits), 1))])
    found = edges[:, :-1] - edges[:, 1:]
    if question.scale.get("best_first"):
        found = found[:, ::-1]
    if "extra" in question.scale:
        extra = question.extra_share * np.exp(0.1 * random.standard_normal((len(logits), 1)))
        found = np.hstack([found * (1 - extra), extra])
    return 100 * found


def positive(question: Question, percentages: Array) -> Array:
    """The percentage that counts towards the item's share, such as those who agree or strongly agree."""
    return percentages[:, [question.options.index(one) for one in question.scale["positive"]]].sum(axis=1)


def scores(percentages: dict[str, Array]) -> dict[str, Array]:
    """The themes' scores from 0 to 10, from percentages by concept; a score of scores is their mean."""
    items = {question.concept: question for question in questions()}
    found: dict[str, Array] = {}
    for one in layout()["scores"]:
        if "items" in one:
            parts = [_points(items[q], percentages[q], q in one.get("reversed", [])) for q in one["items"]]
            found[one["id"]] = np.mean(parts, axis=0)
    for one in layout()["scores"]:
        if "of" in one:
            found[one["id"]] = np.mean([found[part] for part in one["of"]], axis=0)
    return found


def write(folder: Path, population: Population, years: list[int] | None = None) -> list[Path]:
    """One workbook for each survey year; by default all that sample.yml names. Returns their paths."""
    years = years or plan.settings()["editions"][SOURCE]
    return [_write_year(folder / SOURCE, population, year) for year in years]


def _points(question: Question, percentages: Array, is_reversed: bool) -> Array:
    """Mean points of the answers on the scale, 0 for its worst option and 10 for its best."""
    scale = percentages[:, : len(question.scale["options"])]
    points = np.linspace(0, MAXIMUM_SCORE, scale.shape[1])
    return scale @ (points[::-1] if is_reversed else points) / scale.sum(axis=1)


def year_of(population: Population, year: int) -> tuple[list[Organisation], dict[str, list[Block]]]:
    """Who took part in a year, and what every sheet holds of them, in the workbook's order."""
    day = date(year, *FIELDWORK_END)
    places = population.present(SOURCE, str(year), day)
    organisations = [population.organisations[place] for place in places]
    standing = population.standing(year).rows(np.array(places))
    staff = np.array([population.size(one.code, "staff", day) for one in organisations])
    return organisations, _blocks(standing, staff, year)


def _write_year(folder: Path, population: Population, year: int) -> Path:
    organisations, sheets = year_of(population, year)
    identity = [_identity(population, one, date(year, *FIELDWORK_END)) for one in organisations]
    heading = [layout()["system_column"][year] if title == "ICS" else title for title in IDENTITY]
    path = folder / FILE_NAME.format(year=year % 100)
    write_workbook(path, year, [heading, *identity], sheets)
    return path


def write_workbook(path: Path, year: int, identity: list[list[str]], sheets: dict[str, list[Block]]) -> None:
    """A workbook in the layout of the detailed spreadsheets. identity: header and cells of the first columns."""
    with workbook(path) as book:
        _write_notes(book.add_worksheet("Notes"), year)
        for name, blocks in sheets.items():
            _write_sheet(book.add_worksheet(name), name, year, identity, blocks)


def _identity(population: Population, one: Organisation, day: date) -> list[str]:
    is_trust = one.kind != "icb"
    has_system = is_trust and one.kind != "ambulance"
    system = population.by_code[one.icb_code].name.removesuffix(" Integrated Care Board")
    return [
        one.code,
        one.name_on(day),
        type_of(one)["survey_group"],
        region_name(one.region_code) if is_trust else "-",
        system if has_system else "-",
        "Occupation Group" if is_trust else "Unweighted",
    ]


def _blocks(standing: Latent, staff: Array, year: int) -> dict[str, list[Block]]:
    """What every sheet of a year holds, in the workbook's order."""
    random = plan.stream(SOURCE, year)
    rates = plan.plan()["survey"]["response_rate"] * random.uniform(0.8, 1.2, len(staff))
    responses = np.round(staff * rates)
    sheets: dict[str, list[Block]] = {name: [] for _, _, name in layout()["sheets"][year]}
    percentages = {}
    for question in questions():
        random = plan.stream(SOURCE, year, question.concept)
        bases = random.binomial(responses.astype(int), 0.995 * question.base_share)
        found = shares(question, standing, np.maximum(bases, 1), random)
        percentages[question.concept] = found
        if year in question.numbers:
            block = _question_block(question, year, found, bases)
            sheets[_sheet_of(question.numbers[year], year)].append(block)
    found_scores = scores(percentages)
    for one in layout()["scores"]:
        block = _score_block(one, found_scores[one["id"]], responses)
        sheets.setdefault(one["sheet"], []).append(block)
    return sheets


def _sheet_of(question_number: str, year: int) -> str:
    number = int(re.findall(r"\d+", question_number)[0])
    return next(name for first, last, name in layout()["sheets"][year] if first <= number <= last)


def _question_block(question: Question, year: int, percentages: Array, bases: Array) -> Block:
    """A single-option question is suppressed by how many chose it and keeps its base; others lose all."""
    is_single = len(question.options) == 1
    hidden = (percentages[:, 0] * bases / 100 if is_single else bases) < SHOWN_FROM
    columns = [_cells(column, hidden) for column in percentages.T]
    columns.append(_cells(bases.astype(float), bases < SHOWN_FROM))
    number = question.numbers[year]
    title = f"Q{number[1:]} - {question.text}"
    return Block(title, [f"% {option}" for option in question.options] + [BASE], columns)


def _score_block(one: dict[str, Any], values: Array, responses: Array) -> Block:
    hidden = responses < SHOWN_FROM
    columns = [_cells(values, hidden), _cells(responses, hidden)]
    return Block(f"{one['id']} - {one['text']}", [f"{one['id']} - score", BASE], columns)


def _cells(values: Array, hidden: Array) -> list[float | str]:
    return ["-" if is_hidden else value for value, is_hidden in zip(values.tolist(), hidden, strict=True)]


def _write_notes(sheet: Worksheet, year: int) -> None:
    lines = [
        f"NHS Staff Survey {year} - Detailed Spreadsheets (SYNTHETIC)",
        "",
        "SYNTHETIC: every organisation and every figure in this workbook is invented.",
        "The layout follows the publisher's, so that the same reader can be used on both.",
    ]
    sheet.write_column(0, 0, lines)


def _write_sheet(sheet: Worksheet, name: str, year: int, identity: list[list[str]], blocks: list[Block]) -> None:
    width = len(identity[0])
    sheet.write_string(0, 0, f"NHS Staff Survey {year} - WEIGHTED Results (SYNTHETIC)")
    sheet.write_string(1, 0, f"{name} {_range(blocks)}")
    sheet.write_string(2, 0, NOTE)
    for row, cells in enumerate(identity, FIRST_DATA_ROW - 1):
        sheet.write_row(row, 0, cells)
    column = width
    for block in blocks:
        last = column + len(block.labels) - 1
        sheet.merge_range(0, column, FIRST_DATA_ROW - 2, last, block.title)
        sheet.write_row(FIRST_DATA_ROW - 1, column, block.labels)
        _write_columns(sheet, column, block.columns)
        column = last + 1
    sheet.freeze_panes(0, width)
    sheet.autofilter(FIRST_DATA_ROW - 1, 0, FIRST_DATA_ROW - 1, width - 1)


def _write_columns(sheet: Worksheet, first: int, columns: list[list[float | str]]) -> None:
    for column, cells in enumerate(columns, first):
        for row, value in enumerate(cells, FIRST_DATA_ROW):
            if isinstance(value, str):
                sheet.write_string(row, column, value)
            else:
                sheet.write_number(row, column, value)


def _range(blocks: list[Block]) -> str:
    """The second half of the sheet's title: its first and last question."""
    heads = [block.title.split(" - ")[0] for block in blocks]
    return f"{heads[0]}-{heads[-1]}"
