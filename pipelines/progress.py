"""Tells whoever listens what is going on right now.

Belongs here: passing on one line of text. Does not belong here: drawing it (cli.py) or logging it (Dagster).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listeners: list[Callable[[str], None]] = []


def say(line: str) -> None:
    """Passes a line to every listener; without one, nothing happens."""
    for listener in _listeners:
        listener(line)


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Sends every line to this listener inside the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
