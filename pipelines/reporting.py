"""What the command line prints: the end of a refresh, and the answer to a query.

Belongs here: tables and sentences for a person. Does not belong here: finding anything out that is not on disk, or
the state of every edition (status.py).
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from pipelines.errors import Fault
from pipelines.registry import load_sources
from pipelines.release import connect, current_release, embargo, publication, read_manifest, waiting
from pipelines.release.reading import table_names
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.staging import StagedSource, already_staged
from pipelines.status import title
from pipelines.store import parquet

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult

    from pipelines.fetch.fetching import Outcome

MOST_ROWS = 200
LONGEST_TEXT = 100
MOST_NAMES = 10


def print_summary(workspace: Workspace, result: ExecuteInProcessResult, out: Console) -> None:
    """A few lines: what came in, what was turned away, what was built, what is served, where to look."""
    metadata = _metadata(result)
    staged = [already_staged(source, workspace) for source in load_sources().values()]
    read_again = sum(values.get("files_read_again", 0) for key, values in metadata.items() if key.startswith("staged/"))
    out.print(_sources_table(title(workspace), staged))
    _print_fetched(metadata.get("raw/fetched", {}), out)
    _print_returned(metadata, out)
    _print_turned_away(staged, metadata, out)
    out.print(f"files read in this run: {read_again}")
    _print_release(workspace, metadata, out)


def print_as_at(workspace: Workspace, out: Console) -> None:
    """What was known on the day, and where the warehouse of it lies."""
    staged = [already_staged(source, workspace) for source in load_sources().values()]
    out.print(_sources_table(f"{title(workspace)}, as at {workspace.as_at}", staged))
    _print_undated(workspace, staged, out)
    out.print(_built(workspace))
    with connect(workspace.candidate / DUCKDB_FILE) as connection:
        tables = len(table_names(connection))
    out.print(f"{tables} tables in {workspace.candidate / DUCKDB_FILE}; nothing of it is served", soft_wrap=True)


def _print_undated(workspace: Workspace, then: list[StagedSource], out: Console) -> None:
    """Files that may have been published by that day, for all that is known."""
    today = [already_staged(source, workspace.of_today) for source in load_sources().values()]
    known = {snapshot for result in then for snapshot in result.notes}
    undated = [
        f"{snapshot.source_id} {snapshot.edition}"
        for result in today
        for snapshot, note in result.notes.items()
        if note.published_on is None and snapshot not in known
    ]
    if undated:
        names = ", ".join(undated[:MOST_NAMES]) + (", …" if len(undated) > MOST_NAMES else "")
        out.print(
            f"WARNING: {len(undated)} files are left out: it is not known when they were published, so they count"
        )
        out.print(f"as known since they came in: {names}")


def print_outcomes(outcomes: Iterable[Outcome], is_dry: bool, out: Console) -> None:
    """One line for each file that the publishers offer."""
    would = "what would happen" if is_dry else "what happened"
    table = Table("source", "edition", "file", "size", would, "address", title="published data")
    for one in outcomes:
        size = "" if one.bytes is None else f"{one.bytes:,}"
        table.add_row(one.source_id, one.edition, one.file_name, size, one.what, one.url)
    Console(file=out.file, width=LONGEST_TEXT * 4, highlight=False).print(table)


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


def _sources_table(words: str, staged: Iterable[StagedSource]) -> Table:
    table = Table("source", "files", "held", "refused", "rows accepted", "rejected", title=words)
    for result in staged:
        counts = (result.count("accepted"), result.count("held"), result.count("refused"))
        rows = (result.total("rows_accepted"), result.total("rows_rejected"))
        table.add_row(result.source_id, *(f"{n:,}" for n in (*counts, *rows)))
    return table


def _print_fetched(fetched: dict[str, Any], out: Console) -> None:
    """How many files came from the publishers, and the first line of what went wrong."""
    if not fetched.get("asked"):
        return
    out.print(f"new files from the publishers: {fetched['new']}")
    for reason in fetched["faults"]:
        out.print(f"not fetched: {reason.splitlines()[0]}", markup=False, soft_wrap=True)
    if fetched["faults"]:
        out.print("what was fetched before stays in use; reasons: impact status")


def _print_returned(metadata: dict[str, dict[str, Any]], out: Console) -> None:
    """Earlier vintages that came again alone: which of the two is right only a person can know."""
    for values in metadata.values():
        for each in values.get("returned", ()):
            out.print(f"WARNING: {each}", markup=False, soft_wrap=True)


def _print_turned_away(staged: Iterable[StagedSource], metadata: dict[str, dict[str, Any]], out: Console) -> None:
    staged = list(staged)
    for snapshot, note in _notes(staged):
        if note.outcome in ("held", "refused"):
            out.print(f"{note.outcome}: {snapshot.where}", markup=False)
    revised = [note for _, note in _notes(staged) if note.revises]
    if revised:
        silent = sum(not note.is_announced for note in revised)
        out.print(f"revisions of earlier files: {len(revised)}, of which not announced: {silent}; see pub_revisions")
    if any(result.reasons or result.total("rows_rejected") for result in staged):
        out.print("reasons: impact status")
    _print_left(metadata.get("raw/arrivals", {}), out)


def _print_left(left: dict[str, Any], out: Console) -> None:
    unclaimed = left.get("unclaimed", [])
    if left.get("out_of_scope"):
        out.print(f"{len(left['out_of_scope'])} files are out of scope; impact status names them and says why")
    if unclaimed:
        names = ", ".join(unclaimed[:MOST_NAMES]) + (", …" if len(unclaimed) > MOST_NAMES else "")
        out.print(f"WARNING: {len(unclaimed)} files that no source knows were left alone: {names}", markup=False)
    if left.get("unreadable"):
        kinds = ", ".join(left["unreadable"])
        out.print(f"in the inbox, of no kind that can be read: {len(left['unreadable'])} files ({kinds})", markup=False)


def _print_release(workspace: Workspace, metadata: dict[str, dict[str, Any]], out: Console) -> None:
    made, waits = metadata.get("release/published"), _waiting(workspace)
    newest = waits or current_release(workspace)
    if newest is None:
        return
    if made is None:
        state = "still waits" if waits else "is still being served"
        out.print(f"nothing changed: no new release; {newest.name} {state}")
    else:
        out.print(_built(workspace))
        checks = metadata["release/gate"]["checks"]
        state = "waits" if waits else "is being served"
        out.print(f"gate: passed, {checks} checks; release {made['release_id']} {state}")
    _print_suspected_defects(newest / DUCKDB_FILE, out)
    _print_corrections(newest / DUCKDB_FILE, out)
    place = newest if waits else workspace.current
    out.print(f"{len(read_manifest(newest)['tables'])} tables in {place / DUCKDB_FILE}", soft_wrap=True)
    if waits:
        _print_waiting(workspace, waits, (made or {}).get("replaced", []), out)
    else:
        out.print('look: impact query "select * from pub_driver_outcome_association limit 5"; impact status')


def _waiting(workspace: Workspace) -> Path | None:
    """The release that this refresh has built, or left as it is, where it does not go out at once."""
    return waiting.newest(workspace) if workspace.origin == "published" else None


def _print_waiting(workspace: Workspace, folder: Path, replaced: list[str], out: Console) -> None:
    """What keeps the new release from its readers, and the commands that lead there."""
    for version in replaced:
        out.print(f"it takes the place of {version}, which waited; an approval of that one no longer counts")
    print_waiting(workspace, folder, out)
    out.print(f'approve: impact release approve {folder.name} --by NAME --statement "…"', markup=False)
    out.print(f"put out: impact release publish {folder.name}")
    served = current_release(workspace)
    out.print(f"until then {served.name} is served as before" if served else "until then nothing is served")


def print_waiting(workspace: Workspace, folder: Path, out: Console) -> None:
    """One release that waits: since when, until when, and what it lacks."""
    since = embargo.in_words(waiting.waits_since(folder))
    out.print(f"release {folder.name} waits since {since}, Europe/London, in {folder}", soft_wrap=True)
    planned = read_manifest(folder)["calendar"]
    if planned:
        ends_at = embargo.in_words(dt.datetime.fromisoformat(planned["ends_at"]))
        out.print(
            f"it may go out on {ends_at}, Europe/London: {planned['title']} ({planned['status']})", soft_wrap=True
        )
    lacking = publication.lacking(workspace, folder)
    for fault in lacking:
        out.print(f"lacking: {fault.where.removeprefix(f'release {folder.name}: ')}; {fault.todo}", markup=False)
    if not lacking:
        out.print(f"it lacks nothing: impact release publish {folder.name}")


def _print_suspected_defects(database: Path, out: Console) -> None:
    """One line for each edition and check: what a person should take up with the publisher."""
    with connect(database) as connection:
        found = connection.execute(
            "select source_id, edition, check_id, count(*), sum(cells_affected) from pub_suspected_defects "
            "group by all order by all"
        ).fetchall()
    for source_id, edition, check_id, count, cells in found:
        out.print(f"suspected at the publisher: {source_id} {edition}: {count} of {check_id}, {cells:,} cells")
    if found:
        out.print('details: impact query "select * from pub_suspected_defects"')


def _print_corrections(database: Path, out: Console) -> None:
    """What became of the corrections ledger; an entry whose fault is gone should be retired."""
    with connect(database) as connection:
        found = connection.execute(
            "select correction_id, edition, status, todo from pub_corrections "
            "where is_latest_vintage or vintage is null order by all"
        ).fetchall()
    for correction_id, edition, status, todo in found:
        out.print(f"correction {correction_id}, {edition}: {status}; {todo}", markup=False, soft_wrap=True)


def _built(workspace: Workspace) -> str:
    from pipelines.assets.warehouse import RESULTS, target_path

    results = json.loads((target_path(workspace) / RESULTS).read_text(encoding="utf-8"))
    kinds = [item["unique_id"].split(".")[0] for item in results["results"]]
    return f"dbt: {kinds.count('model')} models, {kinds.count('seed')} seeds, {kinds.count('test')} tests passed"


def _notes(staged: Iterable[StagedSource]) -> Iterable[tuple[Any, parquet.Staged]]:
    return [(snapshot, note) for result in staged for snapshot, note in result.notes.items()]
