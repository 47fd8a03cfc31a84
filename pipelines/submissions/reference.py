"""Instruments, scopes and statuses as the reference data have them, for the template and the check.

Belongs here: reading the seeds. Does not belong here: any question, level or meaning itself (dbt_project/seeds/).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pipelines.errors import Fault
from pipelines.registry import load_sources
from pipelines.settings import seed_path
from schemas.source import Source

NOT_APPLICABLE = "Not applicable"


@dataclass(frozen=True)
class Item:
    """One question. driver: label of the driver that it belongs to; '' for none."""

    item_id: str
    title: str
    driver: str


@dataclass(frozen=True)
class Level:
    """One level. choice: how the drop-down of the template writes it."""

    level: int
    label: str
    description: str

    @property
    def choice(self) -> str:
        """The number and the name, as the reader understands them together."""
        return f"{self.level} - {self.label}"


@dataclass(frozen=True)
class Word:
    """A scope or a status: as the drop-down writes it, and what it means."""

    label: str
    meaning: str


@dataclass(frozen=True)
class Instrument:
    """One version of an instrument: items in their order, levels from the lowest.

    introduced_on: None where that is not known. unconfirmed: which of its words nobody has verified.
    """

    version: str
    name: str
    introduced_on: date | None
    items: tuple[Item, ...]
    levels: tuple[Level, ...]
    unconfirmed: tuple[str, ...]

    @property
    def has_drivers(self) -> bool:
        """Whether its questions belong to drivers."""
        return any(item.driver for item in self.items)

    @cached_property
    def titles(self) -> dict[str, str]:
        """Title of each item."""
        return {item.item_id: item.title for item in self.items}

    @property
    def range(self) -> str:
        """The levels in words."""
        low, high = self.levels[0], self.levels[-1]
        return f"a level from {low.level} ({low.label}) to {high.level} ({high.label})"


def inbox_source() -> Source:
    """The source that submissions belong to. There is one."""
    (source,) = (source for source in load_sources().values() if source.is_inbox)
    return source


def versions() -> list[str]:
    """Every instrument version that is known."""
    return [row["instrument_version"] for row in _rows("instrument")]


def instrument(version: str) -> Instrument:
    """One version of an instrument. Raises Fault where it is not known."""
    named = {row["instrument_version"]: row for row in _rows("instrument")}
    if version not in named:
        raise Fault(
            "instrument version",
            version,
            f"one of {', '.join(named)}",
            "a misspelt version, or one that is not yet in the reference data",
            "choose one of them, or add it to dbt_project/seeds/instrument*.csv",
        )
    drivers = {row["driver_id"]: row["label"] for row in _rows("driver")}
    items = sorted(_of(version, "instrument_item"), key=lambda row: int(row["sort_order"]))
    levels = sorted(_of(version, "instrument_level"), key=lambda row: int(row["level"]))
    worded = {"name": [named[version]], "questions": items, "levels": levels}
    return Instrument(
        version,
        named[version]["instrument_name"],
        date.fromisoformat(introduced) if (introduced := named[version]["introduced_on"]) else None,
        tuple(Item(row["item_id"], row["title"], drivers.get(row["driver_id"], "")) for row in items),
        tuple(Level(int(row["level"]), row["label"], row["description"]) for row in levels),
        tuple(part for part, rows in worded.items() if any(row["verified"] != "true" for row in rows)),
    )


def words(seed: str) -> dict[str, Word]:
    """The scopes (`sharing_scope`) or the statuses (`submission_status`), in their order."""
    return {row[seed]: Word(row["label"], row["meaning"]) for row in _rows(seed)}


def _of(version: str, seed: str) -> list[dict[str, str]]:
    return [row for row in _rows(seed) if row["instrument_version"] == version]


def _rows(seed: str) -> list[dict[str, str]]:
    with seed_path(seed).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
