"""Takes a source from raw files to staged rows, doing again only what changed.

Belongs here: the order of the steps for one source, the cache key, the registry's tables for dbt.
Does not belong here: how each step works (readers/, harmonise/, store/), Dagster (assets/).
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.editions import publication
from pipelines.editions.publication import Publication
from pipelines.editions.settle import settle
from pipelines.errors import Fault
from pipelines.harmonise.door import admit
from pipelines.harmonise.fictitious import refuse_sample
from pipelines.progress import say
from pipelines.readers import read_file, unread
from pipelines.settings import PROJECT_ROOT, Workspace, may_take_sample, seed_path
from pipelines.store import explanations, parquet, snapshots
from pipelines.store.parquet import Staged
from pipelines.store.snapshots import Snapshot
from schemas.source import Source

READING_CODE = (
    "pipelines/readers",
    "pipelines/harmonise",
    "pipelines/editions/content.py",
    "pipelines/editions/publication.py",
    "pipelines/store/parquet.py",
    "pipelines/sample/data/sample.yml",
    "pipelines/staging.py",
    "schemas",
)
NOT_ABOUT_READING = {
    *("measures", "notes", "owner", "review_date", "attribution", "landing_page"),
    *("calendar", "disclosure", "fetch", "holds"),
}

STATUS, WITHDRAWN = "submission_status", "withdrawn"


@dataclass(frozen=True)
class StagedSource:
    """What became of all snapshots of one source. read_again: how many files were opened in this run."""

    source_id: str
    notes: dict[Snapshot, Staged]
    read_again: int

    @property
    def reasons(self) -> list[str]:
        """Why files were refused or are held, in the order of the lock."""
        return [note.reason for note in self.notes.values() if note.reason and note.outcome != "dropped"]

    @property
    def newest(self) -> Snapshot | None:
        """The newest edition that has arrived, whatever became of it; what was dropped has not arrived."""
        return self._newest_but("dropped")

    @property
    def newest_readable(self) -> Snapshot | None:
        """The newest edition that could be read, held or not; one that was refused is still awaited."""
        return self._newest_but("dropped", "refused")

    @property
    def readable(self) -> list[Snapshot]:
        """Whatever could be read, held or not."""
        return self._all_but("dropped", "refused")

    def _newest_but(self, *outcomes: str) -> Snapshot | None:
        return max(self._all_but(*outcomes), key=lambda item: item.edition, default=None)

    def _all_but(self, *outcomes: str) -> list[Snapshot]:
        return [item for item, note in self.notes.items() if note.outcome not in outcomes]

    def count(self, outcome: str) -> int:
        """How many snapshots ended so."""
        return sum(note.outcome == outcome for note in self.notes.values())

    def total(self, what: str) -> int:
        """Sum of a row count over the snapshots in use."""
        return sum(getattr(note, what) for note in self.notes.values() if note.is_in_use)


def stage_source(source: Source, workspace: Workspace) -> StagedSource:
    """Stages every snapshot of the source whose bytes, code or contract changed since the last time.

    Then settles which of them are in use. As at an earlier day, files that were not known then are left out.
    """
    known = known_organisations(source, workspace)
    notes, read_again = {}, 0
    parquet.write_empty(workspace, source)
    held = snapshots.of_source(workspace.raw, source.source_id)
    for snapshot in held:
        published = publication.stated(source, snapshot, held)
        key = _cache_key(source, snapshot, known, published)
        note = _already_read(workspace, snapshot, key)
        if note is None:
            say(f"reading: {snapshot.where}")
            note = _stage(source, snapshot, workspace, known, published, key)
            read_again += 1
        notes[snapshot] = note
    notes, unknown = _known_then(source, workspace, notes)
    for snapshot in unknown:
        parquet.put(workspace, snapshot, in_use=False)
    notes = settle(source, workspace, notes)
    for snapshot, note in (unknown | notes).items():
        parquet.write_note(workspace, snapshot, note)
    return StagedSource(source.source_id, notes, read_again)


def _already_read(workspace: Workspace, snapshot: Snapshot, key: str) -> Staged | None:
    """The note of an earlier reading with the same key, here or, as at an earlier day, in today's state."""
    for place in (workspace, workspace.of_today):
        note = parquet.read_note(place, snapshot)
        if note and note.cache_key == key:
            if place != workspace:
                parquet.copy(place, workspace, snapshot)
            return note
    return None


