"""The staged store: accepted and rejected rows as parquet, and a note beside them on how they came about.

Belongs here: writing, caching by hash, ranking vintages, the registry's own tables.
Does not belong here: reading published files (readers/), accepting rows (harmonise/).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from pipelines.editions.content import Difference, content_of
from pipelines.editions.publication import Publication
from pipelines.harmonise.door import Admitted
from pipelines.readers.frame import ROW, SHEET
from pipelines.settings import Workspace
from pipelines.store.snapshots import Snapshot, make_private
from pipelines.store.whole import copy_whole, partial_of, replace_json
from schemas.fields import PROVENANCE, polars_schema
from schemas.ingest.shapes import SHAPES
from schemas.source import Source

EMPTY = "_schema.parquet"


@dataclass(frozen=True)
class Revision:
    """How a vintage differs from the one before it in use. before: that one's vintage and content."""

    before: tuple[str, str]
    difference: Difference


@dataclass(frozen=True)
class Staged:
    """What became of one snapshot.

    cache_key: hash of bytes, code and contract. outcome: `accepted`, `held` for a decision, `dropped` by one, or
    `refused`. reason: of a refusal or hold. vintage_rank: 0 while not in use. content: hash of what the file says,
    None where it was refused. same_as: the vintage in use that says the same. is_announced: the file or its name
    says that it is a revision. revises: how it differs from the vintage before it, None for a first one.
    notes: what a person should know of the file.
    """

    cache_key: str
    outcome: str
    reason: str | None = None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_out_of_scope: int = 0
    vintage_rank: int = 0
    content: str | None = None
    published_on: str | None = None
    published_basis: str | None = None
    is_announced: bool = False
    same_as: str | None = None
    decision: str | None = None
    decision_reason: str | None = None
    revises: Revision | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_in_use(self) -> bool:
        """Whether its rows are in the warehouse."""
        return self.outcome == "accepted" and self.same_as is None


def note_path(workspace: Workspace, snapshot: Snapshot) -> Path:
    """Where the note about a snapshot lies."""
    return workspace.staged / snapshot.source_id / f"{snapshot.stem}.json"


def data_path(workspace: Workspace, snapshot: Snapshot) -> Path:
    """Where the accepted rows of a snapshot lie while they are in use."""
    return note_path(workspace, snapshot).with_suffix(".parquet")


def aside_path(workspace: Workspace, snapshot: Snapshot) -> Path:
    """Where they lie while they are not: dbt reads every file of the other folder."""
    return workspace.set_aside / snapshot.source_id / f"{snapshot.stem}.parquet"


def rows_of(workspace: Workspace, snapshot: Snapshot, columns: list[str] | None = None) -> pl.DataFrame:
    """The accepted rows of a snapshot, in use or not."""
    path = data_path(workspace, snapshot)
    return pl.read_parquet(path if path.exists() else aside_path(workspace, snapshot), columns=columns)


def put(workspace: Workspace, snapshot: Snapshot, in_use: bool) -> None:
    """Moves the accepted rows of a snapshot to where they belong, if they lie elsewhere."""
    places = (aside_path(workspace, snapshot), data_path(workspace, snapshot))
    away, target = places if in_use else places[::-1]
    if away.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(away, target)


def rejects_path(workspace: Workspace, snapshot: Snapshot) -> Path:
    """Where the rejected rows of a snapshot lie."""
    return workspace.rejected / snapshot.source_id / f"{snapshot.stem}.parquet"


def read_note(workspace: Workspace, snapshot: Snapshot) -> Staged | None:
    """The note, or None where nothing was staged yet."""
    path = note_path(workspace, snapshot)
    if not path.exists():
        return None
    said = json.loads(path.read_text(encoding="utf-8"))
    revises = said.get("revises")
    if revises:
        said["revises"] = Revision(tuple(revises["before"]), Difference(**revises["difference"]))
    return Staged(**said | {"notes": tuple(said.get("notes", ()))})


def write_note(workspace: Workspace, snapshot: Snapshot, staged: Staged) -> None:
    """Written last, so that a note always speaks of files that are there; and only where it says something new."""
    if read_note(workspace, snapshot) != staged:
        replace_json(note_path(workspace, snapshot), asdict(staged))


def keep(
    workspace: Workspace, source: Source, snapshot: Snapshot, admitted: Admitted, published: Publication, cache_key: str
) -> Staged:
    """Writes accepted and rejected rows of one snapshot, as the newest, and returns its note."""
    _forget(workspace, snapshot)
    columns = (*PROVENANCE, *SHAPES[source.shape].columns)
    frame = admitted.accepted.with_columns(
        pl.lit(snapshot.source_id).alias("source_id"),
        pl.lit(snapshot.edition).alias("edition"),
        pl.lit(snapshot.vintage).alias("vintage"),
        pl.lit(1, dtype=pl.Int32).alias("vintage_rank"),
        pl.lit(published.day, dtype=pl.Date).alias("published_on"),
        pl.lit(snapshot.file_name).alias("source_file"),
        pl.col(SHEET).alias("source_sheet"),
        pl.col(ROW).alias("source_row"),
    )
    _write(frame.select(columns), data_path(workspace, snapshot))
    _write_rejects(workspace, snapshot, admitted.rejected)
    return Staged(
        cache_key=cache_key,
        outcome="accepted",
        rows_read=admitted.rows_read,
        rows_accepted=admitted.accepted.height,
        rows_rejected=admitted.rows_rejected,
        rows_out_of_scope=admitted.rows_out_of_scope,
        vintage_rank=1,
        content=content_of(admitted, source),
        published_on=published.day.isoformat() if published.day else None,
        published_basis=published.basis,
        is_announced=snapshot.is_revision or published.is_revised,
    )


