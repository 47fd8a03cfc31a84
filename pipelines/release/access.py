"""Who had access to a release before it was out: names, roles and reasons, for the makers alone.

Belongs here: the list and the rule on pre-release access. Does not belong here: which roles there are and how early
(policy/release.yml).

The Code of Practice asks for the list. Names are personal data: the list lies beside the release, for its owner's eyes,
and of it no more than the number of people by role may be published.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipelines import settings
from pipelines.errors import Fault
from pipelines.release.embargo import in_words
from pipelines.release.manifest import read_manifest
from pipelines.release.record import read_policy
from pipelines.release.waiting import beside, build_of
from pipelines.store.whole import replace_json


@dataclass(frozen=True)
class Access:
    """One person who may see a release before it is out. noted_at: ISO, UTC; by: who took it down."""

    name: str
    role: str
    reason: str
    noted_at: str
    by: str


def path_of(folder: Path) -> Path:
    """Where the list of a release lies."""
    return beside(folder, "access.json")


def grant(folder: Path, name: str, role: str, reason: str, by: str) -> Access:
    """Adds a person to the list of a waiting release.

    Raises Fault where the role is unknown, something is left empty, or it is too early for the role.
    """
    policy = read_policy()["access"]
    _require_words(folder.name, name, reason)
    if role not in (*policy["production"], *policy["pre_release"]):
        raise _unknown(folder.name, role, [*policy["production"], *policy["pre_release"]])
    if role in policy["pre_release"]:
        _require_hours(folder, policy["pre_release_hours"])
    return note(folder, name, role, reason, by)


def note(folder: Path, name: str, role: str, reason: str, by: str) -> Access:
    """Adds a person to the list once, whatever the policy says: for those who have access by making the release."""
    for entry in listed(folder):
        if (entry.name, entry.role) == (name.strip(), role):
            return entry
    moment = settings.now().isoformat(timespec="seconds")
    added = Access(name.strip(), role, reason.strip(), moment, by)
    replace_json(path_of(folder), [asdict(entry) for entry in (*listed(folder), added)], is_private=True)
    return added


def note_builder(folder: Path) -> Access:
    """Adds whoever built a waiting release."""
    builder = build_of(folder).builder
    return note(folder, builder, "builder", "built the release", builder)


def listed(folder: Path) -> list[Access]:
    """Who had access to a release, in the order in which it was taken down."""
    path = path_of(folder)
    if not path.exists():
        return []
    return [Access(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def by_role(folder: Path) -> dict[str, int]:
    """People by role: all of the list that may be published."""
    people = {(entry.name.casefold(), entry.role) for entry in listed(folder)}
    return dict(sorted(Counter(role for _, role in people).items()))


def _require_hours(folder: Path, hours: int) -> None:
    planned = read_manifest(folder)["calendar"]
    if planned is None:
        return
    opens_at = datetime.fromisoformat(planned["ends_at"]) - timedelta(hours=hours)
    if settings.now() < opens_at:
        raise Fault(
            f"access to release {folder.name}",
            f"pre-release access asked for at {in_words(settings.now())}",
            f"not earlier than {hours} hours before the release: {in_words(opens_at)}, Europe/London",
            "it was asked for too early",
            "give access then, or in a role of those who make the release",
        )


def _require_words(version: str, name: str, reason: str) -> None:
    if name.strip() and reason.strip():
        return
    raise Fault(
        f"access to release {version}",
        f"name: {name.strip() or 'none'}; reason: {reason.strip() or 'none'}",
        "a name, a role and why this person needs it",
        "an empty --name or --reason",
        "give all of them",
    )


def _unknown(version: str, role: str, roles: list[str]) -> Fault:
    return Fault(
        f"access to release {version}",
        f"role `{role}`",
        f"one of: {', '.join(roles)}",
        "a role that the release policy does not know",
        "choose one of them; the head of profession can add roles to pipelines/release/policy/release.yml",
    )
