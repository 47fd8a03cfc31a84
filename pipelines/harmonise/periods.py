"""What an edition is and which days it covers, from the named groups of a file pattern.

Belongs here: turning year, month and day into a sortable key and dates. Does not belong here: patterns
(sources/*.yml) and periods of measures (dbt).
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

MONTHS = {name.casefold()[:3]: number for number, name in enumerate(calendar.month_name) if name}


@dataclass(frozen=True, order=True)
class Edition:
    """key: '2024', '2026-01', '2026-03-01', or a name. start and end: first and last day, if it has any."""

    key: str
    start: dt.date | None = None
    end: dt.date | None = None


def edition_of(groups: dict[str, str | None]) -> Edition:
    """The edition that these groups of a file pattern tell: name, or year, month and day as far as given.

    Raises ValueError where they make no date.
    """
    if groups.get("name"):
        return Edition(str(groups["name"]))
    year = int(groups.get("year") or f"20{groups['yy']}")
    month = _month(groups)
    if month is None:
        return Edition(f"{year}", dt.date(year, 1, 1), dt.date(year, 12, 31))
    if groups.get("day"):
        day = dt.date(year, month, int(groups["day"] or 0))
        return Edition(day.isoformat(), day, day)
    last = calendar.monthrange(year, month)[1]
    return Edition(f"{year}-{month:02d}", dt.date(year, month, 1), dt.date(year, month, last))


def covered(edition: Edition, months: int, ends_months_before: int) -> Edition:
    """The same edition, about so many whole months that end so many months before its own.

    Raises ValueError where the edition has no month.
    """
    if edition.end is None:
        raise ValueError(f"edition {edition.key} has no month")
    last = _shifted(edition.end, -ends_months_before)
    end = last.replace(day=calendar.monthrange(last.year, last.month)[1])
    return Edition(edition.key, _shifted(end, 1 - months), end)


def _shifted(day: dt.date, months: int) -> dt.date:
    """The first day of the month that lies so many months away."""
    total = day.year * 12 + day.month - 1 + months
    return dt.date(total // 12, total % 12 + 1, 1)


def _month(groups: dict[str, str | None]) -> int | None:
    if groups.get("month"):
        return int(groups["month"] or 0)
    name = groups.get("mon")
    if not name:
        return None
    number = MONTHS.get(name.casefold()[:3])
    if number is None:
        raise ValueError(f"{name!r} is no month")
    return number
