"""When an edition is due, held to a printed calendar and to days on which publishers did publish."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from pipelines.editions.due import Expected, due_on, expected_after, missing_between
from pipelines.registry import load_sources
from schemas.source import Calendar, PublicationDay

SOURCES = load_sources()


@pytest.mark.parametrize(
    ("source_id", "edition", "due"),
    [
        # The statistics of January 2026 came out on Thursday 12 March 2026, the second of the month.
        ("rtt_full_extract", "2026-01", "2026-03-12"),
        ("rtt_full_extract", "2025-11", "2026-01-08"),
        # Thursdays of July 2025: 3, 10, 17, 24, 31.
        ("sickness_absence", "2025-03", "2025-07-31"),
        ("nhs_staff_survey", "2024", "2025-03-13"),
        # Not in the list of days, so by the rule: Thursdays of March 2026 are 5, 12, 19, 26.
        ("nhs_staff_survey", "2025", "2026-03-12"),
        ("cqc_location_ratings", "2026-09-01", "2026-09-07"),
    ],
)
def test_due_on(source_id, edition, due):
    assert due_on(SOURCES[source_id].calendar, edition) == dt.date.fromisoformat(due)


@pytest.mark.parametrize(
    ("source_id", "newest", "edition", "due"),
    [
        ("rtt_full_extract", "2025-12", "2026-01", "2026-03-12"),
        ("cqc_location_ratings", "2025-12-01", "2026-01", "2026-01-07"),
        ("ods_trusts", "2026-01", "2026-04", "2026-04-28"),
        ("nhs_staff_survey", "2023", "2024", "2025-03-13"),
    ],
)
def test_what_comes_next(source_id, newest, edition, due):
    found = expected_after(SOURCES[source_id].calendar, newest)
    assert found == Expected(edition, dt.date.fromisoformat(due))


@pytest.mark.parametrize("rule", [{}, {"day": 3, "nth": 1, "weekday": "monday"}, {"nth": 2}, {"weekday": "friday"}])
def test_a_day_is_said_in_one_way(rule):
    with pytest.raises(ValidationError, match="give either"):
        PublicationDay(months_after=1, **rule)


def test_every_regular_series_has_a_calendar():
    regular = {"monthly", "quarterly", "annual"}
    by_cadence = {source_id: source for source_id, source in SOURCES.items() if source.cadence in regular}
    without = [source_id for source_id, source in by_cadence.items() if not source.calendar]
    assert without == []


def test_a_calendar_is_approximate_until_somebody_verifies_it():
    assert not Calendar(period="month", published=PublicationDay(months_after=1, day=1)).verified


def test_quarters_of_the_financial_year():
    """The fourth quarter of 2025-26 ends in March 2026; three months on is June."""
    rule = Calendar(period="quarter", published=PublicationDay(months_after=3, day=11))
    assert due_on(rule, "2025-Q4") == dt.date(2026, 6, 11)
    assert expected_after(rule, "2025-Q4") == Expected("2026-Q1", dt.date(2026, 9, 11))
    assert expected_after(rule, "2025-Q2") == Expected("2025-Q3", dt.date(2026, 3, 11))


@pytest.mark.parametrize(
    ("source_id", "editions", "missing"),
    [
        ("ae_four_hour", ["2025-05", "2021-04", "2024-04", "2024-05"], ["2021-05 2024-03", "2024-06 2025-04"]),
        ("cqc_location_ratings", ["2025-12-01", "2026-02-02", "2026-02-23", "2026-03-02"], ["2026-01 2026-01"]),
        ("oversight_framework_metrics", ["2024-Q4", "2025-Q1", "2025-Q4"], ["2025-Q2 2025-Q3"]),
        ("nhs_staff_survey", ["2021", "2024"], ["2022 2023"]),
        # Asked for in months that are no quarter apart, so the calendar does not lead from one to the next.
        ("ods_trusts", ["2025-01", "2025-12", "2026-04"], []),
    ],
)
def test_what_is_missing_in_between(source_id, editions, missing):
    assert [" ".join(gap) for gap in missing_between(SOURCES[source_id].calendar, editions)] == missing
