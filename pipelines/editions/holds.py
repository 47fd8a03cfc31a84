"""Whether a file has lost, or gained, so much against the one before it that a person must decide.

Belongs here: comparing rows and organisations with the limits of the source's YAML, and the words for it.
Does not belong here: the limits (sources/*.yml), which file is the one before (settle.py), the decision itself
(store/decisions.py).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from pipelines.errors import Fault
from pipelines.store.snapshots import Snapshot
from schemas.source import Holds

EXAMPLES = 5


@dataclass(frozen=True)
class Extent:
    """How much a file holds: its rows, and the names of its organisations by their codes."""

    snapshot: Snapshot
    rows: int
    organisations: dict[str, str]


def reason_to_hold(new: Extent, before: Extent, limits: Holds) -> Fault | None:
    """Why the file must wait, with examples of what is lost; None where it is within the limits."""
    lost = sorted(set(before.organisations) - set(new.organisations))
    allowed = _may_be_lost(new, before, limits)
    found = []
    if new.rows < (1 - limits.max_lost_rows) * before.rows:
        found.append(f"{new.rows:,} rows, of {before.rows:,} before")
    if new.rows > limits.max_growth * before.rows:
        found.append(f"{new.rows:,} rows, more than {limits.max_growth:g} times the {before.rows:,} before")
    if len(lost) > allowed:
        found.append(f"{len(lost)} of {len(before.organisations)} organisations are gone: {_named(lost, before)}")
    return _fault(new.snapshot, before.snapshot, found, allowed, limits) if found else None


def _may_be_lost(new: Extent, before: Extent, limits: Holds) -> int:
    """How many organisations may be missing: mergers take some away from one edition to the next."""
    if new.snapshot.edition == before.snapshot.edition:
        return limits.max_lost_in_revision
    return int(limits.max_lost_organisations * len(before.organisations))


def _named(codes: list[str], extent: Extent) -> str:
    shown = [f"{code} {extent.organisations[code]}".strip() for code in codes[:EXAMPLES]]
    more = len(codes) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _fault(new: Snapshot, before: Snapshot, found: list[str], allowed: int, limits: Holds) -> Fault:
    which = f"{shlex.quote(new.source_id)} {shlex.quote(new.edition)} --vintage {new.vintage} --reason '...'"
    return Fault(
        f"{new.where}: held for a decision, not loaded",
        "; ".join(found),
        f"at least {1 - limits.max_lost_rows:.0%} and at most {limits.max_growth:g} times the rows of edition "
        f"{before.edition}, vintage {before.vintage}; at most {allowed} organisations gone",
        "the file was cut short, or holds another scope; or organisations merged or no longer report",
        f"compare the file with the one before; then `impact accept {which}` to load it, or "
        f"`impact drop {which}` to leave it out",
    )
