"""Takes a source from raw files to staged rows, doing again only what changed.

Belongs here: the order of the steps for one source, the cache key, the registry's tables for dbt.
Does not belong here: how each step works (readers/, harmonise/, store/), Dagster (assets/).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.errors import Fault
from pipelines.harmonise.door import admit
from pipelines.progress import say
from pipelines.readers import read_file
from pipelines.settings import PROJECT_ROOT, Workspace, seed_path
from pipelines.store import parquet, snapshots
from pipelines.store.parquet import Staged
from pipelines.store.snapshots import Snapshot
from schemas.published import DATA_ORIGINS
from schemas.source import Measure, Source

READING_CODE = (
    "pipelines/readers",
    "pipelines/harmonise",
    "pipelines/store/parquet.py",
    "pipelines/staging.py",
    "schemas",
)
NOT_ABOUT_READING = {"measures", "notes", "owner", "review_date", "attribution", "landing_page"}

SOURCES_SCHEMA = pl.Schema(
    {
        "source_id": pl.String(),
        "source_name": pl.String(),
        "publisher": pl.String(),
        "landing_page": pl.String(),
        "licence": pl.String(),
        "attribution": pl.String(),
        "cadence": pl.String(),
        "owner": pl.String(),
        "review_date": pl.Date(),
        "is_restricted": pl.Boolean(),
        "is_required": pl.Boolean(),
    }
)
MEASURES_SCHEMA = pl.Schema(
    {
        name: pl.Date() if name == "review_date" else pl.Float64() if name == "minimum_denominator" else pl.String()
        for name in ("source_id", *Measure.model_fields)
    }
)
EDITIONS_SCHEMA = pl.Schema(
    {
        "source_id": pl.String(),
        "edition": pl.String(),
        "vintage": pl.String(),
        "vintage_rank": pl.Int32(),
        "source_file": pl.String(),
        "sha256": pl.String(),
        "bytes": pl.Int64(),
        "published_on": pl.Date(),
        "fetched_at": pl.Datetime("us"),
        "outcome": pl.String(),
        "reason": pl.String(),
        "rows_read": pl.Int64(),
        "rows_accepted": pl.Int64(),
        "rows_rejected": pl.Int64(),
        "rows_out_of_scope": pl.Int64(),
        "period_end": pl.Date(),
    }
)
RUN_SCHEMA = pl.Schema({"data_origin": pl.String(), "code_version": pl.String()})


@dataclass(frozen=True)
class StagedSource:
    """What became of all snapshots of one source. read_again: how many files were opened in this run."""

    source_id: str
    notes: dict[Snapshot, Staged]
    read_again: int

    @property
    def reasons(self) -> list[str]:
        """Why files were refused, in the order of the lock."""
        return [note.reason for note in self.notes.values() if note.reason]

    def count(self, outcome: str) -> int:
        """How many snapshots ended so."""
        return sum(note.outcome == outcome for note in self.notes.values())

    def total(self, what: str) -> int:
        """Sum of a row count over accepted snapshots."""
        return sum(getattr(note, what) for note in self.notes.values())


def stage_source(source: Source, workspace: Workspace) -> StagedSource:
    """Stages every snapshot of the source whose bytes, code or contract changed since the last time."""
    known = known_organisations(source, workspace)
    notes, read_again = {}, 0
    parquet.write_empty(workspace, source)
    for snapshot in snapshots.of_source(workspace.raw, source.source_id):
        key = _cache_key(source, snapshot, known)
        note = parquet.read_note(workspace, snapshot)
        if note is None or note.cache_key != key:
            say(f"reading: {snapshot.where}")
            note = _stage(source, snapshot, workspace, known, key)
            read_again += 1
        notes[snapshot] = note
    notes = parquet.rank_vintages(workspace, source, notes)
    for snapshot, note in notes.items():
        parquet.write_note(workspace, snapshot, note)
    return StagedSource(source.source_id, notes, read_again)


def already_staged(source: Source, workspace: Workspace) -> StagedSource:
    """What earlier steps made of the source, from their notes; nothing is read again."""
    held = snapshots.of_source(workspace.raw, source.source_id)
    found = {item: parquet.read_note(workspace, item) for item in held}
    return StagedSource(source.source_id, {item: note for item, note in found.items() if note}, 0)


def _stage(source: Source, snapshot: Snapshot, workspace: Workspace, known: frozenset[str] | None, key: str) -> Staged:
    try:
        path = snapshots.check(snapshot, workspace.raw)
        frame = read_file(path, source, snapshot.file_format, snapshot.where, snapshot.edition).with_columns(
            pl.lit(snapshot.edition).alias("@edition"),
            pl.lit(snapshot.edition_start, dtype=pl.String).alias("@edition_start"),
            pl.lit(snapshot.edition_end, dtype=pl.String).alias("@edition_end"),
        )
        admitted = admit(frame, source, snapshot.where, known)
    except Fault as fault:
        parquet.drop(workspace, snapshot)
        return Staged(key, "refused", str(fault.discreet() if source.is_restricted else fault))
    return parquet.keep(workspace, source, snapshot, admitted, key)


def known_organisations(source: Source, workspace: Workspace) -> frozenset[str] | None:
    """ODS codes that this source may name, or None where any code may come."""
    if not source.known_organisations_from:
        return None
    codes: set[str] = set()
    for source_id in source.known_organisations_from:
        files = sorted((workspace.staged / source_id).glob("*.parquet"))
        for path in files:
            codes |= set(pl.read_parquet(path, columns=["org_code"])["org_code"].unique())
    return frozenset(codes)


def _cache_key(source: Source, snapshot: Snapshot, known: frozenset[str] | None) -> str:
    contract = source.model_dump_json(exclude=NOT_ABOUT_READING)
    seeds = [*source.known_in, *(names.seed for names in source.named_in.values())]
    lists = [seed_path(seed).read_text(encoding="utf-8") for seed in seeds]
    parts = [snapshot.sha256, snapshot.edition, contract, reading_code(), *lists, *sorted(known or ())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def reading_code() -> str:
    """Hash of all code that decides what a staged row looks like."""
    return code_hash(READING_CODE)


def code_hash(places: Iterable[str]) -> str:
    """Hash of these files, and of every tracked kind of file below these folders of the project."""
    digest = hashlib.sha256()
    for place in places:
        path = PROJECT_ROOT / place
        files = [path] if path.is_file() else sorted(_code_below(path))
        for file in files:
            digest.update(f"{file.relative_to(PROJECT_ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _code_below(folder: Path) -> list[Path]:
    kinds = {".py", ".sql", ".yml", ".csv", ".md"}
    made = {"target", "logs", "__pycache__"}
    return [p for p in folder.rglob("*") if p.suffix in kinds and not made & set(p.parts)]


@cache
def code_version() -> str:
    """The commit of the code, marked `-changed` where files differ from it; 'unknown' outside git."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=-changed"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def write_registry(workspace: Workspace, sources: dict[str, Source], staged: Iterable[StagedSource]) -> None:
    """The registry's tables for dbt: sources, measures, editions, and one row on this run."""
    parquet.write_registry(
        workspace,
        "registry_sources",
        ({name: getattr(source, name) for name in SOURCES_SCHEMA} for source in sources.values()),
        SOURCES_SCHEMA,
    )
    parquet.write_registry(
        workspace,
        "registry_measures",
        (
            {"source_id": source.source_id, **measure.model_dump()}
            for source in sources.values()
            for measure in source.measures
        ),
        MEASURES_SCHEMA,
    )
    editions = (_edition_row(item, note) for result in staged for item, note in result.notes.items())
    parquet.write_registry(workspace, "registry_editions", editions, EDITIONS_SCHEMA)
    run = {"data_origin": DATA_ORIGINS[workspace.origin], "code_version": code_version()}
    parquet.write_registry(workspace, "registry_run", [run], RUN_SCHEMA)


