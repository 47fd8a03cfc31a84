"""What the command line prints: the end of a refresh, the state of every edition, the answer to a query.

Belongs here: tables and sentences for a person. Does not belong here: finding anything out that is not on disk.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.console import Console
from rich.table import Table

from pipelines.errors import Fault
from pipelines.registry import load_sources
from pipelines.release import connect, current_release, read_manifest
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.staging import StagedSource, already_staged
from pipelines.store import parquet

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult

MOST_ROWS = 200
LONGEST_TEXT = 100
ROW_COUNTS = ("rows_accepted", "rows_rejected", "rows_out_of_scope")


def print_summary(workspace: Workspace, result: ExecuteInProcessResult, out: Console) -> None:
    """A few lines: what came in, what was turned away, what was built, what is served, where to look."""
    metadata = _metadata(result)
    staged = [already_staged(source, workspace) for source in load_sources().values()]
    read_again = sum(values.get("files_read_again", 0) for key, values in metadata.items() if key.startswith("staged/"))
    out.print(_sources_table(workspace, staged))
    _print_turned_away(staged, metadata, out)
    out.print(f"files read in this run: {read_again}")
    _print_release(workspace, metadata, out)


def print_status(workspace: Workspace, out: Console, reasons: bool) -> None:
    """Every edition and vintage with its outcome; then, if asked for, reasons and examples of rejects."""
    staged = [already_staged(source, workspace) for source in load_sources().values()]
    table = Table(
        "source", "edition", "vintage", "outcome", "rows", "rejected", "out of scope", title=_title(workspace)
    )
    for result in staged:
        if load_sources()[result.source_id].is_inbox:
            _add_inbox(table, result)
        else:
            _add_editions(table, result)
    out.print(table)
    if reasons:
        _print_reasons(workspace, staged, out)


def _add_editions(table: Table, result: StagedSource) -> None:
    for snapshot, note in sorted(result.notes.items(), key=lambda item: item[0].edition):
        newest = "" if note.vintage_rank in (0, 1) else f", superseded ({note.vintage_rank})"
        counts = (f"{getattr(note, name):,}" for name in ROW_COUNTS)
        table.add_row(result.source_id, snapshot.edition, snapshot.vintage, note.outcome + newest, *counts)


def _add_inbox(table: Table, result: StagedSource) -> None:
    """One line for each outcome: an inbox holds hundreds of small files."""
    for outcome in ("accepted", "refused"):
        notes = [note for note in result.notes.values() if note.outcome == outcome]
        if notes:
            totals = [sum(getattr(note, name) for note in notes) for name in ROW_COUNTS]
            table.add_row(result.source_id, f"{len(notes)} files", "", outcome, *(f"{n:,}" for n in totals))


def print_query(database: Path, sql: str, form: str, out: Console, err: Console) -> None:
    """The answer to one statement as a table, CSV or JSON. Raises Fault on anything that is not a query."""
    import duckdb

    writers = {"table": _as_table, "csv": _as_csv, "json": _as_json}
    if form not in writers:
        raise Fault(
            "impact query --format",
            form,
            "table, csv or json",
            "a slip of the keyboard",
            "choose one of them",
        )
    with connect(database) as connection:
        _say_if_synthetic(connection.execute("select is_synthetic from release_info").fetchone(), err)
        try:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description or []]
            rows = cursor.fetchall()
        except duckdb.Error as error:
            raise Fault(
                "impact query",
                str(error).splitlines()[0],
                "one SELECT statement on the tables of the release",
                "a misspelt table or column, or a statement that would write or reach outside the file",
                'see the tables with: impact query "select * from dictionary"',
            ) from error
    writers[form](names, rows, out)


def _say_if_synthetic(row: tuple[Any, ...] | None, err: Console) -> None:
    if row and row[0]:
        err.print("SYNTHETIC data: fictitious organisations, invented figures")


def _as_table(names: list[str], rows: list[tuple[Any, ...]], out: Console) -> None:
    """Wide rather than cut: a figure with an ellipsis in it would be a wrong figure."""
    table = Table()
    for name in names:
        table.add_column(name, max_width=LONGEST_TEXT, overflow="fold")
    for row in rows[:MOST_ROWS]:
        table.add_row(*("" if value is None else str(value) for value in row))
    Console(file=out.file, width=LONGEST_TEXT * max(len(names), 1) * 2, highlight=False).print(table)
    if len(rows) > MOST_ROWS:
        out.print(f"{MOST_ROWS} of {len(rows):,} rows; --format csv has them all")


def _as_csv(names: list[str], rows: list[tuple[Any, ...]], _: Console) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(names)
    writer.writerows(rows)


def _as_json(names: list[str], rows: list[tuple[Any, ...]], _: Console) -> None:
    json.dump([dict(zip(names, row, strict=True)) for row in rows], sys.stdout, default=str, indent=1)
    sys.stdout.write("\n")


def _metadata(result: ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Metadata of every asset that was made in this run, by its path."""
    events = (event for event in result.all_events if event.is_step_materialization)
    return {
        "/".join(event.materialization.asset_key.path): {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in events
    }


def _title(workspace: Workspace) -> str:
    return "SYNTHETIC sample" if workspace.origin == "synthetic" else "published data"


def _sources_table(workspace: Workspace, staged: Iterable[StagedSource]) -> Table:
    table = Table("source", "files", "refused", "rows accepted", "rejected", title=_title(workspace))
    for result in staged:
        counts = (result.count("accepted"), result.count("refused"))
        rows = (result.total("rows_accepted"), result.total("rows_rejected"))
        table.add_row(result.source_id, *(f"{n:,}" for n in (*counts, *rows)))
    return table


def _print_turned_away(staged: Iterable[StagedSource], metadata: dict[str, dict[str, Any]], out: Console) -> None:
    refused = [(s, note) for s, note in _notes(staged) if note.outcome == "refused"]
    for snapshot, _ in refused:
        out.print(f"refused: {snapshot.where}", markup=False)
    if refused or any(result.total("rows_rejected") for result in staged):
        out.print("reasons: impact status")
    left = metadata.get("raw/arrivals", {})
    if left.get("unclaimed"):
        out.print(f"{len(left['unclaimed'])} files belong to no source of the registry and were left alone")
    if left.get("unreadable"):
        kinds = ", ".join(left["unreadable"])
        out.print(f"in the inbox, of no kind that can be read: {len(left['unreadable'])} files ({kinds})", markup=False)


def _print_release(workspace: Workspace, metadata: dict[str, dict[str, Any]], out: Console) -> None:
    served = current_release(workspace)
    made = metadata.get("release/published")
    if served is None:
        return
    if made is None:
        out.print(f"nothing changed: no new release; {served.name} is still being served")
    else:
        out.print(_built(workspace))
        checks = metadata["release/gate"]["checks"]
        out.print(f"gate: passed, {checks} checks; release {made['release_id']} is being served")
    _print_suspected_defects(workspace, out)
    manifest = read_manifest(served)
    out.print(f"{len(manifest['tables'])} tables in {workspace.current / DUCKDB_FILE}", soft_wrap=True)
    out.print('look: impact query "select * from pub_driver_outcome_association limit 5"; impact status')


def _print_suspected_defects(workspace: Workspace, out: Console) -> None:
    """One line for each edition and check: what a person should take up with the publisher."""
    with connect(workspace.current / DUCKDB_FILE) as connection:
        found = connection.execute(
            "select source_id, edition, check_id, count(*), sum(cells_affected) from pub_suspected_defects "
            "group by all order by all"
        ).fetchall()
    for source_id, edition, check_id, count, cells in found:
        out.print(f"suspected at the publisher: {source_id} {edition}: {count} of {check_id}, {cells:,} cells")
    if found:
        out.print('details: impact query "select * from pub_suspected_defects"')


def _built(workspace: Workspace) -> str:
    from pipelines.assets.warehouse import RESULTS, target_path

    results = json.loads((target_path(workspace) / RESULTS).read_text(encoding="utf-8"))
    kinds = [item["unique_id"].split(".")[0] for item in results["results"]]
    return f"dbt: {kinds.count('model')} models, {kinds.count('seed')} seeds, {kinds.count('test')} tests passed"


def _notes(staged: Iterable[StagedSource]) -> Iterable[tuple[Any, parquet.Staged]]:
    return [(snapshot, note) for result in staged for snapshot, note in result.notes.items()]


def _print_reasons(workspace: Workspace, staged: Iterable[StagedSource], out: Console) -> None:
    for snapshot, note in _notes(staged):
        if note.reason:
            out.print(f"\n{note.reason}", markup=False, soft_wrap=True)
        elif note.rows_rejected:
            path = parquet.rejects_path(workspace, snapshot)
            out.print(f"\n{snapshot.where}: {note.rows_rejected:,} rows rejected, all in {path}", soft_wrap=True)
            _print_examples(path, out)


def _print_examples(path: Path, out: Console) -> None:
    columns = ["source_sheet", "source_row", "row_key", "column", "found", "expected"]
    table = Table(*columns)
    for row in pl.read_parquet(path).select(columns).head(5).iter_rows():
        table.add_row(*("" if value is None else str(value) for value in row))
    out.print(table)
