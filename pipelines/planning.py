"""What should happen at a moment: which publishers are asked, and whether a release goes out.

Belongs here: decisions, as functions of calendars, of what is here, and of a moment. Does not belong here: looking any
of that up (schedules.py), doing it (assets/), or telling people (alerts/).

A publisher is asked on each working day from the day on which an edition is due; once that is two weeks ago, and the
grace has been over for some days, so that lateness is told in time, once a week. One that failed is asked again some
hours later. Every one is asked once after the 25th of a month, because publishers revise without a word. What was
missed while the machine was off is asked for at the next moment, all of it at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipelines.editions.awaited import Awaited
from pipelines.editions.due import Expected, expected_after
from pipelines.fetch.rounds import Round
from pipelines.release.embargo import LONDON, STANDARD_TIME, Calendar, Entry
from schemas.source import Calendar as Rule
from schemas.source import Source

ASKING = (dt.time(9, 45), dt.time(13, 45), dt.time(16, 45))
"""When publishers are asked, London time: after the releases of the day, and again for those that failed."""
LAST = dt.time(17, 0)
"""After this hour of a working day a release that is late waits for the next one: nobody is there to answer for it."""
MONTHLY = 25
AGAIN = dt.timedelta(hours=3)
LONGEST_WEEKEND = dt.timedelta(days=4)
DAILY, WEEKLY = dt.timedelta(days=14), dt.timedelta(days=7)
QUIET = dt.timedelta(days=7)
"""For so long before its release, what is approved is not overtaken by what publishers bring out."""


@dataclass(frozen=True)
class Waiting:
    """A release that waits. ends_at: of its embargo, UTC; None for a correction."""

    version: str
    ends_at: dt.datetime | None
    is_approved: bool

    def may_go_out(self, moment: dt.datetime) -> bool:
        """Whether it is approved and its embargo is over."""
        return self.is_approved and (self.ends_at is None or self.ends_at <= moment)


@dataclass(frozen=True)
class Known:
    """What a decision rests on. asked: the latest round of each source. can_be_asked: sources that come by asking."""

    bank_holidays: frozenset[dt.date]
    awaited: tuple[Awaited, ...] = ()
    can_be_asked: tuple[str, ...] = ()
    asked: Mapping[str, Round] | None = None
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True)
class Decision:
    """run_key: the same for every look at the same occasion; None for no run. sources: why each is asked for."""

    run_key: str | None
    reason: str
    sources: Mapping[str, str] | None = None


def is_working_day(day: dt.date, bank_holidays: Collection[dt.date]) -> bool:
    """Monday to Friday, but no bank holiday in England."""
    return day.weekday() < 5 and day not in bank_holidays


def to_refresh(known: Known, moment: dt.datetime) -> Decision:
    """Whom to ask now, all in one run."""
    local = moment.astimezone(LONDON)
    if not is_working_day(local.date(), known.bank_holidays):
        return Decision(None, "no working day")
    slots = [time for time in ASKING if time <= local.time()]
    if not slots:
        return Decision(None, f"nobody is asked before {ASKING[0]:%H:%M}")
    held_back = _approved_and_soon_out(known.waiting, moment)
    if held_back:
        return Decision(None, f"release {held_back} is approved and soon out; publishers are asked after that")
    sources = _to_ask(known, moment)
    if not sources:
        return Decision(None, "nothing is due that is not here, or it was asked for already")
    return Decision(f"refresh:{local.date()}T{slots[-1]:%H:%M}", _in_words(sources), sources)


def to_release(known: Known, moment: dt.datetime, half_out: Collection[str] = ()) -> Decision:
    """Whether something goes out now. half_out: releases whose publication was stopped.

    A release that missed its moment goes out as soon as somebody can answer for it: on a working day from 09:30 on.
    """
    local = moment.astimezone(LONDON)
    if not is_working_day(local.date(), known.bank_holidays):
        return Decision(None, "no working day")
    if not STANDARD_TIME <= local.time() < LAST:
        return Decision(None, f"nothing goes out before {STANDARD_TIME:%H:%M} or from {LAST:%H:%M} on")
    ready = sorted({*half_out, *(one.version for one in known.waiting if one.may_go_out(moment))})
    if not ready:
        return Decision(None, "nothing waits that is approved and whose embargo is over")
    slot = f"{local:%Y-%m-%dT%H}:{local.minute // 30 * 30:02d}"
    return Decision(f"release:{slot}:{','.join(ready)}", f"approved, and its embargo is over: {ready}")


def to_take_in(state: str, taken: str, moment: dt.datetime) -> Decision:
    """Whether people handed in what no run has taken in. state, taken: hashes of what is there, and of what was.

    A run that was lost is asked for again in the next hour.
    """
    if state == taken or not state:
        return Decision(None, "nothing new in the inbox, and no new decision on a file")
    return Decision(f"inbox:{_hour(moment)}:{state}", "something new in the inbox, or a decision on a file", {})


def to_begin_again(began_at: str, moment: dt.datetime) -> Decision:
    """A run that was killed is done again. A start that failed is tried again in the next hour."""
    return Decision(f"again:{_hour(moment)}:{began_at}", f"the run of {began_at} was stopped half way", {})


def _hour(moment: dt.datetime) -> str:
    """Dagster counts a run that could not even be started as one that was asked for."""
    return f"{moment:%Y-%m-%dT%H}"


def _approved_and_soon_out(waiting: Iterable[Waiting], moment: dt.datetime) -> str | None:
    soon = (one for one in waiting if one.is_approved and one.ends_at)
    return next((one.version for one in soon if moment < one.ends_at <= moment + QUIET), None)


def _to_ask(known: Known, moment: dt.datetime) -> dict[str, str]:
    due = {one.source_id: one for one in known.awaited}
    asked = known.asked or {}
    found = {name: _why(due.get(name), asked.get(name), moment) for name in known.can_be_asked}
    return {name: why for name, why in found.items() if why}


def _why(one: Awaited | None, last: Round | None, moment: dt.datetime) -> str | None:
    """Why a source is asked for now; None where it is not."""
    if last is None:
        return "never asked for yet"
    today, day = moment.astimezone(LONDON).date(), last.asked_at.astimezone(LONDON).date()
    if last.failing_since:
        return "did not answer the last time" if _is_tried_again(last, moment, (today - day).days) else None
    if day == today:
        return None
    if one and _is_turn(one, day, today):
        return f"{one.edition} was due on {one.due_on}"
    return "all are asked once a month" if day < _latest_round(today) else None


def _is_tried_again(last: Round, moment: dt.datetime, days: int) -> bool:
    """Within hours on the first day, then each working day, at last once a week. days: since it was asked."""
    assert last.failing_since
    for_so_long = moment - last.failing_since
    if days == 0:
        return for_so_long < dt.timedelta(days=1) and moment - last.asked_at >= AGAIN
    return for_so_long < DAILY or days >= WEEKLY.days


def _is_turn(one: Awaited, asked_on: dt.date, today: dt.date) -> bool:
    """Each working day at first, then once a week."""
    if today < one.due_on:
        return False
    daily_until = one.due_on + max(DAILY, dt.timedelta(days=one.grace_days) + LONGEST_WEEKEND)
    return today <= daily_until or today - asked_on >= WEEKLY


def _latest_round(today: dt.date) -> dt.date:
    """The latest day on which everybody was to be asked."""
    if today.day >= MONTHLY:
        return today.replace(day=MONTHLY)
    return (today.replace(day=1) - dt.timedelta(days=1)).replace(day=MONTHLY)


def _in_words(sources: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {why}" for name, why in sources.items())


@dataclass(frozen=True)
class Planned:
    """One line of what will happen on a day; what is overdue already stands under the first one."""

    day: dt.date
    what: str


def plan(
    sources: Mapping[str, Source], awaited: Iterable[Awaited], calendar: Calendar, since: dt.date, until: dt.date
) -> list[Planned]:
    """What is due and what goes out between two days, both included, by day; what is late comes first."""
    lines = [line for one in awaited for line in _editions(sources[one.source_id], one, since, until)]
    lines += [Planned(entry.date, _release(entry)) for entry in calendar.entries if since <= entry.date <= until]
    lines += [Planned(day, "every publisher is asked, also for revisions") for day in _rounds(calendar, since, until)]
    return sorted(lines, key=lambda line: line.day)


def _editions(source: Source, one: Awaited, since: dt.date, until: dt.date) -> Iterator[Planned]:
    """One line for all that is overdue, and one for each edition that is still to come."""
    assert source.calendar
    about = "" if source.calendar.verified else " (day is approximate)"
    following = list(_following(source.calendar, one, until))
    overdue = [each for each in following if each.due_on < since]
    if overdue:
        more = f" to {overdue[-1].edition}" if len(overdue) > 1 else ""
        late = one.days_late(since)
        state = f"late by {late} days" if late else f"due since {one.due_on}"
        yield Planned(since, f"{one.source_id} {one.edition}{more}: {state}{about}")
    for each in following[len(overdue) :]:
        yield Planned(each.due_on, f"{one.source_id} {each.edition}: due{about}")


def _following(rule: Rule, one: Awaited, until: dt.date) -> Iterator[Expected]:
    """What is awaited and all that follows it, as far as it is due until then."""
    each = Expected(one.edition, one.due_on)
    while each.due_on <= until:
        yield each
        each = expected_after(rule, each.edition)


def _release(entry: Entry) -> str:
    moved = f", moved from {entry.moved_from}" if entry.moved_from else ""
    return f"RELEASE DAY, {STANDARD_TIME:%H:%M}: {entry.title} ({entry.status}{moved})"


def _rounds(calendar: Calendar, since: dt.date, until: dt.date) -> Iterator[dt.date]:
    """The first working day from the 25th of each month on."""
    day = since
    while day <= until:
        if day.day == MONTHLY:
            first = day
            while not is_working_day(first, calendar.bank_holidays):
                first += dt.timedelta(days=1)
            if first <= until:
                yield first
        day += dt.timedelta(days=1)
