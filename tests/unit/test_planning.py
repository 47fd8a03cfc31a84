"""Who is asked and what goes out at a moment, worked out by hand from the calendars."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.editions.awaited import Awaited
from pipelines.fetch.rounds import Round
from pipelines.planning import Known, Waiting, plan, to_refresh, to_release, to_take_in
from pipelines.registry import load_sources
from pipelines.release.embargo import LONDON, read_calendar

HOLIDAYS = read_calendar().bank_holidays
# The statistics of January 2027 are due on the second Thursday of March: 11 March.
RTT = Awaited("rtt", "2027-01", dt.date(2027, 3, 11))


def london(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(dt.UTC)


def asked(text: str, failures: int = 0, since: str | None = None) -> dict[str, Round]:
    return {"rtt": Round(london(text), failures, london(since) if since else None)}


def knowing(asked: dict[str, Round] | None = None, waiting: tuple[Waiting, ...] = ()) -> Known:
    return Known(HOLIDAYS, (RTT,), ("rtt",), asked, waiting)


@pytest.mark.parametrize(
    ("moment", "last", "is_asked"),
    [
        ("2027-03-10T09:45", "2027-02-25T09:45", False),  # the day before it is due
        ("2027-03-11T09:44", "2027-02-25T09:45", False),  # after the release of the day only
        ("2027-03-11T09:45", "2027-02-25T09:45", True),
        ("2027-03-11T13:45", "2027-03-11T09:45", False),  # answered: not out yet
        ("2027-03-12T09:45", "2027-03-11T09:45", True),
        ("2027-03-13T09:45", "2027-03-12T09:45", False),  # a Saturday
        ("2027-03-24T09:45", "2027-03-23T09:45", True),  # 13 days on: still each working day
        ("2027-03-26T09:45", "2027-03-25T09:45", False),  # Good Friday
        ("2027-03-29T09:45", "2027-03-25T09:45", False),  # Easter Monday; the clocks changed the day before
        ("2027-03-30T09:45", "2027-03-25T09:45", False),  # 19 days on: once a week
        ("2027-04-01T09:45", "2027-03-25T09:45", True),
        ("2027-04-02T09:45", "2027-04-01T09:45", False),
        ("2027-04-08T09:45", "2027-04-01T09:45", True),
    ],
)
def test_a_publisher_is_asked_from_the_day_on_which_an_edition_is_due(moment, last, is_asked):
    decision = to_refresh(knowing(asked(last)), london(moment))
    assert (decision.run_key is not None) == is_asked, decision


def test_a_publisher_is_still_asked_on_the_day_on_which_its_edition_becomes_late():
    """Due on Thursday 25 November with two weeks' grace: late from Friday 10 December on."""
    late = Awaited("rtt", "2027-07", dt.date(2027, 11, 25), grace_days=14)
    known = Known(HOLIDAYS, (late,), ("rtt",), asked("2027-12-09T09:45"))
    assert to_refresh(known, london("2027-12-10T09:45")).run_key


@pytest.mark.parametrize(
    ("moment", "last", "since", "is_asked"),
    [
        ("2027-02-25T11:00", "2027-02-25T09:45", "2027-02-25T09:45", False),
        ("2027-02-25T13:45", "2027-02-25T09:45", "2027-02-25T09:45", True),
        ("2027-02-26T09:45", "2027-02-25T16:45", "2027-02-25T09:45", True),
        ("2027-02-26T13:45", "2027-02-26T09:45", "2027-02-25T09:45", False),  # from the second day on, once a day
        ("2027-03-11T09:45", "2027-03-10T09:45", "2027-02-10T09:45", False),  # down for a month: once a week
        ("2027-03-17T09:45", "2027-03-10T09:45", "2027-02-10T09:45", True),
    ],
)
def test_a_publisher_that_does_not_answer_is_asked_again_ever_less_often(moment, last, since, is_asked):
    decision = to_refresh(knowing(asked(last, 3, since)), london(moment))
    assert (decision.run_key is not None) == is_asked, decision


def test_everybody_is_asked_once_a_month_because_revisions_are_silent():
    """The 25th of April 2027 is a Sunday."""
    known = Known(HOLIDAYS, (), ("rtt",), asked("2027-04-20T09:45"))
    assert to_refresh(known, london("2027-04-23T09:45")).run_key is None
    assert to_refresh(known, london("2027-04-26T09:45")).sources == {"rtt": "all are asked once a month"}
    known = Known(HOLIDAYS, (), ("rtt",), asked("2027-04-26T09:45"))
    assert to_refresh(known, london("2027-04-27T09:45")).run_key is None


