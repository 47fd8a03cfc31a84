"""Waivers: what the gate may let through this once, by name, with a reason, by somebody, until a day.

Belongs here: writing a waiver down, which are in force, and which checks can be named. Does not belong here: what a
check asks for (rules.py), and letting anything through (gate.py). A waiver is never changed; a later one for the same
check takes its place.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pipelines.errors import Fault, Faults
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store.whole import replace_json

FILE = "waivers.json"
OF_INDICATORS = ("completeness", "newest_period", "review_date")
"""Kinds of checks whose names end in that of an indicator."""


@dataclass(frozen=True)
class Waiver:
    """One check that need not hold from `given_on` to `until`, both included."""

    check_id: str
    reason: str
    by: str
    given_on: date
    until: date

    @property
    def kind(self) -> str:
        """The kind of rule, such as `freshness`."""
        return self.check_id.partition(":")[0]

    def as_dict(self) -> dict[str, str]:
        """The five parts by name, for JSON; days in ISO form."""
        return {name: str(value) for name, value in asdict(self).items()}

    def told(self) -> dict[str, str]:
        """What a release says of it: all but the name of the person, as with approvals."""
        return {name: value for name, value in self.as_dict().items() if name != "by"}


def waive(workspace: Workspace, given: Sequence[Waiver], policy: dict[str, Any], kinds: Collection[str]) -> None:
    """Writes waivers down, all or none. policy: the part `waivers` of gate.yml. kinds: of rules that there are.

    Raises Faults where the kind of one is unknown or can never be waived, where it has no reason or no name, or where
    it is over already or goes on for too long.
    """
    require_allowed(given, policy, kinds)
    replace_json(workspace.kept / FILE, [one.as_dict() for one in [*read_waivers(workspace), *given]])


def require_allowed(given: Sequence[Waiver], policy: dict[str, Any], kinds: Collection[str]) -> None:
    """Raises Faults as `waive` does."""
    faults = [fault for waiver in given if (fault := _objection(waiver, policy, kinds))]
    if faults:
        raise Faults(faults)


def read_waivers(workspace: Workspace) -> list[Waiver]:
    """All waivers ever given, oldest first. Raises Fault where the file cannot be read as such."""
    path = workspace.kept / FILE
    if not path.exists():
        return []
    try:
        return [_waiver(line) for line in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error


def require_known(workspace: Workspace, checks: Iterable[str]) -> None:
    """Raises Faults for checks that neither the newest refusal nor the release that is served names.

    What fails only now and then may be named beforehand: the freshness of a source, and what is asked of an indicator.
    """
    known = known_checks(workspace)
    unknown = [_unknown(check, known) for check in checks if check not in known]
    if unknown:
        raise Faults(unknown)


def known_checks(workspace: Workspace) -> set[str]:
    """Every check that this home can name."""
    refusals = sorted(workspace.refused.glob("*/gate.json"))
    known = {f"freshness:{source_id}" for source_id in load_sources()}
    for path in (*refusals[-1:], workspace.current / "gate.json"):
        if path.exists():
            known |= {check["check_id"] for check in json.loads(path.read_text(encoding="utf-8"))["checks"]}
    listed = workspace.current / "api" / "v1" / "indicators" / "index.json"
    if listed.exists():
        indicators = json.loads(listed.read_text(encoding="utf-8"))["indicators"]
        known |= {f"{kind}:{one['indicator_id']}" for kind in OF_INDICATORS for one in indicators}
    return known


def in_force(workspace: Workspace, day: date, policy: dict[str, Any], kinds: Collection[str]) -> dict[str, Waiver]:
    """By check: the newest waiver that holds on the day. One that could not be given today counts for nothing."""
    return {
        waiver.check_id: waiver
        for waiver in read_waivers(workspace)
        if waiver.given_on <= day <= waiver.until and not _objection(waiver, policy, kinds)
    }


def _waiver(line: dict[str, str]) -> Waiver:
    days = {name: date.fromisoformat(line[name]) for name in ("given_on", "until")}
    return Waiver(line["check_id"], line["reason"], line["by"], **days)


def _objection(waiver: Waiver, policy: dict[str, Any], kinds: Collection[str]) -> Fault | None:
    last = waiver.given_on + timedelta(days=policy["most_days"])
    if waiver.kind not in kinds or not waiver.check_id.partition(":")[2]:
        return _refusal(waiver, "no such check", "a check as gate.json and why.md name it", "a slip of the keyboard")
    if waiver.kind in policy["never"]:
        never = "a kind of check that may be waived"
        return _refusal(waiver, f"{waiver.kind}, which can never be waived", never, "the release itself must be mended")
    if not waiver.reason.strip() or not waiver.by.strip():
        return _refusal(waiver, "no reason, or nobody who gives it", "both", "an option was left empty")
    if not waiver.given_on <= waiver.until <= last:
        days = f"a day from {waiver.given_on} to {last}"
        return _refusal(waiver, f"until {waiver.until}", days, "the cause takes longer to mend than a waiver may last")
    return None


def _unknown(check: str, known: Collection[str]) -> Fault:
    nearest = get_close_matches(check, sorted(known), 1)
    return Fault(
        f"waiver of {check}",
        "no such check",
        "a check as gate.json and why.md name it" + "".join(f", such as {name}" for name in nearest),
        "a slip of the keyboard, or nothing of that name has failed yet",
        "give the name that stands in why.md of the refusal",
    )


def _refusal(waiver: Waiver, found: str, expected: str, likely: str) -> Fault:
    todo = "mend the cause, or give a waiver that the policy allows (pipelines/release/policy/gate.yml)"
    return Fault(f"waiver of {waiver.check_id}", found, expected, likely, todo)


def _unreadable(path: Path, error: Exception) -> Fault:
    return Fault(
        f"waivers in {path.name}",
        f"what cannot be read: {error}",
        "what `impact release waive` writes",
        "the file was edited by hand",
        "put it right, or take it away and give the waivers again",
    )
