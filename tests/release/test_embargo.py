"""The release calendar: what it may say, and the moment at which an embargo ends."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import yaml

from pipelines.errors import Fault, Faults
from pipelines.release import embargo

ENTRY = {"date": date(2027, 3, 4), "title": "A release", "status": "confirmed", "announced_on": date(2027, 2, 4)}
MOVED = {"moved_from": date(2027, 2, 25), "reason": "A source came late."}


@pytest.fixture
def written(tmp_path):
    def write(*entries: dict, holidays: tuple[date, ...] = (date(2027, 1, 1),)) -> embargo.Calendar:
        path = tmp_path / "calendar.yml"
        path.write_text(yaml.safe_dump({"releases": list(entries), "bank_holidays": list(holidays)}))
        return embargo.read_calendar(path)

    return write


def test_the_calendar_of_the_product_holds_and_covers_twelve_months():
    calendar = embargo.read_calendar()
    days = [entry.date for entry in calendar.entries]
    assert len(days) >= 12 and (days[11] - days[0]).days > 300


def test_bank_holidays_are_those_that_follow_from_easter_and_the_act():
    """Easter Sunday by the tables of the Book of Common Prayer: 5 April 2026, 28 March 2027, 16 April 2028."""
    holidays = embargo.read_calendar().bank_holidays
    assert {date(2026, 4, 3), date(2026, 4, 6), date(2027, 3, 26), date(2027, 3, 29)} <= holidays
    assert {date(2028, 4, 14), date(2028, 4, 17)} <= holidays
    assert [sum(day.year == year for day in holidays) for year in (2026, 2027, 2028)] == [8, 8, 8]
    assert all(day.weekday() < 5 for day in holidays)


@pytest.mark.parametrize(
    ("day", "ends_at"),
    [
        (date(2027, 3, 26), datetime(2027, 3, 26, 9, 30, tzinfo=UTC)),
        (date(2027, 3, 29), datetime(2027, 3, 29, 8, 30, tzinfo=UTC)),
        (date(2027, 10, 29), datetime(2027, 10, 29, 8, 30, tzinfo=UTC)),
        (date(2027, 11, 1), datetime(2027, 11, 1, 9, 30, tzinfo=UTC)),
    ],
)
def test_the_embargo_ends_at_half_past_nine_in_london(day, ends_at):
    """On either side of 28 March and 31 October 2027, when the clocks change."""
    entry = embargo.Entry(day, "A release", "confirmed", date(2027, 1, 1))
    assert entry.ends_at == ends_at
    assert embargo.in_words(entry.ends_at) == f"{day.day} {day:%B} 2027, 09:30"


def test_a_release_is_built_for_the_next_date(written):
    calendar = written(ENTRY, ENTRY | {"date": date(2027, 4, 8)})
    assert calendar.next_release(datetime(2027, 3, 4, 9, 29, 59, tzinfo=UTC)).date == date(2027, 3, 4)
    assert calendar.next_release(datetime(2027, 3, 4, 9, 30, tzinfo=UTC)).date == date(2027, 4, 8)
    with pytest.raises(Fault, match="no release after 8 April 2027, 09:30"):
        calendar.next_release(datetime(2027, 4, 8, 8, 30, tzinfo=UTC))


def test_a_date_that_was_moved_in_time_is_allowed(written):
    assert written(ENTRY | MOVED | {"announced_on": date(2027, 1, 28)}).entries[0].moved_from == date(2027, 2, 25)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"date": date(2027, 3, 6)}, "a Saturday"),
        ({"date": date(2027, 3, 26)}, "a bank holiday"),
        ({"date": date(2029, 3, 6)}, "2029, of which no bank holiday is listed"),
        ({"status": "final"}, "status final"),
        ({"title": " "}, "no title"),
        ({"announced_on": date(2027, 2, 5)}, "announced on 2027-02-05"),
        (MOVED | {"reason": ""}, "moved from 2027-02-25, reason:"),
        ({"reason": "Late."}, "moved from None, reason: Late."),
        (MOVED | {"moved_from": date(2027, 1, 7)}, "moved from 2027-01-07 on 2027-02-04"),
        (MOVED | {"moved_from": ENTRY["date"]}, "moved from 2027-03-04 to 2027-03-04"),
        ({"time": "00:01"}, "cannot be read"),
        ({"date": "soon"}, "cannot be read"),
    ],
)
def test_a_calendar_that_does_not_hold_is_refused(written, change, found):
    with pytest.raises((Fault, Faults), match=found):
        written(ENTRY | change, holidays=(date(2027, 1, 1), date(2027, 3, 26)))


def test_dates_come_once_and_in_order(written):
    with pytest.raises(Faults, match="every date once"):
        written(ENTRY, ENTRY)
