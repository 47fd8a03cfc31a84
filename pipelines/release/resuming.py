"""What a run does first: it finishes what an earlier one left half done, and clears away what that left half written.

Belongs here: what may be half done, and in which order it is dealt with. Does not belong here: how a publication is
finished (publication.py), or how readers are brought in line (after.py).

Whoever holds the lock is the only writer, so that nothing half written belongs to anybody else. Of a candidate nothing
is taken over: it is made again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from pipelines.release import after, publication, waiting
from pipelines.settings import Workspace
from pipelines.store.whole import PARTIAL


def resume(workspace: Workspace) -> list[str]:
    """Returns the releases whose publication was finished. Raises Fault or Faults where one of them is not as sealed.

    As at an earlier day nothing is published, so that there is nothing to finish.
    """
    for path in _half_written(workspace):
        _remove(path)
    if workspace.as_at:
        return []
    finished = publication.finish_stopped(workspace)
    if after.is_unsettled(workspace):
        after.settle(workspace)
    return finished


def _half_written(workspace: Workspace) -> list[Path]:
    """Files and folders that had not got their names yet, what DuckDB put aside, and what lay behind no release."""
    beside = (workspace.releases, workspace.waiting, workspace.refused, workspace.signers.parent)
    partial = [*workspace.kept.rglob(PARTIAL), *(path for place in beside for path in place.glob(PARTIAL))]
    spilled = [*workspace.warehouse.parent.glob("spill"), *workspace.warehouse.parent.glob("*.tmp")]
    return [*partial, *spilled, *_behind_nothing(workspace)]


def _behind_nothing(workspace: Workspace) -> Iterator[Path]:
    place = waiting.place_of(workspace)
    for path in place.glob("[0-9]*.behind"):
        folders = (each / path.name.removesuffix(".behind") for each in (place, workspace.releases))
        if not any(folder.is_dir() for folder in folders):
            yield path


def _remove(path: Path) -> None:
    """One may lie in another that is gone already."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
