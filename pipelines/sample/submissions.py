"""Synthetic NHS IMPACT self-assessments, as organisations would share them: workbooks and CSV exports.

Belongs here: who responds, levels, status, sharing scope and the files. Does not belong here: how maturity is
distributed (plan.py), or what the items mean (data/submission_items.csv; the titles are recalled, not confirmed).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.sample import plan
from pipelines.sample.plan import Array, Latent
from pipelines.sample.population import Population
from pipelines.sample.spreadsheets import workbook

SOURCE = "impact_self_assessment"
FOLDER = "submissions"
INSTRUMENT = "impact-sa-1"
SCOPES = {"national_aggregate": 0.50, "system": 0.15, "national_named": 0.12, "private": 0.10, "": 0.07, "published": 0.06}
STATUSES = {"board_approved": 0.72, "draft and board_approved": 0.14, "draft": 0.08, "reassessment": 0.06}
WITHDRAWN = 1  # in each round
INCOMPLETE = 0.06  # share of submissions with some items not answered
UNANSWERED = 0.25  # share of items not answered in such a submission
NOT_APPLICABLE = 0.004  # share of answers
COMMENTED = 0.05  # share of answers
CSV_HEADER = ["ods_code", "organisation_name", "instrument_version", "assessment_date", "submission_status"]
CSV_HEADER += ["sharing_scope", "contact_name", "contact_email", "item", "level", "comment"]
ANSWERS_HEADER = ["Item", "Question", "Level", "Comment"]


@dataclass(frozen=True)
class Submission:
    """One record of one organisation: levels are 1-5, 'n/a', or blank where not answered."""

    code: str
    name: str
    assessed_on: date
    status: str
    scope: str
    contact: int
    levels: tuple[int | str, ...]
    comments: tuple[str, ...]


@cache
def items() -> list[dict[str, str]]:
    """The instrument's items, their driver and short title."""
    return plan.table("submission_items.csv")


def levels(standing: Latent, random: np.random.Generator) -> Array:
    """Levels 1-5 that organisations give themselves (organisation x item)."""
    how = plan.plan()["submissions"]
    drivers = [plan.plan()["drivers"].index(item["driver_id"]) for item in items()]
    leaning = how["optimism"] * random.standard_normal((len(standing.drivers), 1))
    noise = how["item_noise"] * random.standard_normal((len(standing.drivers), len(drivers)))
    felt = how["loading"] * standing.drivers[:, drivers] + np.array(how["offsets"])[drivers] + leaning + noise
    return 1 + np.searchsorted(how["cuts"], felt)


