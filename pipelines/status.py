"""The state of every source and edition: what came in, what became of it, what is late and what comes next.

Belongs here: gathering it from the notes, as plain data, and as tables for a person. Does not belong here: deciding
any of it (editions/), or the end of a refresh (reporting.py).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from pipelines import settings
from pipelines.editions import due, publication
from pipelines.editions.awaited import awaited
from pipelines.errors import Fault
from pipelines.fetch.log import read_log
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.staging import StagedSource, already_staged
from pipelines.store import arrivals, parquet
from pipelines.store.parquet import Staged
from pipelines.store.snapshots import Snapshot
from schemas.source import Source

ROW_COUNTS = ("rows_accepted", "rows_rejected", "rows_out_of_scope")
OUTCOMES = ("accepted", "held", "dropped", "refused")
MOST_EXAMPLES = 5


def print_status(workspaces: Iterable[Workspace], form: str, out: Console, reasons: bool) -> None:
    """The state of these workspaces as tables or as JSON; with tables, reasons and examples of rejects if wanted."""
    if form not in ("table", "json"):
        raise Fault("impact status --format", form, "table or json", "a slip of the keyboard", "choose one of them")
    states = [(workspace, _state(workspace)) for workspace in workspaces]
    if form == "json":
        json.dump([state for _, state in states], sys.stdout, default=str, indent=1)
        sys.stdout.write("\n")
        return
    for workspace, state in states:
        _print_tables(state, out)
        if reasons:
            _print_reasons(workspace, out)
            _print_not_fetched(read_log(workspace.fetched).faults, out)


def _state(workspace: Workspace) -> dict[str, Any]:
    """All that is known of one workspace today."""
    staged = [(source, already_staged(source, workspace)) for source in load_sources().values()]
    left = arrivals.read_left(workspace)
    return {
        "data": title(workspace),
        "today": settings.today(),
        "sources": [_source(source, result) for source, result in staged],
        "editions": [edition for source, result in staged for edition in _editions(source, result)],
        "unclaimed": list(left.unclaimed),
        "out_of_scope": dict(left.out_of_scope),
        "unreadable": list(left.unreadable),
    }


def title(workspace: Workspace) -> str:
    """What kind of data these are."""
    return "SYNTHETIC sample" if workspace.origin == "synthetic" else "published data"


def _source(source: Source, result: StagedSource) -> dict[str, Any]:
    """One row: source, its newest edition, and the next one with the days it is late beyond its grace."""
    newest = result.newest_readable
    following = awaited(source, result)
    return {
        "source_id": source.source_id,
        "newest_edition": newest.edition if newest and not source.is_inbox else None,
        "next_edition": following and following.edition,
        "next_due_on": following and following.due_on,
        "days_late": following and following.days_late(settings.today()),
        "missing_between": _missing_between(source, result),
        "is_calendar_verified": source.calendar and source.calendar.verified,
    }


def _missing_between(source: Source, result: StagedSource) -> list[dict[str, str]]:
    """Editions that are missing between others; none of a series whose editions repeat those before them."""
    if source.calendar is None or not source.holds.compare_editions:
        return []
    readable = {item.edition for item in result.readable if item.edition_end}
    return [{"first": first, "last": last} for first, last in due.missing_between(source.calendar, readable)]


def _editions(source: Source, result: StagedSource) -> Iterator[dict[str, Any]]:
    """One row for each file; of an inbox one for each outcome, because it holds hundreds of small files."""
    if not source.is_inbox:
        ordered = sorted(result.notes.items(), key=lambda item: item[0].edition)
        yield from (_edition(snapshot, note) for snapshot, note in ordered)
        return
    for outcome in OUTCOMES:
        notes = [note for note in result.notes.values() if note.outcome == outcome]
        if notes:
            counts = {name: sum(getattr(note, name) for note in notes) for name in ROW_COUNTS}
            yield {"source_id": source.source_id, "edition": f"{len(notes)} files", "outcome": outcome, **counts}


def _edition(snapshot: Snapshot, note: Staged) -> dict[str, Any]:
    return {
        "source_id": snapshot.source_id,
        "edition": snapshot.edition,
        "vintage": snapshot.vintage,
        "published_on": note.published_on,
        "published_basis": note.published_basis,
        "fetched_on": publication.fetched_on(snapshot),
        "outcome": note.outcome,
        "vintage_rank": note.vintage_rank or None,
        "same_as": note.same_as,
        "decision": note.decision,
        **{name: getattr(note, name) for name in ROW_COUNTS},
        "revision": _revision(note),
        "notes": list(note.notes),
    }


def _revision(note: Staged) -> dict[str, Any] | None:
    if note.revises is None:
        return None
    found = note.revises.difference
    return {
        "old_vintage": note.revises.before[0],
        "is_announced": note.is_announced,
        "rows": found.rows_added + found.rows_removed + found.rows_changed,
        "organisations": found.organisations,
        "largest": found.largest,
    }


def _print_tables(state: dict[str, Any], out: Console) -> None:
    table = Table(
        *("source", "edition", "vintage", "published", "fetched", "outcome", "values", "rejected", "out of scope"),
        "revised",
        title=state["data"],
    )
    verified = {row["source_id"] for row in state["sources"] if row["is_calendar_verified"]}
    for row in state["editions"]:
        counts = (f"{row[name]:,}" for name in ROW_COUNTS)
        table.add_row(
            *(row["source_id"], row["edition"], row.get("vintage", ""), _published(row, verified)),
            *(str(row.get("fetched_on", "")), _outcome(row), *counts, _revised(row)),
        )
    out.print(table)
    out.print(_expectations(state))
    _print_left(state, out)
    for row in state["editions"]:
        for note in row.get("notes", ()):
            out.print(f"{row['source_id']} {row['edition']}: {note}", markup=False, soft_wrap=True)


def _published(row: dict[str, Any], verified: set[str]) -> str:
    """The day and its basis; verified: sources whose calendar somebody has verified."""
    if not row.get("published_on"):
        return ""
    is_about = row["published_basis"] == "calendar" and row["source_id"] not in verified
    return f"{'about ' if is_about else ''}{row['published_on']} ({row['published_basis']})"


def _outcome(row: dict[str, Any]) -> str:
    if row.get("same_as") and row["outcome"] == "accepted":
        return f"unchanged, as {row['same_as']}"
    rank = row.get("vintage_rank") or 1
    words = [row["outcome"], *([f"superseded ({rank})"] if rank > 1 else [])]
    if row.get("decision") == "accept":
        words.append("by decision")
    return ", ".join(words)


def _revised(row: dict[str, Any]) -> str:
    revision = row.get("revision")
    if not revision:
        return ""
    return f"{revision['rows']:,} rows, {'announced' if revision['is_announced'] else 'silent'}"


def _expectations(state: dict[str, Any]) -> Table:
    table = Table(
        *("source", "newest edition", "next edition", "due on", "", "missing in between"),
        title=f"expected, as of {state['today']}",
    )
    arrived = {row["source_id"] for row in state["editions"]}
    for row in state["sources"]:
        newest = row["newest_edition"] if row["source_id"] in arrived else "nothing yet"
        cells = (row["source_id"], newest, row["next_edition"], row["next_due_on"], _when(row), _missing(row))
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    return table


def _missing(row: dict[str, Any]) -> str:
    gaps = [(gap["first"], gap["last"]) for gap in row["missing_between"]]
    return ", ".join(first if first == last else f"{first} to {last}" for first, last in gaps)


def _when(row: dict[str, Any]) -> str:
    if row["next_due_on"] is None:
        return "no calendar" if row["newest_edition"] else ""
    approximate = "" if row["is_calendar_verified"] else " (day is approximate)"
    return (f"late by {row['days_late']:,} days" if row["days_late"] else "expected") + approximate


def _print_left(state: dict[str, Any], out: Console) -> None:
    """What lies in the folders and is not loaded, so that no file is passed over in silence."""
    for name, reason in state["out_of_scope"].items():
        out.print(f"out of scope: {name}: {reason}", markup=False, soft_wrap=True)
    for name in state["unclaimed"]:
        out.print(f"WARNING: no source knows this file: {name}", markup=False, soft_wrap=True)
    for name in state["unreadable"]:
        out.print(f"in the inbox, of no kind that can be read: {name}", markup=False, soft_wrap=True)


def _print_not_fetched(faults: dict[str, list[Fault]], out: Console) -> None:
    """What did not come from the publishers at the latest try, in full."""
    for source_id, found in faults.items():
        out.print(f"\nnot fetched: {source_id}; what was fetched before stays in use", markup=False)
        for fault in found:
            out.print(str(fault), markup=False, soft_wrap=True)


def _print_reasons(workspace: Workspace, out: Console) -> None:
    for source in load_sources().values():
        for snapshot, note in already_staged(source, workspace).notes.items():
            if note.reason:
                out.print(f"\n{note.reason}", markup=False, soft_wrap=True)
            elif note.rows_rejected:
                path = parquet.rejects_path(workspace, snapshot)
                out.print(f"\n{snapshot.where}: {note.rows_rejected:,} rows rejected, all in {path}", soft_wrap=True)
                out.print(_examples(path))
            if note.decision_reason:
                out.print(f"{snapshot.where}: {note.decision}, because: {note.decision_reason}", markup=False)


def _examples(path: Path) -> Table:
    columns = ["source_sheet", "source_row", "row_key", "column", "found", "expected"]
    table = Table(*columns)
    for row in pl.read_parquet(path).select(columns).head(MOST_EXAMPLES).iter_rows():
        table.add_row(*("" if value is None else str(value) for value in row))
    return table
