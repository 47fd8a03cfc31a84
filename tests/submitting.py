"""Small submissions for tests: trusts to send them, files of each kind, and a workspace that takes them in."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl

from pipelines import staging
from pipelines.registry import load_sources
from pipelines.settings import Workspace, seed_path
from pipelines.store import arrivals, snapshots
from pipelines.submissions import reference, template

RETURNS = "impact_self_assessment"
TRUSTS = tuple(f"ZX00{number}" for number in range(1, 9))


def know_trusts(folder: Path, workspace: Workspace) -> None:
    """Stages eight trusts, ZX001 to ZX008, as an ODS edition."""
    rows = [f'"{code}","TRUST {code}","Y62","ZY1"' + ',""' * 5 + ',"M1 1AA","20010401",""' for code in TRUSTS]
    folder.mkdir()
    (folder / "etr_2025-01.csv").write_text("\r\n".join(rows))
    take(folder, workspace, "ods_trusts")


def take(folder: Path, workspace: Workspace, source_id: str = RETURNS) -> staging.StagedSource:
    """Takes a folder in and stages its source."""
    source = load_sources()[source_id]
    snapshots.take(arrivals.look_into(folder, [source]).claimed, workspace.raw)
    return staging.stage_source(source, workspace)


def submission(code: str, version: str = "impact-sa-1", level: object = 3, **said: object) -> dict[str, Any]:
    """One JSON submission with the same level for every question."""
    with seed_path("instrument_item").open(newline="") as stream:
        items = [row["item_id"] for row in csv.DictReader(stream) if row["instrument_version"] == version]
    return {
        "ods_code": code,
        "instrument_version": version,
        "assessment_date": "2025-06-01",
        "submission_status": "board_approved",
        "sharing_scope": "national_aggregate",
        "answers": [{"item": item, "level": level} for item in items],
    } | said


def put_json(path: Path, *submissions: dict[str, Any]) -> Path:
    """Writes submissions as a list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(submissions)))
    return path


def fill_in(path: Path, version: str = "impact-sa-1", levels: list[object] | None = None, **said: object) -> Path:
    """The template as an author would fill it in; `said` by column, levels in the order of the questions."""
    instrument = reference.instrument(version)
    book = openpyxl.load_workbook(template.write(instrument, path))
    given = {"org_code": "ZX001", "assessment_date": "01/06/2025", "submission_status": "Board approved"} | said
    labels = {template.label_of(column): value for column, value in given.items()}
    for row in book["Submission"].iter_rows(min_row=2):
        if row[0].value in labels:
            row[1].value = labels[row[0].value]
    column = [cell.value for cell in book["Answers"][1]].index("Level") + 1
    chosen = levels or [
        instrument.levels[turn % len(instrument.levels)].choice for turn in range(len(instrument.items))
    ]
    for number, level in enumerate(chosen, start=2):
        book["Answers"].cell(number, column).value = level
    book.save(path)
    return path
