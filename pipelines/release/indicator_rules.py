"""What the gate demands of each indicator: complete, fresh, reviewed, and described in all sections of its assurance.

Belongs here: turning the metadata record and policy/gate.yml into examinations, one row for each indicator. Does not
belong here: the words of an indicator (sources/*.yml, policy/indicators.yml), or running rules (gate.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import Any

from pipelines.release.reading import literal
from pipelines.release.record import Indicator, Record, Source
from pipelines.release.rules import Examination, Rule, values
from schemas import published

WITHOUT_A_WORD = ("missing", "withheld")
"""Statuses that say only that a figure is not there."""


def indicator_rules(record: Record, policy: dict[str, Any], origin: str, day: date) -> list[Examination]:
    """policy: gate.yml. origin: 'synthetic' or 'published'. day: the release's."""
    found = [completeness(policy["completeness"]), newest_periods(policy["freshness"])]
    if origin in policy["freshness"]["asked_of"]:
        found.append(freshness(policy["freshness"], day))
    if record.indicators:
        found += [review_dates(record, day), metadata(record, policy["sections"])]
    return found


def completeness(policy: dict[str, Any]) -> Examination:
    """One row: indicator, with the share of organisations times periods that has a figure or says why not."""
    least = policy["least_percent"]
    hidden = ", ".join(map(literal, WITHOUT_A_WORD))
    sql = (
        "with series as (select measure_id, period_type, count(distinct org_code) * count(distinct period_key) as "
        f"expected, count(*) filter (where value_status not in ({hidden})) as there from pub_measure_values "
        f"where org_code <> {literal(published.ENGLAND)} group by measure_id, period_type) "
        "select measure_id as indicator_id, round(100.0 * sum(there) / sum(expected), 1)::double as percent "
        "from series group by measure_id order by measure_id"
    )
    words = f"at least {least:g} % of an indicator's organisations times periods have a figure, or say why not"
    arguments = {"column": "percent", "min_value": least}
    return _by_indicator("completeness", words, sql, arguments)


def freshness(policy: dict[str, Any], day: date) -> Examination:
    """One row: source of an indicator, with the days by which its next edition is overdue beyond what is allowed."""
    allowed = values(sorted(policy["most_days_overdue"].items()))
    sql = (
        "select s.source_id, s.next_edition, s.next_due_on::varchar as next_due_on, "
        f"date_diff('day', s.next_due_on, {_day(day)}) - a.days as days_more_than_allowed "
        f"from dim_source as s left join ({allowed}) as a(cadence, days) on a.cadence = s.cadence "
        "where s.source_id in (select source_id from dim_measure "
        "where measure_id in (select measure_id from pub_measure_values)) order by s.source_id"
    )
    words = "no source of an indicator is behind its calendar by more days than are allowed"
    arguments = {"column": "days_more_than_allowed", "max_value": 0}
    rule = Rule("freshness", "all sources", words, _BETWEEN, arguments, "source_id")
    return Examination("freshness", sql, (rule,), ("source_id", "next_edition", "next_due_on"))


def newest_periods(policy: dict[str, Any]) -> Examination:
    """One row: indicator, with the days by which its newest figure is behind the newest of its source, less those
    allowed."""
    allowed = values(sorted(policy["most_days_behind_source"].items()))
    sql = (
        "with newest as (select measure_id, max(period_end) as newest_on from pub_measure_values "
        "where value is not null group by measure_id), "
        "known as (select m.measure_id, s.cadence, n.newest_on, max(n.newest_on) over (partition by m.source_id) as "
        "source_newest_on from newest as n inner join dim_measure as m on m.measure_id = n.measure_id "
        "left join dim_source as s on s.source_id = m.source_id) "
        "select k.measure_id as indicator_id, k.newest_on, "
        "date_diff('day', k.newest_on, k.source_newest_on) - a.days as days_too_far "
        f"from known as k left join ({allowed}) as a(cadence, days) on a.cadence = k.cadence order by k.measure_id"
    )
    words = "no indicator's newest period is further behind that of its source than is allowed"
    return _by_indicator("newest_period", words, sql, {"column": "days_too_far", "max_value": 0}, "newest_on")


def review_dates(record: Record, day: date) -> Examination:
    """One row: indicator, with the days since the day by which it should have been reviewed."""
    rows = [
        (one.indicator_id, str(one.review_date or ""), _days_since(one.review_date, day)) for one in record.indicators
    ]
    sql = f"select * from ({values(rows)}) as r(indicator_id, review_date, days_since)"
    words = "every indicator has a review date, and it has not passed on the day of the release"
    return _by_indicator("review_date", words, sql, {"column": "days_since", "max_value": 0}, "review_date")


def metadata(record: Record, sections: dict[str, list[str]]) -> Examination:
    """One row: indicator and section of its assurance, with the fields of the section that are empty."""
    rows = [
        (f"{one.indicator_id}.{section}", ", ".join(empty) or None)
        for one in record.indicators
        for section, empty in _sections(one, sections)
    ]
    sql = f"select * from ({values(rows)}) as r(section, empty_fields)"
    words = f"every indicator is described in these sections: {', '.join(known_sections(sections))}"
    rule = Rule(
        "metadata", "all indicators", words, "ExpectColumnValuesToBeNull", {"column": "empty_fields"}, "section"
    )
    return Examination("metadata", sql, (rule,), ("section",))


def known_sections(sections: dict[str, list[str]]) -> list[str]:
    """The sections of which the record knows every field."""
    known = {field.name for field in fields(Indicator)}
    known |= {f"source.{field.name}" for field in fields(Source)}
    return [section for section, names in sections.items() if set(names) <= known]


def _sections(indicator: Indicator, sections: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    for section in known_sections(sections):
        yield section, [name for name in sections[section] if not str(_field(indicator, name) or "").strip()]


def _field(indicator: Indicator, name: str) -> Any:
    first, _, second = name.partition(".")
    value = getattr(indicator, first)
    return getattr(value, second) if second else value


_BETWEEN = "ExpectColumnValuesToBeBetween"


def _by_indicator(kind: str, words: str, sql: str, arguments: dict[str, Any], *shown: str) -> Examination:
    rule = Rule(kind, "all indicators", words, _BETWEEN, arguments, "indicator_id")
    return Examination(kind, sql, (rule,), ("indicator_id", *shown))


def _day(day: date) -> str:
    return f"date {literal(day.isoformat())}"


def _days_since(due: date | None, day: date) -> int:
    """An indicator without a date is as one whose date has long passed."""
    return (day - (due or date.min)).days
