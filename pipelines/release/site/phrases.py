"""Figures in their unit, periods and counts as pages and alternative text write them.

Belongs here: what depends on the unit of an indicator or the type of a period. Does not belong here: rounding and names
(words.py), or sentences about results (the marts make those, or the page that shows them).
"""

from __future__ import annotations

from pipelines.release.site import words
from pipelines.release.site.pages import day

MONTHS_IN_A_YEAR = 12
PERCENT = "%"
ORDINAL = ("rating", "level")
"""Units of places on a scale: 3 and not 3.00."""

PUBLISHERS_PERIODS = {"survey_year": "survey of", "round": "round"}
"""Periods that have a name and no days that matter."""

PLURALS = {"is": "are", "lies": "lie", "has": "have"}


def number(value: float | None, unit: str) -> str:
    """A figure in its own unit; empty where there is none."""
    if value is None:
        return ""
    text = words.number(value, 2 if unit in ORDINAL else words.decimals(unit))
    if unit in ORDINAL:
        return text.rstrip("0").rstrip(".")
    return text + PERCENT if words.unit_name(unit) == PERCENT else text


def count(value: float | None) -> str:
    """A numerator or denominator with thousands marked; a decimal only where there is one."""
    if value is None:
        return ""
    return words.number(value, 0 if value == round(value) else 1)


def plural(n: int, noun: str) -> str:
    """A count with its noun: 1 organisation, 2 organisations."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def verb(n: int, singular: str) -> str:
    """The verb that goes with a count."""
    return singular if n == 1 else PLURALS[singular]


def direction(polarity: str) -> str:
    """Which direction is better, in words."""
    return polarity.replace("_", " ")


def period(row: dict) -> str:
    """A period in words, from period_type, period_key, period_start, period_end and, where it is there, n_periods."""
    kind, key, end = row["period_type"], row["period_key"], row["period_end"]
    if kind in PUBLISHERS_PERIODS:
        return f"{PUBLISHERS_PERIODS[kind]} {key}"
    if kind == "financial_year":
        return f"{key}{_part_of_a_year(row.get('n_periods'))}"
    if end is None:
        return key
    if kind == "as_of":
        return day(end)
    if kind == "month":
        return f"{end:%B %Y}"
    if kind == "rolling_year":
        return f"12 months to {end:%B %Y}"
    return f"{row['period_start']:%B %Y} to {end:%B %Y}"


def _part_of_a_year(months: int | None) -> str:
    """What is added to a year that is pooled from some of its months; one figure of the publisher's is a whole year."""
    return f", {months} of 12 months" if months and 1 < months < MONTHS_IN_A_YEAR else ""
