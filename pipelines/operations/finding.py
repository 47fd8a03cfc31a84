"""What one check of the doctor says.

Belongs here: the record and how it is made. Does not belong here: any check (installed.py, kept.py, configured.py,
reached.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "problem", "not checked"]


@dataclass(frozen=True)
class Finding:
    """One answer. todo is empty where nothing is to be done; found of what was not checked begins with `because`."""

    what: str
    verdict: Verdict
    found: str
    todo: str = ""


def ok(what: str, found: str) -> Finding:
    """All is well."""
    return Finding(what, "ok", found)


def warning(what: str, found: str, todo: str) -> Finding:
    """The next refresh works, and somebody should know."""
    return Finding(what, "warning", found, todo)


def problem(what: str, found: str, todo: str) -> Finding:
    """Something does not work until somebody acts."""
    return Finding(what, "problem", found, todo)


def not_checked(what: str, why: str, todo: str = "") -> Finding:
    """The check could not be made."""
    return Finding(what, "not checked", f"because {why}", todo)
