"""What people decided on single files: to load one that is held, or to take one out of use.

Belongs here: the record, to which entries are only ever added. Does not belong here: what follows from a decision
(editions/settle.py), or asking for one (cli.py).
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipelines.settings import Workspace
from pipelines.store.whole import replace_json

DECISIONS = "decisions.json"


@dataclass(frozen=True)
class Decision:
    """Of one vintage of one edition. The person's name stays in this record; the reason is released."""

    source_id: str
    edition: str
    vintage: str
    decision: Literal["accept", "drop"]
    reason: str
    by: str
    decided_at: str


def record(
    workspace: Workspace,
    source_id: str,
    edition: str,
    vintage: str,
    decision: Literal["accept", "drop"],
    reason: str,
    by: str,
) -> Decision:
    """Adds a decision; it takes effect at the next refresh."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    added = Decision(source_id, edition, vintage, decision, reason, by, now)
    replace_json(_path(workspace), [asdict(item) for item in (*read(workspace), added)])
    return added


def read(workspace: Workspace) -> list[Decision]:
    """All decisions, oldest first."""
    path = _path(workspace)
    if not path.exists():
        return []
    return [Decision(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def in_force(workspace: Workspace, source_id: str) -> dict[tuple[str, str], Decision]:
    """The last decision on each file of a source, by edition and vintage."""
    mine = [item for item in read(workspace) if item.source_id == source_id]
    return {(item.edition, item.vintage): item for item in mine}


def _path(workspace: Workspace) -> Path:
    """Beside the raw files: like them it cannot be rebuilt."""
    return workspace.kept / DECISIONS