def _edition_row(snapshot: Snapshot, note: Staged) -> dict[str, object]:
    return {
        "source_id": snapshot.source_id,
        "edition": snapshot.edition,
        "vintage": snapshot.vintage,
        "vintage_rank": note.vintage_rank or None,
        "source_file": snapshot.file_name,
        "sha256": snapshot.sha256,
        "bytes": snapshot.bytes,
        "published_on": None,
        "fetched_at": dt.datetime.fromisoformat(snapshot.fetched_at).replace(tzinfo=None),
        "outcome": note.outcome,
        "reason": note.reason,
        "rows_read": note.rows_read,
        "rows_accepted": note.rows_accepted,
        "rows_rejected": note.rows_rejected,
        "rows_out_of_scope": note.rows_out_of_scope,
        "period_end": dt.date.fromisoformat(snapshot.edition_end) if snapshot.edition_end else None,
    }


def fingerprint(workspace: Workspace, staged: Iterable[StagedSource]) -> str:
    """Hash of everything a release depends on: accepted and refused editions, code and dbt project."""
    parts = [
        [snapshot.source_id, snapshot.edition, note.cache_key, note.outcome, note.vintage_rank]
        for result in staged
        for snapshot, note in result.notes.items()
    ]
    code = code_hash(("sources", "schemas", "pipelines", "dbt_project"))
    content = json.dumps([workspace.origin, code, parts])
    return hashlib.sha256(content.encode()).hexdigest()
