"""Putting a backup back onto an empty machine: all of it, exactly as it was, or nothing.

Belongs here: the order of it, and what must hold before. Does not belong here: the backup itself (backup.py).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from pipelines.errors import Fault
from pipelines.operations import backup, vault
from pipelines.operations.backup import Backup, Entry
from pipelines.progress import say
from pipelines.release import verify
from pipelines.release.promote import VERSION
from pipelines.store.snapshots import make_private

ASIDE = ".restoring"
LAST = "serving"
"""What readers follow comes into its place after all that it leads to."""


def restore(place: Path, home: Path, name: str | None = None) -> Backup:
    """Restores a backup, the newest if none is named, into an empty home. Returns it.

    Every file is read and compared before anything is written. Raises Fault or Faults, with nothing put in place, where
    the backup is damaged, the home is not empty, or its disk is too small.
    """
    chosen = backup.read(place, name)
    _require_within(chosen)
    _require_empty(home)
    _require_room(chosen, home)
    backup.require_whole(place, chosen)
    aside = home / ASIDE
    _remove(aside)
    make_private(aside)
    try:
        _write(place, chosen, aside)
        os.sync()
    except BaseException:
        _remove(aside)
        raise
    _put_in_place(aside, home)
    return chosen


def releases(home: Path) -> list[Path]:
    """The releases of a home, out and waiting."""
    folders = [path for part in ("releases", "waiting") for path in (home / part).glob("*")]
    return sorted(path for path in folders if path.is_dir() and VERSION.fullmatch(path.name))


def altered(home: Path) -> list[Fault]:
    """What is not as its manifest says, in all releases of a home: it was so before the backup."""
    return [fault for folder in releases(home) for fault in verify(folder)]


def _require_within(chosen: Backup) -> None:
    """No entry leads out of the home, whoever wrote the list."""
    for entry in chosen.entries:
        path = PurePosixPath(entry.path)
        to = PurePosixPath(os.path.normpath(path.parent / entry.to)) if entry.to else path
        if path.is_absolute() or PurePosixPath(entry.to).is_absolute() or ".." in (*path.parts, *to.parts):
            raise Fault(
                f"backup {chosen.name}: {entry.path}",
                f"a path or link that leads out of the home {entry.to}".rstrip(),
                "files, folders and links within the home",
                "somebody wrote the list by hand, or made such a link in the home",
                "do not use this backup unless you know who made it",
            )


def _require_empty(home: Path) -> None:
    held = sorted(path.name for path in home.iterdir() if path.name != ASIDE) if home.is_dir() else []
    if not held:
        return
    raise Fault(
        f"restore into {home}",
        f"a home that is not empty: {', '.join(held[:5])}",
        "a folder that is not there yet, or holds nothing",
        "IMPACT_HOME is in use, or a restore was stopped in its last step",
        "name another folder with --into; or move this one away, and restore again",
    )


def _require_room(chosen: Backup, home: Path) -> None:
    there = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free > chosen.bytes:
        return
    raise Fault(
        f"restore into {home}",
        f"{free:,} bytes free",
        f"more than {chosen.bytes:,} bytes, the size of backup {chosen.name}",
        "the disk is too small or too full",
        "restore onto a larger disk",
    )


def _write(place: Path, chosen: Backup, root: Path) -> None:
    """Folders get their permissions and times after what is in them."""
    folders = [entry for entry in chosen.entries if entry.kind == "folder"]
    for entry in folders:
        (root / entry.path).mkdir(parents=True, mode=0o700)
    for entry in chosen.entries:
        target = root / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.kind == "link":
            target.symlink_to(entry.to)
        elif entry.kind == "file":
            say(f"restoring: {entry.path.split('/')[0]}")
            vault.take(place, entry.sha256, target)
            _as_it_was(target, entry)
    for entry in reversed(folders):
        _as_it_was(root / entry.path, entry)


def _as_it_was(path: Path, entry: Entry) -> None:
    os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))
    path.chmod(entry.mode)


def _remove(folder: Path) -> None:
    """Releases are read-only, also to whoever wants to remove them."""
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(aside: Path, home: Path) -> None:
    for path in sorted(aside.iterdir(), key=lambda path: (path.name == LAST, path.name)):
        os.rename(path, home / path.name)
    aside.rmdir()
