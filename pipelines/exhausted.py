"""A disk that is full, said in the words of the product, whichever library noticed it.

Belongs here: telling such an error from others. Does not belong here: making room.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from pipelines import settings
from pipelines.errors import Fault

NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
WORDS = ("no space left on device", "disk is full", "disk full", "disk quota exceeded", "file too large")
"""As the operating system, SQLite and DuckDB say it; dbt and polars pass their words on."""


def as_fault(error: BaseException) -> Fault | None:
    """The fault to show in place of an error that came of a full disk; None where it came of something else."""
    told = next((each for each in _chain(error) if _is_full(each)), None)
    if told is None:
        return None
    lines = [line.strip() for line in str(told).splitlines() if any(word in line.lower() for word in WORDS)]
    return Fault(
        f"IMPACT_HOME {settings.home()}",
        lines[0] if lines else str(told),
        "room for what the run writes",
        "the disk is full, or the quota of this account is used up",
        "make room and run the command again; what is being served, and every file of the raw store, is as it was",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what it was raised from, what that was raised from, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in NUMBERS:
        return True
    return any(word in str(error).lower() for word in WORDS)
