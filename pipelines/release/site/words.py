"""How figures and names are written on pages.

Belongs here: rounding, codes of what is not shown, names of types and bases. Does not belong here: sentences that the
marts already hold, and the choice of words (policy/site.yml).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.release.shorthand import LETTERS, MEANINGS

POLICY = Path(__file__).parents[1] / "policy" / "site.yml"


@cache
def policy() -> dict[str, Any]:
    """The whole of site.yml."""
    return yaml.safe_load(POLICY.read_text(encoding="utf-8"))


def type_name(organisation_type: str) -> str:
    """A type of organisation in the plural; its own code where site.yml has no name for it."""
    return policy()["types"].get(organisation_type, organisation_type.replace("_", " "))


def decimals(unit: str) -> int:
    """Decimals that figures of a unit are written with."""
    return policy()["decimals"].get(unit, 1)


def unit_name(unit: str) -> str:
    """A unit in words; the publisher's own where site.yml has none."""
    return policy()["units"].get(unit, unit)


def number(value: float, places: int = 1) -> str:
    """A number with a true minus sign, and none before a zero."""
    rounded = round(value, places) + 0.0
    return f"{rounded:,.{places}f}".replace("-", "−")


def level(value: float) -> str:
    """A median level, with as many decimals as it has: 3, 3.5 or 3.25."""
    return f"{round(value, 2):g}"


def interval(low: float, high: float, places: int = 2) -> str:
    """Both ends of an interval."""
    return f"{number(low, places)} to {number(high, places)}"


def q_words(value: float) -> str:
    """A q value with three decimals; less than it can show is said to be less."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def code(value_status: str) -> str:
    """The status of a figure in square brackets; empty where there is nothing to say."""
    letter = LETTERS[value_status]
    return f"[{letter}]" if letter else ""


def shown(value: float | None, value_status: str, places: int = 1) -> str:
    """A figure as a table shows it: the number, the code of its status, or both."""
    parts = ("" if value is None else number(value, places), code(value_status))
    return " ".join(part for part in parts if part)


def legend(statuses: set[str]) -> list[tuple[str, str]]:
    """Letter and meaning of the codes that these statuses put into a table."""
    letters = {LETTERS[status] for status in statuses if LETTERS[status]}
    return [(letter, meaning) for letter, meaning in MEANINGS.items() if letter in letters]


def listed(parts: list[str]) -> str:
    """Parts as a sentence lists them: a, b and c."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