def test_what_is_due_together_is_one_run_and_a_tick_looked_at_twice_is_the_same_run():
    two = Known(HOLIDAYS, (RTT, Awaited("ae", "2027-02", dt.date(2027, 3, 11))), ("rtt", "ae"), {})
    first = to_refresh(two, london("2027-03-11T09:45"))
    assert set(first.sources) == {"rtt", "ae"}
    assert to_refresh(two, london("2027-03-11T09:46")).run_key == first.run_key == "refresh:2027-03-11T09:45"


def test_after_three_weeks_off_there_is_one_run_whichever_ticks_are_looked_at():
    """The daemon looks at some of the ticks that it missed, all of them at the moment of its return."""
    back = london("2027-03-31T10:10")
    known = knowing(asked("2027-03-09T09:45"))
    assert {to_refresh(known, back).run_key for _ in range(5)} == {"refresh:2027-03-31T09:45"}
    assert to_refresh(knowing(asked("2027-03-31T10:11")), london("2027-03-31T13:45")).run_key is None


@pytest.mark.parametrize(
    ("moment", "version"),
    [
        ("2027-04-08T09:29", None),
        ("2027-04-08T09:30", "2027.1.0"),
        ("2027-04-08T16:59", "2027.1.0"),
        ("2027-04-08T17:00", None),  # nobody would be there: the next working day
        ("2027-04-10T09:30", None),  # a Saturday
        ("2027-04-12T09:30", "2027.1.0"),
        ("2027-05-03T09:30", None),  # a bank holiday
    ],
)
def test_what_is_approved_goes_out_at_half_past_nine_or_as_soon_as_the_machine_is_back(moment, version):
    """In April half past nine in London is half past eight UTC."""
    ends_at = dt.datetime(2027, 4, 8, 8, 30, tzinfo=dt.UTC)
    known = knowing(waiting=(Waiting("2027.1.0", ends_at, True), Waiting("2027.2.0", ends_at, False)))
    decision = to_release(known, london(moment))
    assert (version in (decision.run_key or "")) if version else decision.run_key is None


def test_half_past_nine_is_another_moment_after_the_clocks_change():
    autumn = Waiting("2027.9.0", read_calendar().on("2027-11-04").ends_at, True)
    assert autumn.ends_at == dt.datetime(2027, 11, 4, 9, 30, tzinfo=dt.UTC)
    assert to_release(knowing(waiting=(autumn,)), dt.datetime(2027, 11, 4, 8, 30, tzinfo=dt.UTC)).run_key is None
    assert to_release(knowing(waiting=(autumn,)), dt.datetime(2027, 11, 4, 9, 30, tzinfo=dt.UTC)).run_key


def test_a_publication_that_was_stopped_is_finished():
    decision = to_release(knowing(), london("2027-04-09T09:30"), ["2027.1.0"])
    assert decision.run_key == "release:2027-04-09T09:30:2027.1.0"


def test_publishers_wait_while_what_is_approved_is_soon_out():
    """Else a file that comes the day before would take the approved release's place, and the date would be missed."""
    ends_at = london("2027-03-12T09:30")
    for is_approved, moment, waits in [
        (True, "2027-03-11T09:45", True),
        (False, "2027-03-11T09:45", False),
        (True, "2027-03-12T09:45", False),
    ]:
        known = knowing(asked("2027-02-25T09:45"), (Waiting("2027.2.0", ends_at, is_approved),))
        assert (to_refresh(known, london(moment)).run_key is None) == waits


def test_the_inbox_is_taken_in_once_and_a_run_that_was_lost_is_asked_for_again():
    assert to_take_in("", "", london("2027-03-11T03:00")).run_key is None
    assert to_take_in("ab", "ab", london("2027-03-11T03:00")).run_key is None
    first = to_take_in("cd", "ab", london("2027-03-11T03:00"))
    assert to_take_in("cd", "ab", london("2027-03-11T03:01")).run_key == first.run_key
    assert to_take_in("cd", "ab", london("2027-03-11T08:00")).run_key != first.run_key
    assert first.sources == {}


def test_the_plan_of_a_month():
    """February 2027: a release on the 4th; the second Thursday is the 11th; the 25th is a working day."""
    awaited = [Awaited("rtt_full_extract", "2026-11", dt.date(2027, 1, 14))]
    lines = plan(load_sources(), awaited, read_calendar(), dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    assert [(line.day.day, line.what) for line in lines] == [
        (1, "rtt_full_extract 2026-11: late by 18 days (day is approximate)"),
        (4, "RELEASE DAY, 09:30: NHS IMPACT maturity and outcomes (confirmed)"),
        (11, "rtt_full_extract 2026-12: due (day is approximate)"),
        (25, "every publisher is asked, also for revisions"),
    ]
