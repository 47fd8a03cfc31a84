"""The one error that a reader of this product meets: five parts, always in the same order.

Belongs here: the shape and the wording of faults. Does not belong here: deciding what is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

PARTS = ("found", "expected", "likely", "todo")
LABELS = {"found": "found", "expected": "expected", "likely": "likely", "todo": "to do"}


@dataclass(eq=False)
class Fault(Exception):
    """Something is wrong with what came in or with what would go out.

    where: source, edition, sheet, column and row, as far as they are known, and what is the matter.
    found, expected, likely, todo: one plain sentence or list each; none may be empty.
    quotes_file: whether `found` repeats what somebody wrote in the file.
    """

    where: str
    found: str
    expected: str
    likely: str
    todo: str
    quotes_file: bool = False

    def __post_init__(self) -> None:
        empty = [part for part in ("where", *PARTS) if not str(getattr(self, part)).strip()]
        if empty:
            raise ValueError(f"a fault needs all five parts; empty: {', '.join(empty)}")

    def __str__(self) -> str:
        lines = [f"  {LABELS[part]:<9} {getattr(self, part)}" for part in PARTS]
        return "\n".join([self.where, *lines])

    def as_dict(self) -> dict[str, str]:
        """The five parts by name, for JSON."""
        return {part: getattr(self, part) for part in ("where", *PARTS)}

    def discreet(self) -> Fault:
        """The same fault without anything that stands in the file, for files with personal data."""
        hidden = "something that is not repeated here, because the file may hold personal data"
        return replace(self, found=hidden, quotes_file=False) if self.quotes_file else self


class Stopped(Fault):
    """Somebody stopped the run. Nothing is wrong, and the next run goes on."""


class Faults(Exception):
    """Several faults reported together, so that all can be mended in one go."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def together(faults: Iterable[Fault]) -> list[Fault]:
    """The faults in their order, and as one those that differ only in where they are."""
    places: dict[tuple[str, ...], list[Fault]] = {}
    for fault in faults:
        places.setdefault(tuple(getattr(fault, part) for part in PARTS), []).append(fault)
    return [replace(same[0], where="; ".join(fault.where for fault in same)) for same in places.values()]
