"""The registry's tables for dbt: sources, measures, editions, revisions, corrections, what earlier releases
showed, and one row on this run.

Belongs here: their columns, and filling them from the YAMLs and the notes. Does not belong here: writing parquet
(store/parquet.py), or finding anything out (settle.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import asdict

import polars as pl

from pipelines.editions import publication
from pipelines.registry import load_corrections
from pipelines.settings import Workspace
from pipelines.staging import StagedSource, code_version
from pipelines.store import parquet, shown
from pipelines.store.parquet import Staged
from pipelines.store.snapshots import Snapshot, make_private
from schemas.corrections import Correction
from schemas.published import DATA_ORIGINS
from schemas.source import Measure, Source

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
        "next_edition": pl.String(),
        "next_due_on": pl.Date(),
        "is_calendar_verified": pl.Boolean(),
    }
)
NO_TEXTS = {"review_date": pl.Date(), "minimum_denominator": pl.Float64(), "windows_overlap": pl.Boolean()}
MEASURES_SCHEMA = pl.Schema({name: NO_TEXTS.get(name, pl.String()) for name in ("source_id", *Measure.model_fields)})
EDITIONS_SCHEMA = pl.Schema(
    {
        "source_id": pl.String(),
        "edition": pl.String(),
        "part": pl.String(),
        "vintage": pl.String(),
        "vintage_rank": pl.Int32(),
        "source_file": pl.String(),
        "sha256": pl.String(),
        "bytes": pl.Int64(),
        "published_on": pl.Date(),
        "published_basis": pl.String(),
        "due_on": pl.Date(),
        "known_on": pl.Date(),
        "fetched_at": pl.Datetime("us"),
        "outcome": pl.String(),
        "reason": pl.String(),
        "decision": pl.String(),
        "decision_reason": pl.String(),
        "same_as": pl.String(),
        "rows_read": pl.Int64(),
        "rows_accepted": pl.Int64(),
        "rows_rejected": pl.Int64(),
        "rows_out_of_scope": pl.Int64(),
        "period_end": pl.Date(),
    }
)
REVISIONS_SCHEMA = pl.Schema(
    {
        "source_id": pl.String(),
        "edition": pl.String(),
        "old_vintage": pl.String(),
        "new_vintage": pl.String(),
        "is_announced": pl.Boolean(),
        "rows_added": pl.Int64(),
        "rows_removed": pl.Int64(),
        "rows_changed": pl.Int64(),
        "rows_relabelled": pl.Int64(),
        "organisations": pl.Int64(),
        "largest": pl.String(),
    }
)
CORRECTIONS_SCHEMA = pl.Schema(
    {
        "correction_id": pl.String(),
        "source_id": pl.String(),
        "edition": pl.String(),
        "question_ids": pl.String(),
        "response_options": pl.String(),
        "statistics": pl.String(),
        "org_codes": pl.String(),
        "guard_value": pl.Float64(),
        "replacement_value": pl.Float64(),
        "action": pl.String(),
        "wrong": pl.String(),
        "evidence": pl.String(),
        "link": pl.String(),
        "found_by": pl.String(),
        "found_on": pl.Date(),
        "value_origin": pl.String(),
        "review_date": pl.Date(),
    }
)
RUN_SCHEMA = pl.Schema({"data_origin": pl.String(), "code_version": pl.String()})

REGISTRY = {
    "registry_sources": ("The sources, one row each, from the files under `sources/`.", SOURCES_SCHEMA),
    "registry_measures": ("The outcome measures, one row each, from the files under `sources/`.", MEASURES_SCHEMA),
    "registry_editions": ("Every file that was read, whatever became of it, one row each.", EDITIONS_SCHEMA),
    "registry_revisions": ("Every vintage that revises an earlier one of its edition, one row each.", REVISIONS_SCHEMA),
    "registry_corrections": ("Entries of the corrections ledger, one row for each edition.", CORRECTIONS_SCHEMA),
    "registry_run": ("The run that staged the files, one row.", RUN_SCHEMA),
    "registry_shown": ("Members of each figure that an earlier release showed, one row each.", shown.SCHEMA),
}


def write_registry(workspace: Workspace, sources: dict[str, Source], staged: Iterable[StagedSource]) -> None:
    """Writes all of them. staged: the sources in any order."""
    staged = list(staged)
    run = {"data_origin": DATA_ORIGINS[workspace.origin], "code_version": code_version()}
    # The ledger is about publishers' files; the SYNTHETIC sample has the same editions and none of their faults.
    entries = load_corrections() if workspace.origin == "published" else ()
    rows = {
        "registry_sources": (_source_row(sources[result.source_id], result) for result in staged),
        "registry_measures": _measure_rows(sources.values()),
        "registry_editions": _edition_rows(sources, staged),
        "registry_revisions": _revision_rows(staged),
        "registry_corrections": (row for entry in entries for row in _correction_rows(entry)),
        "registry_run": [run],
    }
    for name, found in rows.items():
        parquet.write_registry(workspace, name, pl.DataFrame(list(found), schema=REGISTRY[name][1], orient="row"))
    make_private(workspace.staged / "registry_shown")
    parquet.write_registry(workspace, "registry_shown", shown.history(workspace))


def _source_row(source: Source, result: StagedSource) -> dict[str, object]:
    following = publication.expected_next(source, result.newest_readable)
    return {
        **{name: getattr(source, name) for name in SOURCES_SCHEMA if name in Source.model_fields},
        "next_edition": following and following.edition,
        "next_due_on": following and following.due_on,
        "is_calendar_verified": source.calendar and source.calendar.verified,
    }


def _measure_rows(sources: Iterable[Source]) -> Iterator[dict[str, object]]:
    for source in sources:
        yield from ({"source_id": source.source_id, **measure.model_dump()} for measure in source.measures)


def _edition_rows(sources: dict[str, Source], staged: list[StagedSource]) -> Iterator[dict[str, object]]:
    for result in staged:
        for snapshot, note in result.notes.items():
            yield _edition_row(sources[result.source_id], snapshot, note)


def _edition_row(source: Source, snapshot: Snapshot, note: Staged) -> dict[str, object]:
    return {
        "source_id": snapshot.source_id,
        "edition": snapshot.edition,
        "part": snapshot.part,
        "vintage": snapshot.vintage,
        "vintage_rank": note.vintage_rank or None,
        "source_file": snapshot.file_name,
        "sha256": snapshot.sha256,
        "bytes": snapshot.bytes,
        "published_on": dt.date.fromisoformat(note.published_on) if note.published_on else None,
        "published_basis": note.published_basis,
        "due_on": publication.due_day(source, snapshot),
        "known_on": publication.known_on(snapshot, note.published_on),
        "fetched_at": dt.datetime.fromisoformat(snapshot.fetched_at).replace(tzinfo=None),
        "outcome": note.outcome,
        "reason": note.reason,
        "decision": note.decision,
        "decision_reason": note.decision_reason,
        "same_as": note.same_as,
        "rows_read": note.rows_read,
        "rows_accepted": note.rows_accepted,
        "rows_rejected": note.rows_rejected,
        "rows_out_of_scope": note.rows_out_of_scope,
        "period_end": dt.date.fromisoformat(snapshot.edition_end) if snapshot.edition_end else None,
    }


def _revision_rows(staged: list[StagedSource]) -> Iterator[dict[str, object]]:
    for result in staged:
        for snapshot, note in result.notes.items():
            if note.revises:
                yield {
                    "source_id": snapshot.source_id,
                    "edition": snapshot.edition,
                    "old_vintage": note.revises.before[0],
                    "new_vintage": snapshot.vintage,
                    "is_announced": note.is_announced,
                    **asdict(note.revises.difference),
                }


def _correction_rows(entry: Correction) -> Iterator[dict[str, object]]:
    """One row for each edition, and for each value that is replaced. Lists are joined by `|`; null means any."""
    cells = {f"{name}s": "|".join(texts) or None for name, texts in entry.where.model_dump().items()}
    rest = {name: getattr(entry, name) for name in CORRECTIONS_SCHEMA if name in Correction.model_fields}
    guard = entry.guard.shown_values_equal if entry.guard else None
    one = {**rest, **cells, "guard_value": guard, "replacement_value": None, "value_origin": entry.origin}
    for edition in entry.editions:
        if not entry.replacements:
            yield {**one, "edition": edition}
        for new in entry.replacements:
            values = {"guard_value": new.published, "replacement_value": new.correct}
            yield {**one, **values, "edition": edition, "org_codes": new.org_code}
