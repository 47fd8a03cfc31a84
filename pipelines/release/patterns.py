"""Names of files and tables as the policies write them: with * for anything, also for a part of a path.

Belongs here: whether a name is meant. Does not belong here: the patterns (policy/gate.yml).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable


def is_among(name: str, patterns: Iterable[str]) -> bool:
    """Whether any of the patterns means this name. Upper and lower case differ on every system."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