def write(folder: Path, population: Population) -> list[Path]:
    """Both rounds: some submissions as workbooks, the others in one CSV export a round. Returns the paths."""
    paths = []
    for round_ in plan.settings()["editions"][SOURCE]:
        by_organisation = _round(population, round_)
        in_books = set(sorted(by_organisation)[:: max(1, len(by_organisation) // round_["workbooks"])])
        in_books = set(sorted(in_books)[: round_["workbooks"]])
        rest = [one for code, own in by_organisation.items() if code not in in_books for one in own]
        paths += [
            _write_workbook(folder / FOLDER, one, round_["round"])
            for code in sorted(in_books)
            for one in by_organisation[code]
        ]
        paths.append(_write_csv(folder / FOLDER, rest, round_["round"]))
    return paths


def _round(population: Population, round_: dict[str, Any]) -> dict[str, list[Submission]]:
    """The submissions of one round, by organisation; those with more sickness are a little less likely to send one."""
    random = plan.stream(SOURCE, round_["round"])
    places = np.array([p for p in population.open_on(round_["last"]) if population.organisations[p].kind != "icb"])
    standing = population.standing(int(round_["round"][:4])).rows(places)
    silence = plan.plan()["submissions"]["silence_by_sickness"] * standing.outcomes["sickness_absence"]
    eagerness = random.gumbel(size=len(places)) - silence
    chosen = np.sort(np.argsort(-eagerness)[: round_["respondents"]])
    given = levels(standing, random)
    found: dict[str, list[Submission]] = {}
    for turn, row in enumerate(chosen):
        one = population.organisations[places[row]]
        found[one.code] = _records(population, int(places[row]), given[row], round_, turn, random)
    return found


def _records(
    population: Population, place: int, given: Array, round_: dict[str, Any], turn: int, random: np.random.Generator
) -> list[Submission]:
    """An organisation's records of a round: one, or a draft with lower levels before the approved one."""
    one = population.organisations[place]
    span = (round_["last"] - round_["first"]).days
    assessed = round_["first"] + timedelta(days=int(random.integers(60, span)))
    statuses = str(random.choice(list(STATUSES), p=list(STATUSES.values()))).split(" and ")
    if turn < WITHDRAWN:
        statuses = ["withdrawn"]
    final = Submission(
        one.code,
        one.name_on(assessed),
        assessed,
        statuses[-1],
        str(random.choice(list(SCOPES), p=list(SCOPES.values()))),
        place + 1,
        _answers(given, random),
        tuple("SYNTHETIC comment" if random.random() < COMMENTED else "" for _ in given),
    )
    if len(statuses) == 1:
        return [final]
    earlier = np.maximum(given - (random.random(len(given)) < 0.2), 1)
    draft = replace(final, status=statuses[0], levels=_answers(earlier, random))
    return [replace(draft, assessed_on=assessed - timedelta(days=int(random.integers(14, 56)))), final]


def _answers(given: Array, random: np.random.Generator) -> tuple[int | str, ...]:
    is_incomplete = random.random() < INCOMPLETE
    missing = random.random(len(given)) < UNANSWERED * is_incomplete
    outside = random.random(len(given)) < NOT_APPLICABLE
    return tuple(
        "" if is_missing else "n/a" if is_outside else int(level)
        for level, is_missing, is_outside in zip(given, missing, outside, strict=True)
    )


def _contact(number: int) -> tuple[str, str]:
    return f"Synthetic Person {number}", f"person{number}@example.invalid"


def _write_workbook(folder: Path, one: Submission, round_key: str) -> Path:
    path = folder / f"{one.code}_{round_key}_{one.status}.xlsx"
    name, address = _contact(one.contact)
    with workbook(path) as book:
        dated = book.add_format({"num_format": "dd/mm/yyyy"})
        form = book.add_worksheet("Submission")
        form.write_string(0, 0, "SYNTHETIC NHS IMPACT self-assessment return")
        form.write_column(2, 0, ["ODS code", "Organisation name", "Instrument version", "Assessment date"])
        form.write_column(6, 0, ["Submission status", "Sharing scope", "Contact name", "Contact e-mail"])
        form.write_column(2, 1, [one.code, one.name, INSTRUMENT])
        form.write_datetime(5, 1, datetime.combine(one.assessed_on, datetime.min.time()), dated)
        form.write_column(6, 1, [one.status, one.scope, name])
        form.write_string(9, 1, address)
        sheet = book.add_worksheet("Answers")
        sheet.write_string(0, 0, "SYNTHETIC answers")
        sheet.write_string(1, 0, "Give each item one level from 1 to 5, or n/a")
        sheet.write_row(3, 0, ANSWERS_HEADER)
        for row, (item, level, comment) in enumerate(zip(items(), one.levels, one.comments, strict=True), 4):
            sheet.write_row(row, 0, [item["item"], item["question"], level, comment])
    return path


def _write_csv(folder: Path, submissions: list[Submission], round_key: str) -> Path:
    path = folder / f"national_export_{round_key}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(CSV_HEADER)
        for one in submissions:
            head = [one.code, one.name, INSTRUMENT, one.assessed_on.isoformat(), one.status, one.scope]
            head += _contact(one.contact)
            for item, level, comment in zip(items(), one.levels, one.comments, strict=True):
                writer.writerow([*head, item["item"], level, comment])
    return path