def drop(workspace: Workspace, snapshot: Snapshot) -> None:
    """Removes what an earlier run made of a snapshot that is now refused."""
    _forget(workspace, snapshot)
    data_path(workspace, snapshot).unlink(missing_ok=True)
    aside_path(workspace, snapshot).unlink(missing_ok=True)
    rejects_path(workspace, snapshot).unlink(missing_ok=True)


def copy(origin: Workspace, target: Workspace, snapshot: Snapshot) -> None:
    """Takes over from another workspace what was made of a snapshot there."""
    drop(target, snapshot)
    for path in (data_path, aside_path, rejects_path, note_path):
        made, wanted = path(origin, snapshot), path(target, snapshot)
        if made.exists():
            copy_whole(made, wanted)


def write_empty(workspace: Workspace, source: Source) -> None:
    """A parquet of no rows, so that a source without editions is an empty table and not an error."""
    columns = (*PROVENANCE, *SHAPES[source.shape].columns)
    if source.is_restricted:
        make_private(workspace.staged / source.source_id)
        make_private(workspace.rejected / source.source_id)
    _write(pl.DataFrame(schema=polars_schema(columns)), workspace.staged / source.source_id / EMPTY)


def rank_vintages(workspace: Workspace, source: Source, notes: dict[Snapshot, Staged]) -> dict[Snapshot, Staged]:
    """Numbers vintages in use from 1 (newest) within what they supersede; rewrites files whose number changed.

    A file supersedes others of its edition, or of its part where several files make up an edition.

    notes: in the order of the lock. A vintage that is not in use gets no number: the one before it stays the newest.
    """
    accepted = [item for item in supersession(notes) if notes[item].is_in_use]
    notes = {item: note if note.is_in_use else replace(note, vintage_rank=0) for item, note in notes.items()}
    ranks = _ranks(workspace, source, accepted)
    for snapshot in accepted:
        mine = ranks.filter(pl.col("vintage") == snapshot.vintage, pl.col("edition") == snapshot.edition)
        # Where a file holds several submissions, the note carries that of its newest.
        best = int(mine["vintage_rank"].min() or 1)
        if source.supersedes_by != "edition" or best != notes[snapshot].vintage_rank:
            _set_rank(workspace, snapshot, source, mine)
        notes[snapshot] = replace(notes[snapshot], vintage_rank=best)
    return notes


def supersession(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """From the oldest to the newest: what is named a revision counts as newer than what is not."""
    return sorted(snapshots, key=lambda item: item.is_revision)


def _ranks(workspace: Workspace, source: Source, accepted: list[Snapshot]) -> pl.DataFrame:
    by = source.supersedes_by
    if by == "edition":
        frame = pl.DataFrame(
            [(s.edition, s.part, s.vintage) for s in accepted],
            schema=dict.fromkeys(("edition", "part", "vintage"), pl.String),
            orient="row",
        ).with_columns(pl.int_range(pl.len()).alias("known"))
    else:
        parts = [
            pl.read_parquet(data_path(workspace, s), columns=["edition", "vintage", by])
            .unique()
            .with_columns(pl.lit(known, dtype=pl.Int64).alias("known"))
            for known, s in enumerate(accepted)
        ]
        empty = pl.DataFrame(schema=dict.fromkeys(("edition", "vintage", by), pl.String))
        frame = pl.concat(parts) if parts else empty.with_columns(pl.lit(0, dtype=pl.Int64).alias("known"))
    within = ("edition", "part") if by == "edition" else (by,)
    rank = pl.col("known").rank("ordinal", descending=True).over(within).cast(pl.Int32)
    return frame.with_columns(rank.alias("vintage_rank")).drop("known", "part", strict=False)


def _set_rank(workspace: Workspace, snapshot: Snapshot, source: Source, ranks: pl.DataFrame) -> None:
    path = data_path(workspace, snapshot)
    frame = pl.read_parquet(path)
    on = ["edition", "vintage"] + ([] if source.supersedes_by == "edition" else [source.supersedes_by])
    ranked = frame.drop("vintage_rank").join(ranks, on=on, how="left", maintain_order="left")
    ranked = ranked.select(frame.columns)
    if not ranked.equals(frame):
        _forget(workspace, snapshot)
        _write(ranked, path)


def _forget(workspace: Workspace, snapshot: Snapshot) -> None:
    """Takes the note away before its files change: after a stop in between, the snapshot is read again."""
    note_path(workspace, snapshot).unlink(missing_ok=True)


def write_registry(workspace: Workspace, name: str, frame: pl.DataFrame) -> None:
    """One table of the registry, whole."""
    _write(frame, workspace.staged / name / "all.parquet")


def _write_rejects(workspace: Workspace, snapshot: Snapshot, rejected: pl.DataFrame) -> None:
    frame = rejected.rename({ROW: "source_row", SHEET: "source_sheet"}).with_columns(
        pl.lit(snapshot.source_id).alias("source_id"),
        pl.lit(snapshot.edition).alias("edition"),
        pl.lit(snapshot.vintage).alias("vintage"),
        pl.lit(snapshot.file_name).alias("source_file"),
    )
    _write(frame, rejects_path(workspace, snapshot))


def _write(frame: pl.DataFrame, path: Path) -> None:
    partial = partial_of(path)
    frame.write_parquet(partial, compression="zstd")
    os.replace(partial, path)
