"""Synthetic assessments, as organisations would share them: workbooks, CSV exports, and JSON of a second instrument.

Belongs here: who responds, levels, status, sharing scope and the files. Does not belong here: how maturity is
distributed (plan.py), or the items (data/submission_items.csv; their titles are recalled, not confirmed).
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.sample import plan
from pipelines.sample.plan import Array, Latent
from pipelines.sample.population import Organisation, Population
from pipelines.sample.spreadsheets import workbook

SOURCE = "impact_self_assessment"
FOLDER = "submissions"
INSTRUMENT = "impact-sa-1"
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
    """Both rounds: some submissions as workbooks, the others in one CSV export a round; and the JSON. Returns paths."""
    rounds = plan.settings()["editions"][SOURCE]
    books = [path for one in rounds for path in _write_round(folder / FOLDER, population, one)]
    return [*books, _write_capability(folder / FOLDER, population)]


def _write_round(folder: Path, population: Population, round_: dict[str, Any]) -> list[Path]:
    by_organisation = of_round(population, round_)
    codes = sorted(by_organisation)
    in_books = {codes[turn * len(codes) // round_["workbooks"]] for turn in range(round_["workbooks"])}
    paths, others = [], []
    for code in codes:
        if code in in_books:
            paths += [_write_workbook(folder, one, round_["round"]) for one in by_organisation[code]]
        else:
            others += by_organisation[code]
    return [*paths, _write_csv(folder, others, round_["round"])]


def of_round(population: Population, round_: dict[str, Any]) -> dict[str, list[Submission]]:
    """The submissions of one round, by organisation. More sickness goes with a little less response."""
    random = plan.stream(SOURCE, round_["round"])
    trusts = {kind for kind in plan.settings()["types"] if kind != "icb"}
    places = np.array(population.open_on(round_["last"], trusts))
    standing = population.standing(plan.financial_year(round_["first"])).rows(places)
    silence = plan.plan()["submissions"]["silence_by_sickness"] * standing.outcomes["sickness_absence"]
    eagerness = random.gumbel(size=len(places)) - silence
    chosen = np.sort(np.argsort(-eagerness)[: round_["respondents"]])
    given = levels(standing, random)
    return {
        population.organisations[places[row]].code: _records(
            population.organisations[places[row]], given[row], round_, turn, random
        )
        for turn, row in enumerate(chosen)
    }


def _records(
    one: Organisation, given: Array, round_: dict[str, Any], turn: int, random: np.random.Generator
) -> list[Submission]:
    """An organisation's records of a round: one, or a draft with lower levels before the approved one."""
    how = plan.plan()["submissions"]
    days = int(random.integers(60, (round_["last"] - round_["first"]).days))
    assessed = round_["first"] + timedelta(days=days)
    statuses = _pick(how["statuses"], random).split(" and ")
    if turn < how["withdrawn"]:
        statuses = ["withdrawn"]
    final = Submission(
        code=one.code,
        name=one.name_on(assessed),
        assessed_on=assessed,
        status=statuses[-1],
        scope=_pick(how["scopes"], random),
        contact=int(one.code[2:]),
        levels=_answers(given, random),
        comments=tuple("SYNTHETIC comment" if random.random() < how["commented"] else "" for _ in given),
    )
    if statuses == ["withdrawn"]:
        return [replace(final, status="draft"), final]
    if len(statuses) == 1:
        return [final]
    earlier = np.maximum(given - (random.random(len(given)) < 0.2), 1)
    drafted = assessed - timedelta(days=int(random.integers(14, 56)))
    draft = replace(final, status=statuses[0], levels=_answers(earlier, random), assessed_on=drafted)
    return [draft, final]


def _pick(shares: dict[str, float], random: np.random.Generator) -> str:
    return str(random.choice(list(shares), p=list(shares.values())))


def _answers(given: Array, random: np.random.Generator) -> tuple[int | str, ...]:
    how = plan.plan()["submissions"]
    is_incomplete = random.random() < how["incomplete"]
    missing = random.random(len(given)) < how["unanswered"] * is_incomplete
    outside = random.random(len(given)) < how["not_applicable"]
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


def _write_capability(folder: Path, population: Population) -> Path:
    """A second instrument of six areas and three levels, from a few organisations, as one list of JSON objects."""
    how, random = plan.settings()["provider_capability"], plan.stream("provider_capability")
    places = population.open_on(how["assessed_on"], {"acute"})[: how["respondents"]]
    content = [
        {
            "ods_code": population.organisations[place].code,
            "instrument_version": how["instrument_version"],
            "assessment_date": how["assessed_on"].isoformat(),
            "submission_status": "board_approved",
            "sharing_scope": "national_aggregate",
            "contact_name": _contact(turn)[0],
            "note": "SYNTHETIC",
            "answers": [{"item": area, "level": int(random.integers(1, 4))} for area in how["areas"]],
        }
        for turn, place in enumerate(places)
    ]
    path = folder / "provider_capability_2025-26.json"
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path
