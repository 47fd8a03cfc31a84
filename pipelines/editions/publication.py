"""When a file was published, on what grounds that is said, and since when it counts as known.

Belongs here: choosing between what the file says, what the fetch saw and what the calendar expects.
Does not belong here: reading a label out of a file (readers/), fetching, the calendar's rule (due.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from pipelines.editions.due import Expected, due_on, expected_after
from pipelines.store.snapshots import Snapshot
from schemas.source import Source

PUBLISHED, REVISED = "@published_on", "@revised_on"


@dataclass(frozen=True)
class Publication:
    """The day, and its basis: `file`, `fetch` or `calendar`; both None where nothing is known.

    is_revised: the file itself says that it revises an earlier one.
    """

    day: dt.date | None = None
    basis: str | None = None
    is_revised: bool = False


def stated(source: Source, snapshot: Snapshot, held: Iterable[Snapshot]) -> Publication:
    """What is known of a file without opening it. held: all snapshots of the source, oldest knowledge first.

    The calendar speaks of first releases only, and never of a day after the file was here.
    """
    if snapshot.published_on:
        return Publication(dt.date.fromisoformat(snapshot.published_on), "fetch")
    due = due_day(source, snapshot)
    if due and due <= fetched_on(snapshot) and snapshot == _first_release(snapshot, held):
        return Publication(due, "calendar")
    return Publication()


def of_file(frame: pl.DataFrame, known: Publication) -> Publication:
    """What the file itself says, or else what was known of it. A day of revision goes before one of publication."""
    for name in (REVISED, PUBLISHED):
        day = _label(frame, name)
        if day:
            return Publication(day, "file", is_revised=name == REVISED)
    return known


def due_day(source: Source, snapshot: Snapshot) -> dt.date | None:
    """The day on which the edition of this file was due; None without a calendar or a dated edition."""
    if source.calendar is None or snapshot.edition_end is None:
        return None
    return due_on(source.calendar, snapshot.edition)


def expected_next(source: Source, newest: Snapshot | None) -> Expected | None:
    """What comes after the newest edition that could be read; None without a calendar or a dated edition."""
    if source.calendar is None or newest is None or newest.edition_end is None:
        return None
    return expected_after(source.calendar, newest.edition)


def fetched_on(snapshot: Snapshot) -> dt.date:
    """The day on which the file came into the raw store, UTC."""
    return dt.datetime.fromisoformat(snapshot.fetched_at).date()


def known_on(snapshot: Snapshot, published_on: str | None) -> dt.date:
    """Since when the file counts as known: since its publication, or else since it came in."""
    return dt.date.fromisoformat(published_on) if published_on else fetched_on(snapshot)


def _first_release(snapshot: Snapshot, held: Iterable[Snapshot]) -> Snapshot | None:
    releases = (item for item in held if item.edition == snapshot.edition and not item.is_revision)
    return next(releases, None)


def _label(frame: pl.DataFrame, name: str) -> dt.date | None:
    """The latest day that this column tells; None where the reader found no such label."""
    if name not in frame.columns:
        return None
    return frame[name].str.to_date("%Y-%m-%d", strict=False).max()
