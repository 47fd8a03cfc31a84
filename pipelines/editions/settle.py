"""Which files of a source are in use: holds, decisions, republished content, the order of vintages, revisions.

Belongs here: what follows from all files of a source together. It is worked out afresh from the notes in every run,
in the order in which the files became known, so that a later file never changes what became of an earlier one.
Does not belong here: reading a file (staging.py), comparing two of them (content.py, holds.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import polars as pl

from pipelines.editions.content import difference, organisation_column
from pipelines.editions.holds import Extent, reason_to_hold
from pipelines.settings import Workspace
from pipelines.store import decisions, parquet
from pipelines.store.decisions import Decision
from pipelines.store.parquet import Revision, Staged
from pipelines.store.snapshots import Snapshot
from schemas.ingest.shapes import SHAPES
from schemas.source import Source

CLOSED = "closed_on"

Notes = dict[Snapshot, Staged]


def settle(source: Source, workspace: Workspace, notes: Notes) -> Notes:
    """What became of every file, given all others. notes: as they were read, in the order of the lock.

    An inbox knows neither holds nor revisions: each file there is a submission of its own.
    """
    settled = _judged(source, workspace, notes)
    if not source.is_inbox:
        settled = _without_repeats(settled)
    for snapshot, note in settled.items():
        parquet.put(workspace, snapshot, note.is_in_use)
    settled = parquet.rank_vintages(workspace, source, settled)
    return settled if source.is_inbox else _with_revisions(source, workspace, settled)


def _judged(source: Source, workspace: Workspace, notes: Notes) -> Notes:
    """Each file against the one before it, and against what was decided on it."""
    decided = decisions.in_force(workspace.of_today, source.source_id)
    extent = cache(lambda snapshot: _extent(source, workspace, snapshot))
    settled: Notes = {}
    for snapshot, note in notes.items():
        note = _decided(_as_read(note), decided.get((snapshot.edition, snapshot.vintage)))
        if note.outcome == "accepted" and note.decision is None and not source.is_inbox:
            note = _held(source, snapshot, note, _before(source, snapshot, settled), extent)
        settled[snapshot] = note
    return settled


def _as_read(note: Staged) -> Staged:
    """The note before anything else was known; of a refused file the reason stays."""
    outcome, reason = ("accepted", None) if note.content else ("refused", note.reason)
    return replace(note, outcome=outcome, reason=reason, same_as=None, decision=None, decision_reason=None)


def _decided(note: Staged, decision: Decision | None) -> Staged:
    """A decision goes before any hold; none can make a refused file readable."""
    if decision is None:
        return note
    outcome = "dropped" if decision.decision == "drop" else note.outcome
    return replace(note, outcome=outcome, decision=decision.decision, decision_reason=decision.reason)


def _held(
    source: Source, snapshot: Snapshot, note: Staged, before: Snapshot | None, extent: Callable[[Snapshot], Extent]
) -> Staged:
    """A first file has nothing to be compared with."""
    fault = before and reason_to_hold(extent(snapshot), extent(before), source.holds)
    return replace(note, outcome="held", reason=str(fault)) if fault else note


def _before(source: Source, snapshot: Snapshot, settled: Notes) -> Snapshot | None:
    """The file to compare with: the newest in use of this edition, or else of the newest edition before it."""
    in_use = [item for item in parquet.supersession(settled) if settled[item].outcome == "accepted"]
    in_use = [item for item in in_use if item.part == snapshot.part]
    same = [item for item in in_use if item.edition == snapshot.edition]
    if same or not source.holds.compare_editions:
        return same[-1] if same else None
    earlier = [item for item in in_use if item.edition < snapshot.edition]
    return max(reversed(earlier), key=lambda item: item.edition, default=None)


def _extent(source: Source, workspace: Workspace, snapshot: Snapshot) -> Extent:
    """Rows and open organisations: one whose own row says that it has closed is not lost when it goes."""
    code, columns = organisation_column(source), SHAPES[source.shape].columns
    names = [name for name in (code, code and code.replace("_code", "_name"), CLOSED) if name in columns]
    rows = parquet.rows_of(workspace, snapshot, names or ["source_row"])
    still = rows.filter(pl.col(CLOSED).is_null()) if CLOSED in names else rows
    named = still.select(names[:2]).unique(code).iter_rows() if code else ()
    return Extent(snapshot, rows.height, {found: (name and name[0]) or "" for found, *name in named})


def _without_repeats(settled: Notes) -> Notes:
    """A file that says the same as the newest one of its edition is no new vintage."""
    newest: dict[tuple[str, str | None], Snapshot] = {}
    for snapshot in parquet.supersession(settled):
        note, last = settled[snapshot], newest.get(snapshot.edition_part)
        if note.outcome != "accepted":
            continue
        if last and settled[last].content == note.content:
            settled[snapshot] = replace(note, same_as=last.vintage)
        else:
            newest[snapshot.edition_part] = snapshot
    return settled


def _with_revisions(source: Source, workspace: Workspace, settled: Notes) -> Notes:
    """What each vintage in use changes against the one before it. Compared once for each pair of contents."""
    before: dict[tuple[str, str | None], Snapshot] = {}
    for snapshot in parquet.supersession(settled):
        note = settled[snapshot]
        if note.is_in_use:
            last = before.get(snapshot.edition_part)
            settled[snapshot] = replace(note, revises=_revision(source, workspace, last, snapshot, settled))
            before[snapshot.edition_part] = snapshot
        else:
            settled[snapshot] = replace(note, revises=None)
    return settled


def _revision(
    source: Source, workspace: Workspace, last: Snapshot | None, snapshot: Snapshot, settled: Notes
) -> Revision | None:
    if last is None:
        return None
    pair, known = (last.vintage, settled[last].content or ""), settled[snapshot].revises
    if known and known.before == pair:
        return known
    return Revision(pair, difference(*(parquet.rows_of(workspace, item) for item in (last, snapshot)), source))
