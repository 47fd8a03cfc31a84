"""Backups of IMPACT_HOME: each a list of all files with their hashes, and the files themselves, held once.

Belongs here: making a backup, checking one, and how many are kept. Does not belong here: what is kept (state.py),
where bytes lie (vault.py), putting a backup back (restore.py).

    DIR/objects/ab/ab12…                    files, by the sha256 of their content
    DIR/snapshots/<time>-<hash>.json        one backup; its name holds the beginning of its own sha256

A backup gets its name as its last step, so that half of one is never taken for a whole. What never changes is copied
while refreshes may go on; the rest under the lock, which is short then.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pipelines import settings
from pipelines.errors import Fault, Faults
from pipelines.locking import one_at_a_time
from pipelines.operations import state, vault
from pipelines.progress import say
from pipelines.settings import Workspace
from pipelines.staging import code_version
from pipelines.store.snapshots import make_private
from pipelines.store.whole import replace_text

SNAPSHOTS = "snapshots"
FORMAT = 1
TIME = "%Y%m%dT%H%M%S.%fZ"
HASH_LENGTH = 16
WAIT = 3600.0
"""Seconds for which a backup waits for a refresh to end."""
PASSING = (".db-wal", ".db-shm", ".db-journal", ".partial")
"""How files end that are part of a database, which is copied whole, or that are only being written."""


@dataclass(frozen=True)
class Entry:
    """One file, folder or link of a home. mode: its permissions. bytes, sha256: of a file. to: where a link leads."""

    path: str
    kind: Literal["file", "folder", "link"]
    mode: int
    mtime_ns: int
    bytes: int = 0
    sha256: str = ""
    to: str = ""


@dataclass(frozen=True)
class Backup:
    """One backup. code_version: of the program that made it. served: the release that readers got, or None."""

    name: str
    taken_at: datetime
    code_version: str
    served: str | None
    entries: tuple[Entry, ...]

    @property
    def files(self) -> list[Entry]:
        """The entries that have content."""
        return [entry for entry in self.entries if entry.kind == "file"]

    @property
    def bytes(self) -> int:
        """The size of all files, as they lie in a home."""
        return sum(entry.bytes for entry in self.files)


@dataclass(frozen=True)
class Made:
    """What a backup did. copied: bytes that were new. removed: names of older backups. freed: bytes."""

    backup: Backup
    copied: int
    removed: tuple[str, ...]
    freed: int


def make(home: Path, place: Path, keep: int | None = None, is_everything: bool = False) -> Made:
    """Backs up a home into a folder, beside earlier backups of it. keep: how many remain; None for all.

    Raises Fault where there is nothing to back up, one folder lies in the other, or another backup is at work.
    """
    _require_places(home, place)
    make_private(place)
    with _alone(place):
        before = _known(place)
        size = _size(place)
        list(_described(state.kept(home, is_everything, only_fixed=True), home, place, before))
        with one_at_a_time(Workspace(home, "published"), WAIT):
            say("backup: what changes, under the lock")
            entries = tuple(_described(state.kept(home, is_everything), home, place, before))
            served = _served(home)
        made = _write(place, entries, served)
        copied = _size(place) - size
        removed, freed = _prune(place, keep)
    return Made(made, copied, removed, freed)


def names(place: Path) -> list[str]:
    """The backups in a folder, oldest first."""
    return sorted(path.stem for path in (place / SNAPSHOTS).glob("[0-9]*.json"))


def taken_at(name: str) -> datetime:
    """When the backup of this name was made, UTC."""
    return datetime.strptime(name.partition("-")[0], TIME).replace(tzinfo=UTC)


def read(place: Path, name: str | None = None) -> Backup:
    """One backup, the newest if none is named. Raises Fault where there is none, or its list was altered."""
    chosen = name or next(reversed(names(place)), None)
    path = place / SNAPSHOTS / f"{chosen}.json"
    if chosen is None or not path.is_file():
        raise Fault(
            f"backups in {place}",
            f"no backup {name}" if name else "no backup",
            f"one of: {', '.join(names(place)) or 'none yet'}",
            "another folder than the one that `impact backup` wrote to, or a disk that is not mounted",
            "correct the folder or the name",
        )
    content = path.read_bytes()
    if _mark(content) != chosen.rpartition("-")[2]:
        raise _damaged(chosen, "its list of files has another sha256 than its name says")
    return _parsed(chosen, json.loads(content))


def damage(place: Path, backup: Backup) -> list[Fault]:
    """Every file of a backup that is missing, cut short or altered. Empty if it is whole."""
    contents = {entry.sha256: entry for entry in backup.files}
    return [
        _damaged(backup.name, f"{vault.name_of(entry.sha256)}, which is {entry.path}: missing, cut short or altered")
        for entry in contents.values()
        if not vault.is_whole(place, entry.sha256, entry.bytes)
    ]


def require_whole(place: Path, backup: Backup) -> None:
    """Raises Faults where anything of a backup is missing or altered."""
    say(f"backup {backup.name}: reading {len(backup.files):,} files")
    faults = damage(place, backup)
    if faults:
        raise Faults(faults)


def _served(home: Path) -> str | None:
    pointer = Workspace(home, "published").current
    return Path(os.readlink(pointer)).name if pointer.is_symlink() else None


def _require_places(home: Path, place: Path) -> None:
    if not home.is_dir() or not any(home.iterdir()):
        raise Fault(
            f"backup of {home}",
            "nothing to back up",
            "a home with at least one refresh",
            "IMPACT_HOME names another folder",
            "set IMPACT_HOME to the home that is to be backed up",
        )
    if place.is_relative_to(home) or home.is_relative_to(place):
        raise Fault(
            f"backup of {home} into {place}",
            "one folder within the other",
            "a folder outside of the home, best on another disk",
            "a backup that lies in what it backs up is lost with it",
            "name another folder",
        )


def _alone(place: Path) -> Any:
    """The lock of the folder of backups."""
    from filelock import FileLock, Timeout

    lock = FileLock(place / "backup.lock")
    try:
        return lock.acquire(timeout=0)
    except Timeout as error:
        raise Fault(
            f"backups in {place}",
            "another backup that is at work there",
            "one at a time",
            "a timer or a colleague started it",
            "wait until it has ended",
        ) from error


def _known(place: Path) -> dict[tuple[str, int, int], str]:
    """The contents of the newest backup by path, size and time: what is as it was is not read again."""
    if not names(place):
        return {}
    return {(entry.path, entry.bytes, entry.mtime_ns): entry.sha256 for entry in read(place).files}


def _described(
    paths: Iterable[Path], home: Path, place: Path, known: dict[tuple[str, int, int], str]
) -> Iterable[Entry]:
    """Puts each file into the vault, and describes it. `known` grows by what was read."""
    for path in paths:
        if path.name.endswith(PASSING) or not (path.is_symlink() or path.is_dir() or path.is_file()):
            continue
        try:
            yield _describe(path, home, place, known)
        except FileNotFoundError:
            # Without the lock, a release may be leaving `waiting/`; under it, only Dagster removes anything.
            continue


def _describe(path: Path, home: Path, place: Path, known: dict[tuple[str, int, int], str]) -> Entry:
    told = path.lstat()
    name, mode = PurePosixPath(path.relative_to(home)).as_posix(), told.st_mode & 0o777
    if path.is_symlink():
        return Entry(name, "link", mode, told.st_mtime_ns, to=os.readlink(path))
    if path.is_dir():
        return Entry(name, "folder", mode, told.st_mtime_ns)
    sha256 = None if vault.is_database(path) else known.get((name, told.st_size, told.st_mtime_ns))
    if sha256 is None or not vault.is_there(place, sha256, told.st_size):
        say(f"backup: {name.rpartition('/')[0] or name}")
        sha256 = vault.put(place, path)
    size = vault.path_of(place, sha256).stat().st_size
    known[(name, size, told.st_mtime_ns)] = sha256
    return Entry(name, "file", mode, told.st_mtime_ns, size, sha256)


def _write(place: Path, entries: tuple[Entry, ...], served: str | None) -> Backup:
    taken_at = settings.now()
    content = {
        "format": FORMAT,
        "taken_at": taken_at.isoformat(),
        "code_version": code_version(),
        "served": served,
        "entries": [asdict(entry) for entry in entries],
    }
    text = json.dumps(content, indent=1)
    name = f"{taken_at.strftime(TIME)}-{_mark(text.encode())}"
    make_private(place / SNAPSHOTS)
    replace_text(place / SNAPSHOTS / f"{name}.json", text, is_private=True)
    return _parsed(name, content)


def _parsed(name: str, content: dict[str, Any]) -> Backup:
    if content["format"] != FORMAT:
        raise _damaged(name, f"format {content['format']}, which this version does not know")
    entries = tuple(Entry(**entry) for entry in content["entries"])
    return Backup(
        name, datetime.fromisoformat(content["taken_at"]), content["code_version"], content["served"], entries
    )


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:HASH_LENGTH]


def _prune(place: Path, keep: int | None) -> tuple[tuple[str, ...], int]:
    """Removes all but the newest. What the others need stays."""
    removed = names(place)[:-keep] if keep else []
    for name in removed:
        (place / SNAPSHOTS / f"{name}.json").unlink()
    if not removed:
        return (), 0
    needed = {entry.sha256 for name in names(place) for entry in read(place, name).files}
    return tuple(removed), vault.clear(place, needed)


def _size(place: Path) -> int:
    return sum(path.stat().st_size for path in (place / vault.OBJECTS).glob("*/*"))


def _damaged(name: str, found: str) -> Fault:
    return Fault(
        f"backup {name}",
        found,
        "every file of the list, each with its sha256",
        "the disk of the backups is failing, or somebody changed or removed a file there",
        "restore an older backup with --backup NAME, or another copy of this one; while the home is still there, "
        "remove what is named and run `impact backup` again",
    )
