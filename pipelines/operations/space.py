"""Whether the disk has room for another refresh.

Belongs here: what one needs, by what the last one left. Does not belong here: what is removed to make room: that is for
people, releases are never removed by themselves.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import Fault
from pipelines.release.after import last_built
from pipelines.release.manifest import read_manifest
from pipelines.release.waiting import newest
from pipelines.settings import Workspace

LEAST = 1024**3
"""Bytes for a first refresh: that of the sample leaves half of it."""
MARGIN = 1.5
"""Over what the last refresh left: the new release is larger, and dbt and the gate put things aside meanwhile."""


@dataclass(frozen=True)
class Room:
    """Bytes that are free where the home lies, and bytes that a refresh needs there."""

    free: int
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether a refresh may begin."""
        return self.free >= self.needed


def room(workspace: Workspace) -> Room:
    """What is free, and what a refresh of these data needs: its release and its warehouse, which is written anew."""
    there = next(path for path in (workspace.root, *workspace.root.parents) if path.exists())
    left = _release(workspace) + _size(workspace.warehouse)
    return Room(shutil.disk_usage(there).free, max(LEAST, int(left * MARGIN)))


def require_room(workspace: Workspace) -> None:
    """Raises Fault before any work where the disk is too full for it."""
    found = room(workspace)
    if found.is_enough:
        return
    raise Fault(
        f"IMPACT_HOME {workspace.root}",
        f"{found.free / 1e9:,.1f} GB free on its disk",
        f"at least {found.needed / 1e9:,.1f} GB, by what the last refresh left, with a margin of half as much",
        "releases are kept for ever and fill the disk, or something else on it does",
        "make room, or move IMPACT_HOME to a larger disk; `impact backup` first, before anything is removed. "
        "What is being served stays as it is",
    )


def _release(workspace: Workspace) -> int:
    """The bytes of the newest release of these data, out or waiting, as its manifest tells them."""
    waits = newest(workspace) if workspace.origin == "published" else None
    folder = waits or last_built(workspace)
    return sum(file["bytes"] for file in read_manifest(folder)["files"]) if folder else 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
