"""The release calendar and the moment before which nothing goes out: 09:30 Europe/London on the day of the calendar.

Belongs here: reading and checking policy/calendar.yml, and what follows from it for one release. Does not belong here:
who approved a release (approval.py), or putting it out (publication.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from pipelines.errors import Fault, Faults

CALENDAR = Path(__file__).with_name("policy") / "calendar.yml"
LONDON = ZoneInfo("Europe/London")
STANDARD_TIME = time(9, 30)
NOTICE = timedelta(weeks=4)
STATUSES = ("provisional", "confirmed")


@dataclass(frozen=True)
class Entry:
    """One release of the calendar. moved_from: the day that was announced before, with the reason why it moved."""

    date: date
    title: str
    status: str
    announced_on: date
    moved_from: date | None = None
    reason: str | None = None

    @property
    def ends_at(self) -> datetime:
        """When the embargo ends, UTC: an hour earlier in summer than in winter."""
        return datetime.combine(self.date, STANDARD_TIME, LONDON).astimezone(UTC)

    def as_dict(self) -> dict[str, str | None]:
        """For a manifest: ISO days, and the end of the embargo."""
        told = {name: str(value) if isinstance(value, date) else value for name, value in asdict(self).items()}
        return told | {"ends_at": self.ends_at.isoformat()}


@dataclass(frozen=True)
class Calendar:
    """All releases that were announced, by date, and the days on which none can go out."""

    entries: tuple[Entry, ...]
    bank_holidays: frozenset[date]

    def next_release(self, moment: datetime) -> Entry:
        """The first release whose embargo ends after this moment. Raises Fault where the calendar has none left."""
        for entry in self.entries:
            if entry.ends_at > moment:
                return entry
        raise Fault(
            "release calendar",
            f"no release after {in_words(moment)}",
            "the releases of the next 12 months",
            "nobody has announced the next dates",
            "add them to pipelines/release/policy/calendar.yml, at least four weeks ahead",
        )

    def on(self, day: str) -> Entry | None:
        """The release of an ISO day, or None."""
        return next((entry for entry in self.entries if entry.date.isoformat() == day), None)


def read_calendar(path: Path | None = None) -> Calendar:
    """The calendar, checked. Raises Faults with everything that is wrong with it."""
    return _parsed((path or CALENDAR).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _parsed(text: str) -> Calendar:
    """Parsed once for each content: a daemon looks at it every minute."""
    content = yaml.safe_load(text)
    try:
        entries = tuple(Entry(**entry) for entry in content["releases"])
        calendar = Calendar(entries, frozenset(content["bank_holidays"]))
        faults = [fault for entry in entries for fault in _faults(entry, calendar)] + _order(entries)
    except (AttributeError, KeyError, TypeError) as error:
        raise _fault("", f"an entry that cannot be read: {error}", "date, title, status and announced_on") from error
    if faults:
        raise Faults(faults)
    return calendar


def in_words(moment: datetime) -> str:
    """A moment as London's clocks show it, such as 7 January 2027, 09:30."""
    local = moment.astimezone(LONDON)
    return f"{local.day} {local:%B %Y, %H:%M}"


def _faults(entry: Entry, calendar: Calendar) -> list[Fault]:
    return [_fault(f" {entry.date}", found, expected) for found, expected in _slips(entry, calendar)]


def _slips(entry: Entry, calendar: Calendar) -> Iterable[tuple[str, str]]:
    """What is wrong with one entry, each with what is expected."""
    if entry.date.weekday() > 4:
        yield f"a {entry.date:%A}", "a day from Monday to Friday"
    if entry.date in calendar.bank_holidays:
        yield "a bank holiday in England", "a working day"
    if entry.date.year not in {day.year for day in calendar.bank_holidays}:
        yield f"{entry.date.year}, of which no bank holiday is listed", "the bank holidays of each year of the calendar"
    if entry.status not in STATUSES:
        yield f"status {entry.status}", " or ".join(STATUSES)
    if not entry.title.strip():
        yield "no title", "what is released"
    yield from _notice(entry)


def _notice(entry: Entry) -> Iterable[tuple[str, str]]:
    if entry.announced_on > entry.date - NOTICE:
        yield f"announced on {entry.announced_on}", "at least four weeks' notice"
    if (entry.moved_from is None) != (not (entry.reason or "").strip()):
        yield f"moved from {entry.moved_from}, reason: {entry.reason}", "the old date and a reason, or neither"
    if entry.moved_from and entry.announced_on >= entry.moved_from:
        yield f"moved from {entry.moved_from} on {entry.announced_on}", "a change that is told before the old date"
    if entry.moved_from == entry.date:
        yield f"moved from {entry.moved_from} to {entry.date}", "another day than before"


def _order(entries: tuple[Entry, ...]) -> list[Fault]:
    days = [entry.date for entry in entries]
    if days == sorted(set(days)):
        return []
    return [_fault("", ", ".join(map(str, days)), "every date once, earliest first")]


def _fault(entry: str, found: Any, expected: str) -> Fault:
    return Fault(
        f"release calendar{entry}",
        str(found),
        expected,
        "a slip in pipelines/release/policy/calendar.yml",
        "correct the calendar; nothing goes out by a calendar that does not hold",
    )
