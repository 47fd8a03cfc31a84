"""Which edition of a source is awaited, and how late it is.

Belongs here: the next edition against a day. Does not belong here: the calendar's rule (due.py), or when a publisher is
asked (planning.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.editions import publication
from pipelines.settings import Workspace
from pipelines.staging import StagedSource, already_staged
from schemas.source import Source


@dataclass(frozen=True)
class Awaited:
    """The edition that follows the newest one that is here. is_known: whether a file of it came and was refused."""

    source_id: str
    edition: str
    due_on: dt.date
    grace_days: int = 7
    is_required: bool = True
    is_known: bool = False

    def days_late(self, today: dt.date) -> int | None:
        """Days since it was due; None within its grace."""
        days = (today - self.due_on).days
        return days if days > self.grace_days else None


def awaited(source: Source, staged: StagedSource) -> Awaited | None:
    """What is awaited of a source; None without a calendar, or while nothing of it is here."""
    following = publication.expected_next(source, staged.newest_readable)
    if source.calendar is None or following is None:
        return None
    is_known = any(item.edition == following.edition for item, note in staged.notes.items() if note.reason)
    return Awaited(
        source.source_id,
        following.edition,
        following.due_on,
        source.calendar.grace_days,
        source.is_required,
        is_known,
    )


def all_awaited(sources: Iterable[Source], workspace: Workspace) -> list[Awaited]:
    """Of all sources, in their order."""
    found = (awaited(source, already_staged(source, workspace)) for source in sources)
    return [one for one in found if one]
