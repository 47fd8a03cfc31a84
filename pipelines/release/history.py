"""All releases there ever were, with what became of each: what pages, feed and index tell.

Belongs here: the state of a release and the words for it. Does not belong here: HTML, XML or JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pipelines.release import notices
from pipelines.release.notices import Event, Facts
from pipelines.release.promote import current_release
from pipelines.release.withdrawals import note_path
from pipelines.settings import Origin, Workspace

LONDON = ZoneInfo("Europe/London")
STATES = {
    "current": "current",
    "superseded": "superseded",
    "corrected": "corrected",
    "rolled_back": "taken back",
    "withdrawn": "withdrawn",
}
"""What readers call each state."""


@dataclass(frozen=True)
class Past:
    """One release as readers may know it: nobody's name.

    state: a key of STATES. is_kept: whether its files are still there. holds_withdrawn: whether it holds answers that
    an organisation has withdrawn since.
    """

    facts: Facts
    events: tuple[Event, ...]
    state: str
    is_current: bool
    is_kept: bool
    holds_withdrawn: bool

    @property
    def version(self) -> str:
        """Its release id."""
        return self.facts.release_id

    @property
    def is_withdrawn(self) -> bool:
        """Whether only a tombstone is shown."""
        return self.state == "withdrawn"

    @property
    def day(self) -> str:
        """The day on which it came out."""
        return day(self.facts.out_at)

    @property
    def last(self) -> Event | None:
        """The event that its state follows from."""
        return notices.standing(self.events)


def history(workspace: Workspace, origin: Origin | None = None) -> list[Past]:
    """All releases, or those of one kind of data, oldest version first."""
    folder = current_release(workspace)
    served = folder.name if folder else None
    found = [_past(workspace, version, served) for version in notices.versions(workspace)]
    return [past for past in found if origin in (None, past.facts.origin)]


def origin_of_web(workspace: Workspace) -> Origin:
    """The data that the web root is about: those being served; if none are, published data if there were any."""
    found = history(workspace)
    for past in found:
        if past.is_current:
            return past.facts.origin
    return "published" if any(past.facts.origin == "published" for past in found) else "synthetic"


def day(moment: str) -> str:
    """The day in London of a moment in UTC, as British readers write it: 22 November 2026."""
    here = datetime.fromisoformat(utc(moment)).astimezone(LONDON)
    return f"{here.day} {here:%B %Y}"


def utc(moment: str) -> str:
    """A moment of a manifest or an event as RFC 3339 writes it, to the second."""
    return f"{moment.removesuffix('Z').removesuffix('+00:00')[:19]}+00:00"


def _past(workspace: Workspace, version: str, served: str | None) -> Past:
    told = notices.events(workspace, version)
    held = notices.standing(told)
    folder = workspace.releases / version
    return Past(
        facts=notices.facts(workspace, version),
        events=tuple(told),
        state=held.kind if held else "current" if version == served else "superseded",
        is_current=version == served,
        is_kept=folder.is_dir(),
        holds_withdrawn=note_path(folder).exists(),
    )
