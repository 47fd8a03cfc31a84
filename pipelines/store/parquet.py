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

from pipelines.harmonise.door import Admitted
from pipelines.readers.frame import ROW, SHEET
from pipelines.settings import Workspace
from pipelines.store.snapshots import Snapshot, make_private
from schemas.fields import PROVENANCE, polars_schema
from schemas.ingest.shapes import SHAPES
from schemas.source import Source

EMPTY = "_schema.parquet"


@dataclass(frozen=True)
class Staged:
    """What became of one snapshot. cache_key: hash of bytes, code and contract. reason: of a refusal."""

    cache_key: str
    outcome: str
    reason: str | None = None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_out_of_scope: int = 0
    vintage_rank: int = 0


def note_path(workspace: Workspace, snapshot: Snapshot) -> Path:
    """Where the note about a snapshot lies."""
    return workspace.staged / snapshot.source_id / f"{snapshot.stem}.json"


def data_path(workspace: Workspace, snapshot: Snapshot) -> Path:
    """Where the accepted rows of a snapshot lie."""
    return note_path(workspace, snapshot).with_suffix(".parquet")


def rejects_path(workspace: Workspace, snapshot: Snapshot) -> Path:
    """Where the rejected rows of a snapshot lie."""
    return workspace.rejected / snapshot.source_id / f"{snapshot.stem}.parquet"


def read_note(workspace: Workspace, snapshot: Snapshot) -> Staged | None:
    """The note, or None where nothing was staged yet."""
    path = note_path(workspace, snapshot)
    return Staged(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def write_note(workspace: Workspace, snapshot: Snapshot, staged: Staged) -> None:
    """Written last, so that a note always speaks of files that are there."""
    path = note_path(workspace, snapshot)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(staged), indent=1), encoding="utf-8")


def keep(workspace: Workspace, source: Source, snapshot: Snapshot, admitted: Admitted, cache_key: str) -> Staged:
    """Writes accepted and rejected rows of one snapshot, as the newest, and returns its note."""
    columns = (*PROVENANCE, *SHAPES[source.shape].columns)
    frame = admitted.accepted.with_columns(
        pl.lit(snapshot.source_id).alias("source_id"),
        pl.lit(snapshot.edition).alias("edition"),
        pl.lit(snapshot.vintage).alias("vintage"),
        pl.lit(1, dtype=pl.Int32).alias("vintage_rank"),
        pl.lit(None, dtype=pl.Date).alias("published_on"),
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
    )


def drop(workspace: Workspace, snapshot: Snapshot) -> None:
    """Removes what an earlier run made of a snapshot that is now refused."""
    data_path(workspace, snapshot).unlink(missing_ok=True)
    rejects_path(workspace, snapshot).unlink(missing_ok=True)


def write_empty(workspace: Workspace, source: Source) -> None:
    """A parquet of no rows, so that a source without editions is an empty table and not an error."""
    columns = (*PROVENANCE, *SHAPES[source.shape].columns)
    if source.is_restricted:
        make_private(workspace.staged / source.source_id)
        make_private(workspace.rejected / source.source_id)
    _write(pl.DataFrame(schema=polars_schema(columns)), workspace.staged / source.source_id / EMPTY)


def rank_vintages(workspace: Workspace, source: Source, notes: dict[Snapshot, Staged]) -> dict[Snapshot, Staged]:
    """Numbers accepted vintages from 1 (newest) within what they supersede; rewrites files whose number changed.

    notes: in the order of the lock; what is named a revision counts as newer than what is not. A refused
    vintage gets no number: the one before it stays the newest.
    """
    accepted = [item for item, note in notes.items() if note.outcome == "accepted"]
    accepted.sort(key=lambda item: item.is_revision)
    ranks = _ranks(workspace, source, accepted)
    for snapshot in accepted:
        mine = ranks.filter(pl.col("vintage") == snapshot.vintage, pl.col("edition") == snapshot.edition)
        # Where a file holds several submissions, the note carries that of its newest.
        best = int(mine["vintage_rank"].min() or 1)
        if source.supersedes_by != "edition" or best != notes[snapshot].vintage_rank:
            _set_rank(workspace, snapshot, source, mine)
        notes[snapshot] = replace(notes[snapshot], vintage_rank=best)
    return notes


def _ranks(workspace: Workspace, source: Source, accepted: list[Snapshot]) -> pl.DataFrame:
    by = source.supersedes_by
    if by == "edition":
        frame = pl.DataFrame(
            {"edition": [s.edition for s in accepted], "vintage": [s.vintage for s in accepted]},
            schema={"edition": pl.String, "vintage": pl.String},
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
    rank = pl.col("known").rank("ordinal", descending=True).over(by).cast(pl.Int32)
    return frame.with_columns(rank.alias("vintage_rank")).drop("known")


def _set_rank(workspace: Workspace, snapshot: Snapshot, source: Source, ranks: pl.DataFrame) -> None:
    path = data_path(workspace, snapshot)
    frame = pl.read_parquet(path)
    on = ["edition", "vintage"] + ([] if source.supersedes_by == "edition" else [source.supersedes_by])
    ranked = frame.drop("vintage_rank").join(ranks, on=on, how="left", maintain_order="left")
    ranked = ranked.select(frame.columns)
    if not ranked.equals(frame):
        _write(ranked, path)


def write_registry(workspace: Workspace, name: str, rows: Iterable[dict[str, object]], schema: pl.Schema) -> None:
    """One table of the registry, whole."""
    _write(pl.DataFrame(list(rows), schema=schema, orient="row"), workspace.staged / name / "all.parquet")


def _write_rejects(workspace: Workspace, snapshot: Snapshot, rejected: pl.DataFrame) -> None:
    frame = rejected.rename({ROW: "source_row", SHEET: "source_sheet"}).with_columns(
        pl.lit(snapshot.source_id).alias("source_id"),
        pl.lit(snapshot.edition).alias("edition"),
        pl.lit(snapshot.vintage).alias("vintage"),
        pl.lit(snapshot.file_name).alias("source_file"),
    )
    _write(frame, rejects_path(workspace, snapshot))


def _write(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    frame.write_parquet(partial, compression="zstd")
    os.replace(partial, path)
