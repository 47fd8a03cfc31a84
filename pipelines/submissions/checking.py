"""Checks one submission before it is sent, and answers in words that its author understands.

Belongs here: wording, cell addresses, what is unanswered. Does not belong here: what is right and wrong: that is read
and judged by the same reader and the same door as in the inbox.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import Fault
from pipelines.harmonise import rejects
from pipelines.harmonise.door import Admitted, admit
from pipelines.readers import read_file
from pipelines.readers.frame import plain
from pipelines.readers.workbook import sheets
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.staging import known_organisations
from pipelines.submissions import reference
from pipelines.submissions.reference import NOT_APPLICABLE, Instrument
from schemas.ingest.shapes import SHAPES
from schemas.source import Source

ONE = ["org_code", "unit_code", "instrument_version", "assessment_date", "submission_status", "sharing_scope"]
ANSWER = ("item_id", "level")
MOST_ADDRESSES = 3
WHOLE_FILE = (
    "What to do: copy the answers as plain values into a blank template (impact submissions template), or compare JSON "
    "with impact submissions schema. Then check it again."
)
NAMES = {
    "org_code": "ODS code",
    "unit_code": "Part of the organisation",
    "instrument_version": "Instrument version",
    "assessment_date": "Assessment date",
    "submission_status": "Submission status",
    "sharing_scope": "Sharing scope",
}

Row = dict[str, Any]


@dataclass
class Answer:
    """What is said of one file. problems: it cannot be sent. warnings: it can. summary: one line a submission."""

    file: str
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)

    @property
    def can_be_sent(self) -> bool:
        """Whether the inbox would take every row."""
        return not self.problems


def check(path: Path, workspace: Workspace, today: dt.date) -> Answer:
    """Everything that is wrong with a file, at once, and what it says if nothing is."""
    path = path.absolute()  # "." has no name of its own
    answer, source = Answer(path.name), reference.inbox_source()
    known = known_organisations(source, workspace) or None
    if known is None:
        answer.warnings.append(
            "whether the ODS code is known was not checked: no list of organisations is loaded here."
        )
    elif workspace.origin == "synthetic":
        answer.warnings.append("the ODS code was looked up among the organisations of the SYNTHETIC sample.")
    try:
        file_format = _format(path, source)
        frame = read_file(path, source, file_format, path.name, path.name)
        admitted = admit(frame, source, path.name, known)
    except Fault as fault:
        answer.problems.append(_as_sentence(fault))
        return answer
    places = _places(path, source) if file_format == "xlsx" else {}
    answer.problems += _problems(admitted, places)
    closed = _closing_days(source, workspace)
    for one in _submissions(admitted):
        _describe(one, answer, today, closed)
    return answer


def _closing_days(source: Source, workspace: Workspace) -> dict[str, dt.date]:
    """The last day of every organisation that the newest list which has it calls closed."""
    columns = ["org_code", "edition_date", "closed_on"]
    lists = [
        name for name in source.known_organisations_from if {*columns} <= {*SHAPES[load_sources()[name].shape].columns}
    ]
    paths = [path for name in lists for path in (workspace.staged / name).glob("*.parquet")]
    rows = [row for path in paths for row in pl.read_parquet(path, columns=columns).select(columns).rows()]
    newest = {code: day for code, _, day in sorted(rows, key=lambda row: row[1])}
    return {code: day for code, day in newest.items() if day}


def _format(path: Path, source: Source) -> str:
    for pattern in source.files:
        if re.fullmatch(pattern.match, path.name) and path.is_file():
            return pattern.format
    kinds = ", ".join(sorted({pattern.format for pattern in source.files}))
    raise Fault(
        path.name,
        "no file of a kind that can be read" if path.exists() else "no such file",
        f"one of {kinds}",
        "a misspelt name, or a file saved as another kind",
        "save it as one of these and check it again",
    )


def _as_sentence(fault: Fault) -> str:
    """What is wrong with the file as a whole. What the program's keepers would do is not what its author can do."""
    return f"{fault.where}: {fault.found}. Expected: {fault.expected}. {WHOLE_FILE}"


def _places(path: Path, source: Source) -> dict[str, str]:
    """Where the workbook has each column: a whole cell address, or the column's letter where it differs by row."""
    layout, content = source.layout_for("xlsx"), path.read_bytes()
    ((name, first, form),) = sheets(content, (layout.form_sheet or "",), path.name)
    rows = {plain(row[0]): f"{name}!B{first + index}" for index, row in enumerate(form) if row}
    ((name, _, grid),) = sheets(content, layout.sheets_of(""), path.name)
    header = next(row for row in grid if {plain(cell) for cell in row} >= {plain(word) for word in layout.header})
    letters = {plain(cell): f"{name}!{chr(ord('A') + index)}" for index, cell in enumerate(header)}
    found = {**letters, **rows}
    return {
        column: found[plain(word)]
        for column, rule in source.columns.items()
        for word in rule.source
        if plain(word) in found
    }


def _problems(admitted: Admitted, places: dict[str, str]) -> list[str]:
    """One sentence for each thing that is wrong, with the cells or records in which it is."""
    wrong = admitted.rejected.unique(maintain_order=True).rows(named=True)
    no_instrument = {row["@row"] for row in wrong if row["column"] == "instrument_version"}
    # A text that cannot be read leaves nothing behind, which is then wrong in its turn.
    unread = {(row["@row"], row["column"]) for row in wrong if row["found"]}
    told: dict[str, dict[str, None]] = {}
    for row in wrong:
        if not row["found"] and (row["@row"], row["column"]) in unread:
            continue
        if row["column"] not in ANSWER or row["@row"] not in no_instrument:
            address, text = _finding(row, places)
            told.setdefault(text, {})[address] = None
    return [f"{_some(list(addresses))}: {text}" for text, addresses in told.items()]


