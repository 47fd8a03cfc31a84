"""When an edition is due by its publisher's calendar, and which edition is expected next.

Belongs here: dates from the rule in a source's YAML. Does not belong here: the rule itself (sources/*.yml), or
what day it is today (settings.py).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

from pipelines.harmonise.periods import FIRST_MONTH
from schemas.source import Calendar, PublicationDay, Weekday

MONTHS = {"month": 1, "quarter": 3, "year": 12}
WEEKDAYS = get_args(Weekday)
QUARTER = "Q"  # in the key of an edition: 2025-Q4


@dataclass(frozen=True)
class Expected:
    """The edition that comes next, and the day on which it is due."""

    edition: str
    due_on: dt.date


def due_on(rule: Calendar, edition: str) -> dt.date:
    """The day on which this edition was or will be due. edition: year, month or day in ISO form, or a quarter."""
    return rule.dates.get(edition) or _day(rule.published, _month(edition) + rule.published.months_after)


def expected_after(rule: Calendar, edition: str) -> Expected:
    """What follows this edition."""
    year, month = _year_and_month(_month(edition) + MONTHS[rule.period])
    following = f"{year}" if rule.period == "year" else f"{year}-{month:02d}"
    if QUARTER in edition:
        following = _quarter(year, month)
    return Expected(following, due_on(rule, following))


def missing_between(rule: Calendar, editions: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The first and the last of each row of editions that are missing between two of these.

    Nothing where the calendar does not lead from one to the next, as with lists that are asked for now and then.
    """
    for before, after in pairwise(sorted(set(editions), key=_month)):
        missing = []
        following = expected_after(rule, before).edition
        while _month(following) < _month(after):
            missing.append(following)
            following = expected_after(rule, following).edition
        if missing and _month(following) == _month(after):
            yield missing[0], missing[-1]


def _month(edition: str) -> int:
    """The edition's last month, counted from the year 0, so that a year's end is no special case."""
    year, _, rest = edition.partition("-")
    if rest.startswith(QUARTER):
        return int(year) * 12 + FIRST_MONTH - 1 + 3 * int(rest.removeprefix(QUARTER)) - 1
    return int(year) * 12 + int(rest[:2] or 12) - 1


def _quarter(year: int, month: int) -> str:
    """The quarter of a financial year that ends in this month."""
    since_april = year * 12 + month - FIRST_MONTH
    return f"{since_april // 12}-{QUARTER}{since_april % 12 // 3 + 1}"


def _year_and_month(months: int) -> tuple[int, int]:
    return months // 12, months % 12 + 1


def _date(months: int, day: int) -> dt.date:
    return dt.date(*_year_and_month(months), day)


def _day(rule: PublicationDay, months: int) -> dt.date:
    if rule.nth is None or rule.weekday is None:
        return _date(months, rule.day or 1)
    weekday = WEEKDAYS.index(rule.weekday)
    days = [week[weekday] for week in calendar.monthcalendar(*_year_and_month(months)) if week[weekday]]
    return _date(months, days[rule.nth if rule.nth < 0 else rule.nth - 1])
