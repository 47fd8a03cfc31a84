"""Numbers, periods and counts as a reader reads them.

Belongs here: how one figure, period or list is written on a page or in alternative text. Does not belong here:
sentences about results (the marts make those, or the page that shows them), or what a value status means (shorthand).
"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.release.site.pages import day

MONTHS_IN_A_YEAR = 12
PERCENTAGES = ("percent", "signed_percent")
ORDINAL = ("rating", "level")
MINUS = "−"
TYPES = {"icb": "Integrated care board", "all": "All types"}
PLURALS = {"is": "are", "lies": "lie", "has": "have"}


def number(value: float | None, unit: str) -> str:
    """A figure in its own unit: percentages to one decimal, ratings as they are given, everything else to two."""
    if value is None:
        return ""
    if unit in PERCENTAGES:
        return f"{value:.1f}%".replace("-", MINUS)
    text = f"{value:.2f}".replace("-", MINUS)
    return text.rstrip("0").rstrip(".") if unit in ORDINAL else text


def count(value: float | None) -> str:
    """A numerator or denominator with thousands marked; a decimal only where there is one."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def plural(n: int, noun: str) -> str:
    """A count with its noun: 1 organisation, 2 organisations, no organisation."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def verb(n: int, singular: str) -> str:
    """The verb that goes with a count."""
    return singular if n == 1 else PLURALS[singular]


def organisation_type(code: str) -> str:
    """A type of organisation in words: the code itself, but for an abbreviation."""
    return TYPES.get(code, code.replace("_", " ").capitalize())


def direction(polarity: str) -> str:
    """Which direction is better, in words."""
    return polarity.replace("_", " ")


def listed(words: Iterable[str]) -> str:
    """Words in a row: a, b and c."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def period(row: dict) -> str:
    """A period in words, from period_type, period_key, period_start, period_end and, where it is there, n_periods."""
    kind, key, end = row["period_type"], row["period_key"], row["period_end"]
    if kind == "survey_year":
        return f"survey of {key}"
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
