"""Sheets of a workbook that no pattern wants: told to whoever has the file read, since a new sheet is new data.

Belongs here: passing on their names. Does not belong here: which of them are known (`ignore_sheets` in a source YAML).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_listeners: list[list[str]] = []


def tell(names: Iterable[str]) -> None:
    """Adds the names for every listener; without one, nothing happens."""
    names = list(names)
    for listener in _listeners:
        listener.extend(names)


@contextmanager
def heard() -> Iterator[list[str]]:
    """A list that holds, after the block, the sheets that were not read inside it."""
    names: list[str] = []
    _listeners.append(names)
    try:
        yield names
    finally:
        _listeners.pop()
