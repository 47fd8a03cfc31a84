"""Releases that are sealed and not out yet: where they lie, and what lies behind them.

Belongs here: putting a candidate there, replacing the one before, and finding it again. Does not belong here: whether
it may go out (publication.py).

Behind a release lies what must be taken down when it goes out, and what it was judged against: figures that nobody has
seen are not figures shown. Nothing of that is ever released.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines import settings
from pipelines.errors import Fault
from pipelines.release import withdrawals
from pipelines.release.manifest import SIGNATURE, read_manifest
from pipelines.release.promote import VERSION
from pipelines.serving import contents
from pipelines.settings import Workspace
from pipelines.store import shown
from pipelines.store.snapshots import make_private

SHOWN = "shown.parquet"
WITHDRAWN = "withdrawn.json"
RESTRICTED = "restricted.parquet"
BUILD = "build.json"


@dataclass(frozen=True)
class Build:
    """How a waiting release was built; never released. shown: by earlier release, the digest of what it showed."""

    builder: str
    shown: dict[str, str]


def put(workspace: Workspace, note_builder: Callable[[Path], object]) -> list[str]:
    """Moves the sealed candidate to `waiting/<version>`. Returns the versions that waited in its place until now.

    The approval of what is replaced is void and is removed; the list of who had access is kept, and note_builder adds
    to it. Moving the candidate comes last: a stop before it leaves nothing of this version that waits.
    """
    version = str(read_manifest(workspace.candidate)["release_id"])
    make_private(workspace.waiting)
    folder = workspace.waiting / version
    aside = write_behind(workspace, folder)
    replaced = [_remove(each, version) for each in _replaced(workspace)]
    put_behind(aside, folder)
    note_builder(folder)
    _make_private(workspace.candidate)
    os.rename(workspace.candidate, folder)
    return replaced


def write_behind(workspace: Workspace, folder: Path) -> Path:
    """Writes what must be taken down when a release goes out, under a name that means nothing yet. Returns it."""
    aside = _aside(behind(folder), "new")
    _keep(workspace, folder.name, aside)
    return aside


def put_behind(aside: Path, folder: Path) -> None:
    """Puts what was written where `behind` says, in one step."""
    remove(behind(folder))
    os.rename(aside, behind(folder))


def place_of(workspace: Workspace) -> Path:
    """The folder in which releases lie until they are out. With SYNTHETIC data that is for a moment only."""
    return workspace.waiting if workspace.origin == "published" else workspace.kept


def remove(folder: Path) -> None:
    """Takes a folder away in one step, and then what was in it."""
    if folder.exists():
        aside = _aside(folder, "old")
        os.rename(folder, aside)
        shutil.rmtree(aside)


def _aside(folder: Path, what: str) -> Path:
    """A name that nobody looks at, beside a folder; what a stopped run left there is gone."""
    aside = folder.with_name(f".{folder.name}.{what}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    return aside


def behind(folder: Path) -> Path:
    """Where that lies which the publication of a release must take down."""
    return beside(folder, "behind")


def beside(folder: Path, what: str) -> Path:
    """A file or folder about a release, next to its folder."""
    return folder.with_name(f"{folder.name}.{what}")


def listing(workspace: Workspace) -> list[Path]:
    """The folders of all releases that wait, by name. A link is none: what it leads to can change."""
    if not workspace.waiting.is_dir():
        return []
    paths = (path for path in workspace.waiting.iterdir() if path.is_dir() and not path.is_symlink())
    return sorted(path for path in paths if VERSION.fullmatch(path.name))


def find(workspace: Workspace, version: str) -> Path:
    """The folder of a release that waits. Raises Fault where none of that version does."""
    folders = {folder.name: folder for folder in listing(workspace)}
    if version in folders:
        return folders[version]
    raise Fault(
        f"release {version}: it does not wait",
        f"waiting: {', '.join(folders) or 'none'}",
        "a release that was built and is not out yet",
        "the version was mistyped, it is out already, or a newer build took its place",
        "look at `impact release waiting`; `impact refresh` builds one",
    )


def build_of(folder: Path) -> Build:
    """What was taken down when a waiting release was built."""
    return Build(**json.loads((behind(folder) / BUILD).read_text(encoding="utf-8")))


def is_signed(folder: Path) -> bool:
    """Whether its builder has signed it; whether the signature holds is another matter."""
    return (folder / SIGNATURE).is_file()


def waits_since(folder: Path) -> datetime:
    """When it was put there, UTC."""
    return datetime.fromtimestamp((behind(folder) / BUILD).stat().st_mtime, UTC)


def newest(workspace: Workspace) -> Path | None:
    """The release that was put there last, if one waits: beside the next of the calendar, a correction may wait."""
    return max(listing(workspace), key=waits_since, default=None)


def _keep(workspace: Workspace, version: str, folder: Path) -> None:
    make_private(folder)
    shown.keep(workspace, folder / SHOWN)
    contents.keep(workspace, folder / RESTRICTED, version)
    withdrawals.keep(workspace, folder / WITHDRAWN)
    build = Build(settings.builder(), shown.digests(workspace, leave_out=version))
    (folder / BUILD).write_text(json.dumps(asdict(build), indent=1), encoding="utf-8")


def _replaced(workspace: Workspace) -> list[Path]:
    """What waits for the same purpose: a date of the calendar, or correcting the same release."""
    purpose = _corrects(workspace.candidate)
    return [folder for folder in listing(workspace) if _corrects(folder) == purpose]


def _corrects(folder: Path) -> str | None:
    return read_manifest(folder).get("corrects")


def _remove(folder: Path, successor: str) -> str:
    for path in (beside(folder, "approval.json"), beside(folder, "approval.json.sig")):
        path.unlink(missing_ok=True)
    access = beside(folder, "access.json")
    if access.exists():
        os.replace(access, beside(folder.with_name(successor), "access.json"))
    remove(folder)
    remove(behind(folder))
    return folder.name


def _make_private(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o400)
    folder.chmod(0o700)
