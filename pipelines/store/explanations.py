"""What people wrote about large movements between two releases.

Belongs here: the record, to which entries are only ever added. Does not belong here: which movements need a reason
(release/movement.py), or asking for one (release/commands.py).

A reason counts for one indicator, and for the step from one release to its next: after that it is spent.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines import settings
from pipelines.settings import Workspace
from pipelines.store.whole import replace_json

EXPLANATIONS = "explanations.json"


@dataclass(frozen=True)
class Explanation:
    """Why an indicator, or a table without any, moved since a release.

    The person's name stays in this record; the reason is released.
    """

    release_from: str
    indicator_id: str
    reason: str
    by: str
    explained_at: str


def record(workspace: Workspace, release_from: str, indicator_id: str, reason: str, by: str) -> Explanation:
    """Adds a reason; it takes effect at the next refresh."""
    now = settings.now().isoformat(timespec="seconds")
    added = Explanation(release_from, indicator_id, reason.strip(), by, now)
    replace_json(_path(workspace), [asdict(item) for item in (*read(workspace), added)])
    return added


def read(workspace: Workspace) -> list[Explanation]:
    """All reasons, oldest first."""
    path = _path(workspace)
    if not path.exists():
        return []
    return [Explanation(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def in_force(workspace: Workspace, release_from: str) -> dict[str, str]:
    """By indicator, the last reason for its movements since that release."""
    return {item.indicator_id: item.reason for item in read(workspace) if item.release_from == release_from}


def _path(workspace: Workspace) -> Path:
    """Beside the raw files: like them it cannot be rebuilt."""
    return workspace.kept / EXPLANATIONS
