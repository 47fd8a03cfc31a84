"""When each publisher was last asked, and since when it has not given what was looked for: one JSON file.

Belongs here: the record. Does not belong here: when to ask (planning.py), what came (log.py).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines import settings
from pipelines.settings import Workspace
from pipelines.store.whole import replace_json
from schemas.source import Source

ROUNDS = "rounds.json"


@dataclass(frozen=True)
class Round:
    """The latest time that one source was asked for. failures: how many times in a row it failed, since when."""

    asked_at: dt.datetime
    failures: int = 0
    failing_since: dt.datetime | None = None


def can_be_asked(source: Source) -> bool:
    """Whether a refresh asks for it. With folders alone, every source counts whose files do not come by an inbox."""
    return not source.is_inbox and bool(source.fetch or not settings.is_live())


def read_rounds(workspace: Workspace) -> dict[str, Round]:
    """By source; a source that was never asked for is not there."""
    path = _path(workspace)
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {source_id: _round(**entry) for source_id, entry in content.items()}


def note_round(workspace: Workspace, asked: Collection[str], failed: Collection[str], moment: dt.datetime) -> None:
    """After the publishers were asked: a run that stops before that has asked nobody."""
    rounds = read_rounds(workspace)
    for source_id in asked:
        before = rounds.get(source_id, Round(moment))
        since = before.failing_since or moment
        rounds[source_id] = Round(moment, before.failures + 1, since) if source_id in failed else Round(moment)
    replace_json(_path(workspace), {name: _as_json(one) for name, one in rounds.items()})


def _path(workspace: Workspace) -> Path:
    return workspace.fetched / ROUNDS


def _round(asked_at: str, failures: int, failing_since: str | None) -> Round:
    since = dt.datetime.fromisoformat(failing_since) if failing_since else None
    return Round(dt.datetime.fromisoformat(asked_at), failures, since)


def _as_json(one: Round) -> dict[str, str | int | None]:
    return {
        **asdict(one),
        "asked_at": one.asked_at.isoformat(),
        "failing_since": one.failing_since and one.failing_since.isoformat(),
    }
