"""What `impact runs` and `impact doctor` print.

Belongs here: tables, CSV and JSON for a person or a program. Does not belong here: finding anything out.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.errors import Fault
from pipelines.operations import runs, state
from pipelines.operations.finding import Finding
from pipelines.settings import Workspace

COLOURS = {"ok": "green", "warning": "yellow", "problem": "bold red", "not checked": "dim"}
SHOWN = ("started_at", "data", "job", "step", "trigger", "seconds", "cpu_seconds", "peak_bytes", "rows_out", "outcome")


def print_runs(home: Path, last: int, has_steps: bool, form: str, out: Console) -> None:
    """The last runs of both data origins, oldest first. Raises Fault on an unknown format."""
    rows = [
        {"data": folder.name, **row}
        for folder in state.folders(home)
        for row in runs.read(Workspace(home, "published" if folder.name == "published" else "synthetic"))
    ]
    rows.sort(key=lambda row: (row["started_at"], row["step"] != runs.WHOLE))
    wanted = [row["run_id"] for row in rows if row["step"] == runs.WHOLE][-last:]
    chosen = [row for row in rows if row["run_id"] in wanted and (has_steps or row["step"] == runs.WHOLE)]
    _writer("impact runs --format", form, {"table": _runs_table, "csv": _as_csv, "json": _as_json})(chosen, out)


def print_findings(findings: Iterable[Finding], form: str, out: Console) -> None:
    """What the doctor found, in its order. Raises Fault on an unknown format."""
    write = _writer("impact doctor --format", form, {"table": _findings_table, "json": _as_json})
    write([asdict(finding) for finding in findings], out)


def _writer(where: str, form: str, writers: dict[str, Callable[..., None]]) -> Callable[..., None]:
    if form in writers:
        return writers[form]
    raise Fault(where, form, " or ".join(writers), "a slip of the keyboard", "choose one of them")


def _runs_table(rows: list[dict[str, Any]], out: Console) -> None:
    table = Table(*SHOWN, "reason")
    for row in rows:
        cells = [_cell(name, row[name]) for name in SHOWN]
        table.add_row(*cells, Text(row["reason"] or ""))
    out.print(table if rows else "no run has been taken down")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "started_at":
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if name == "peak_bytes":
        return f"{value / 1e6:,.0f} MB"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _findings_table(rows: list[dict[str, Any]], out: Console) -> None:
    table = Table("what", "", "found", "to do")
    for row in rows:
        verdict = Text(row["verdict"], COLOURS[row["verdict"]])
        table.add_row(Text(row["what"]), verdict, Text(row["found"]), Text(row["todo"]))
    out.print(table)


def _as_csv(rows: list[dict[str, Any]], out: Console) -> None:
    if rows:
        writer = csv.DictWriter(out.file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _as_json(rows: list[dict[str, Any]], out: Console) -> None:
    out.file.write(json.dumps(rows, indent=1, ensure_ascii=False, default=str) + "\n")