def _known_then(
    source: Source, workspace: Workspace, notes: dict[Snapshot, Staged]
) -> tuple[dict[Snapshot, Staged], ...]:
    """The files that count as known on the day of the workspace, and the others.

    A file with a withdrawal always counts: no earlier day brings back what its sender has taken back since.
    """
    day = workspace.as_at
    known = {
        snapshot: note
        for snapshot, note in notes.items()
        if day is None
        or publication.known_on(snapshot, note.published_on) <= day
        or (source.is_inbox and _withdraws(workspace, snapshot, note))
    }
    return known, {snapshot: note for snapshot, note in notes.items() if snapshot not in known}


def _withdraws(workspace: Workspace, snapshot: Snapshot, note: Staged) -> bool:
    if not note.rows_accepted:
        return False
    return WITHDRAWN in parquet.rows_of(workspace, snapshot, [STATUS])[STATUS]


def already_staged(source: Source, workspace: Workspace) -> StagedSource:
    """What earlier steps made of the source, from their notes; nothing is read again."""
    held = snapshots.of_source(workspace.raw, source.source_id)
    found = {item: parquet.read_note(workspace, item) for item in held}
    notes, _ = _known_then(source, workspace, {item: note for item, note in found.items() if note})
    return StagedSource(source.source_id, notes, 0)


def _stage(
    source: Source,
    snapshot: Snapshot,
    workspace: Workspace,
    known: frozenset[str] | None,
    published: Publication,
    key: str,
) -> Staged:
    try:
        path = snapshots.check(snapshot, workspace.raw)
        with unread.heard() as sheets:
            # In a list, so that the door holds the only reference and can let a large frame go.
            frames = [_read(path, source, snapshot)]
        published = publication.of_file(frames[0], published)
        admitted = admit(frames.pop(), source, snapshot.where, known)
        if workspace.origin == "published" and not may_take_sample():
            refuse_sample(admitted.accepted, snapshot.where)
    except Fault as fault:
        parquet.drop(workspace, snapshot)
        return _refused(key, str(fault.discreet() if source.is_restricted else fault), published)
    note = parquet.keep(workspace, source, snapshot, admitted, published, key)
    return replace(note, notes=_new_sheets(source, snapshot, sheets))


def _new_sheets(source: Source, snapshot: Snapshot, unread_sheets: list[str]) -> tuple[str, ...]:
    """Sheets that are neither read nor known to hold nothing wanted. Whoever fills in a form may add sheets."""
    known = source.layout_for(snapshot.file_format).ignore_sheets
    new = [name for name in unread_sheets if not any(re.fullmatch(pattern, name) for pattern in known)]
    if source.is_inbox or not new:
        return ()
    return (f"sheets that are not read, and that the source YAML does not know: {', '.join(new)}",)


def _refused(key: str, reason: str, published: Publication) -> Staged:
    day = published.day.isoformat() if published.day else None
    return Staged(key, "refused", reason, published_on=day, published_basis=published.basis)


def _read(path: Path, source: Source, snapshot: Snapshot) -> pl.DataFrame:
    """The reader's frame, with what the file's name tells."""
    return read_file(path, source, snapshot.file_format, snapshot.where, snapshot.edition).with_columns(
        pl.lit(snapshot.edition).alias("@edition"),
        pl.lit(snapshot.edition_start, dtype=pl.String).alias("@edition_start"),
        pl.lit(snapshot.edition_end, dtype=pl.String).alias("@edition_end"),
    )


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


def _cache_key(source: Source, snapshot: Snapshot, known: frozenset[str] | None, published: Publication) -> str:
    contract = source.model_dump_json(exclude=NOT_ABOUT_READING)
    lists = [seed_path(seed).read_text(encoding="utf-8") for seed in source.reference_lists]
    stated = [snapshot.sha256, snapshot.edition, str(published)]
    parts = [*stated, contract, reading_code(), *lists, *sorted(known or ())]
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


def fingerprint(workspace: Workspace, staged: Iterable[StagedSource]) -> str:
    """Hash of everything a release depends on: what became of every file, written reasons, code and dbt project."""
    parts = [
        [snapshot.source_id, snapshot.edition, note.cache_key, note.outcome, note.vintage_rank, note.decision_reason]
        for result in staged
        for snapshot, note in result.notes.items()
    ]
    code = code_hash(("sources", "schemas", "pipelines", "dbt_project"))
    written = [[item.release_from, item.indicator_id, item.reason] for item in explanations.read(workspace)]
    content = json.dumps([workspace.origin, code, parts, written])
    return hashlib.sha256(content.encode()).hexdigest()