def _some(addresses: list[str]) -> str:
    more = len(addresses) - MOST_ADDRESSES
    return ", ".join(addresses[:MOST_ADDRESSES]) + (f" and {more} more" if more > 0 else "")


def _finding(row: Row, places: dict[str, str]) -> tuple[str, str]:
    """Where it is, and what is to be said of it."""
    column = str(row["column"])
    if row["found"] == rejects.REPEATED:
        item = str(row["row_key"]).rsplit(" | ", 1)[-1]
        return _address("item_id", row, places), f"question {item} is there more than once; keep one."
    wrote = _wrote(str(row["found"] or ""))
    if column in ANSWER:
        return _address(column, row, places), _about_answer(column, row, wrote)
    return _address(column, row, places), f"{NAMES.get(column, column)}: {wrote}; {_advice(column)}"


def _address(column: str, row: Row, places: dict[str, str]) -> str:
    place = places.get(column)
    if place is None:
        return f"record {row['@row']}"
    return place if place[-1].isdigit() else f"{place}{row['@row']}"


def _wrote(found: str) -> str:
    if not found:
        return "nothing is written"
    if found == rejects.HIDDEN:
        return "you wrote a text that is not repeated here"
    # Where several columns are looked up together, the last one is meant.
    return f"you wrote {found.rsplit(', ', 1)[-1]}"


def _about_answer(column: str, row: Row, wrote: str) -> str:
    if column == "item_id" and not row["found"]:
        return "no question is named; give each answer with its question, in JSON in the list `answers`."
    version, item = (str(row["row_key"]).split(" | ")[index] for index in (2, -1))
    known = reference.instrument(version) if version in reference.versions() else None
    if column == "item_id" or known is None:
        return f"{wrote}; that is no question of {version}. Use the questions of the template."
    title = f" ({known.titles[item]})" if item in known.titles else ""
    return f'question {item}{title}: {wrote}; choose {known.range}, or "{NOT_APPLICABLE}".'


def _advice(column: str) -> str:
    if column == "org_code":
        return "write the organisation's ODS code, as it is in the Organisation Data Service."
    if column == "assessment_date":
        return "write the day of the assessment, such as 01/06/2025."
    if column == "instrument_version":
        return f"use one of {', '.join(reference.versions())}."
    if column == "unit_code":
        return "write the ODS code of the part, or leave it empty for the whole organisation."
    return f"choose one of {', '.join(word.label for word in reference.words(column).values())}."


def _submissions(admitted: Admitted) -> Iterator[pl.DataFrame]:
    for _, one in admitted.accepted.group_by(ONE, maintain_order=True):
        yield one


def _describe(one: pl.DataFrame, answer: Answer, today: dt.date, closed: dict[str, dt.date]) -> None:
    first = one.row(0, named=True)
    instrument = reference.instrument(first["instrument_version"])
    status = reference.words("submission_status")[first["submission_status"]]
    who = f"{first['org_code']}, part {first['unit_code']}" if first["unit_code"] else str(first["org_code"])
    day = f"{first['assessment_date']:%d/%m/%Y}"
    if first["submission_status"] == "withdrawn":
        answer.summary.append(f"{who}, {instrument.name}, {day}: {status.label.lower()}, which {status.meaning}.")
        return
    scope = reference.words("sharing_scope")[first["sharing_scope"]]
    given = one.filter(pl.col("value_status") != "missing")["item_id"].to_list()
    answer.summary.append(
        f"{len(given)} of {len(instrument.items)} answered, {who}, {instrument.name}, {day}, {status.label.lower()}, "
        f"shared as: {first['sharing_scope']}, which means: {scope.meaning}."
    )
    answer.warnings += [f"{who}: {text}" for text in _warnings(first, instrument, one)]
    answer.warnings += [f"{who}: {text}" for text in _odd_days(first, instrument, today, closed.get(first["org_code"]))]


def _warnings(first: Row, instrument: Instrument, one: pl.DataFrame) -> Iterator[str]:
    levels = set(one.filter(pl.col("level").is_not_null())["item_id"])
    answered = set(one.filter(pl.col("value_status") != "missing")["item_id"])
    if open_items := [item.item_id for item in instrument.items if item.item_id not in answered]:
        yield f"no answer to {', '.join(open_items)}."
    drivers = {item.driver: None for item in instrument.items if item.driver and item.item_id not in levels}
    if drivers:
        yield f"no score for {'; '.join(drivers)}: a driver has one only where every question has a level."
    if first["sharing_scope"] == "private":
        yield "shared as private: nobody outside your organisation will see it, and it counts nowhere."
    if first["submission_status"] == "draft":
        yield f"it is a draft: {reference.words('submission_status')['draft'].meaning}."
    if first["unit_code"]:
        yield "it is about a part: it does not speak for the organisation."


def _odd_days(first: Row, instrument: Instrument, today: dt.date, closed_on: dt.date | None) -> Iterator[str]:
    day: dt.date = first["assessment_date"]
    if day > today:
        yield f"the assessment date {day:%d/%m/%Y} lies in the future."
    if instrument.introduced_on and day < instrument.introduced_on:
        yield f"the assessment date {day:%d/%m/%Y} lies before {instrument.introduced_on:%d/%m/%Y}, when it came out."
    if closed_on and closed_on < day:
        yield f"the Organisation Data Service lists it as closed since {closed_on:%d/%m/%Y}, before {day:%d/%m/%Y}."
