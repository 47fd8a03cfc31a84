"""Which run is at work, and how the last run of each job failed if it did: one JSON file of a few lines.

Belongs here: the record, so that a run that was killed is done again and one that failed is told. Does not belong here:
the lock (locking.py), the history of runs (operations/), telling people (alerts/).
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines import settings
from pipelines.locking import is_free
from pipelines.settings import Workspace
from pipelines.store.whole import replace_json

FILE = "at_work.json"
MOST_ATTEMPTS = 3
"""How often a run that was killed is begun again by itself."""


@dataclass(frozen=True)
class Begun:
    """A run that has begun and not ended. pid: of its process. attempts: with those before that were killed."""

    job: str
    began_at: str
    pid: int
    attempts: int = 1

    @property
    def since(self) -> dt.datetime:
        """When it began, UTC."""
        return dt.datetime.fromisoformat(self.began_at)


@dataclass(frozen=True)
class Failed:
    """How a run ended badly. what: the kind of the error and, of a fault, where it is; nothing of any file.

    folder: where the reasons of a refusal lie, below `refused/`.
    """

    step: str
    what: str
    at: str
    folder: str | None = None


@contextmanager
def recorded(workspace: Workspace, job: str) -> Iterator[None]:
    """Records that a run of this job is at work inside the block. Only for the holder of the lock."""
    before = begun(workspace)
    attempts = before.attempts + 1 if before and before.job == job else 1
    moment = settings.now().isoformat(timespec="seconds")
    _write(workspace, begun=asdict(Begun(job, moment, os.getpid(), attempts)))
    try:
        yield
    finally:
        _write(workspace, begun=None)


def note_failure(workspace: Workspace, job: str, failed: Failed | None) -> None:
    """How the run of a job ended; None for well, which also ends what is known of a failure."""
    others = {name: one for name, one in _read(workspace)["failed"].items() if name != job}
    _write(workspace, failed=others | ({job: asdict(failed)} if failed else {}))


def begun(workspace: Workspace) -> Begun | None:
    """The run that has begun and not ended."""
    found = _read(workspace)["begun"]
    return Begun(**found) if found else None


def killed(workspace: Workspace) -> Begun | None:
    """The run that has begun, not ended, and is not at work: nobody holds the lock."""
    found = begun(workspace)
    return found if found and is_free(workspace) else None


def failures(workspace: Workspace) -> dict[str, Failed]:
    """By job: how its last run failed, if it did."""
    return {job: Failed(**one) for job, one in _read(workspace)["failed"].items()}


def _read(workspace: Workspace) -> dict[str, Any]:
    path = _path(workspace)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"begun": None, "failed": {}}


def _write(workspace: Workspace, **changed: Any) -> None:
    replace_json(_path(workspace), _read(workspace) | changed)


def _path(workspace: Workspace) -> Path:
    return workspace.kept / FILE
