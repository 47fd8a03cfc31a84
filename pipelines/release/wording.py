"""What is said of indicators by rule: the words of policy/indicators.yml, filled in for one indicator.

Belongs here: choosing and filling in words. Does not belong here: the words (policy/indicators.yml), what is particular
to one measure (sources/*.yml), or reading the candidate (record.py).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

POLICY = Path(__file__).with_name("policy") / "indicators.yml"
WITHOUT_DRIVER = "_without_driver"


@cache
def policy() -> dict[str, Any]:
    """The whole of indicators.yml."""
    return yaml.safe_load(POLICY.read_text(encoding="utf-8"))


def of_kind(kind: str, driver: Any | None) -> dict[str, Any]:
    """The words of a kind of indicator, filled in for the driver, and the day by which they must be read again.

    Empty where each indicator of the kind is described for itself.
    """
    words = policy()["kinds"].get(kind if driver else kind + WITHOUT_DRIVER)
    if not words:
        return {}
    filling = {"driver": driver.label, "definition": driver.definition} if driver else {}
    return {name: text.format(**filling) for name, text in words.items()} | {"review_date": policy()["review_date"]}


def completed(row: dict[str, Any], words: dict[str, Any]) -> dict[str, Any]:
    """The row, with the words where it has none. Limitations of its own stand before those of its kind."""
    limitations = [text for text in (row["limitations"], words.get("limitations")) if text]
    filled = {name: row[name] if row[name] is not None else words.get(name) for name in row}
    return filled | {"limitations": " ".join(limitations) or None}


def methodology(facts: dict[str, str | None]) -> str:
    """How an indicator is made. facts: the answers to the questions of `methodology` in indicators.yml, by name."""
    sentences = policy()["methodology"]
    return " ".join(sentences[name][answer] for name, answer in facts.items() if answer in sentences[name])


def frequency(cadence: str | None) -> str | None:
    """How often new figures come, in words."""
    return policy()["frequency"].get(cadence)
