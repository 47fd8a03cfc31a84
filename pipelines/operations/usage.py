"""What this process and those that it started use: processor seconds and memory.

Belongs here: asking the operating system. Does not belong here: which step it is put down to (runs.py).
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

PROC = Path("/proc")
EVERY = 0.25
"""Seconds between two looks at the memory: a peak that is shorter may be missed."""


def cpu_seconds() -> float:
    """Of this process and of all that it started and that have ended, since they began."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def memory() -> int:
    """Bytes of main memory that this process and those that it started hold now; 0 where nobody tells."""
    return sum(_resident(process) for process in (PROC / "self", *_started()))


class Watch:
    """Looks at the memory from time to time, in a thread of its own, and keeps the highest figure."""

    def __init__(self) -> None:
        self._peak, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._over.set()
        self._thread.join()

    def take(self) -> int:
        """The highest figure since the last call, in bytes; and begins anew."""
        peak, self._peak = max(self._peak, memory()), 0
        return peak

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self._peak = max(self._peak, memory())


def _resident(process: Path) -> int:
    try:
        pages = int((process / "statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _started() -> list[Path]:
    try:
        lists = [path.read_text() for path in (PROC / "self" / "task").glob("*/children")]
    except OSError:
        return []
    return [PROC / number for text in lists for number in text.split()]
