"""Files of backups under the hash of their content: what two backups share lies there once.

Belongs here: putting a file in, taking it out, and whether it is still what it was. Does not belong here: which files
(state.py), or the list of a backup (backup.py).
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from pipelines.errors import Fault
from pipelines.store.snapshots import make_private, sha256_of
from pipelines.store.whole import partial_of, put_in_place

OBJECTS = "objects"
DATABASE = b"SQLite format 3\x00"
ATTEMPTS = 3


def path_of(place: Path, sha256: str) -> Path:
    """Where the file with this content lies in the folder of backups."""
    return place / name_of(sha256)


def name_of(sha256: str) -> str:
    """The same below that folder."""
    return f"{OBJECTS}/{sha256[:2]}/{sha256}"


def put(place: Path, source: Path) -> str:
    """Copies a file unless its content is there already, reads the copy again, and returns its sha256.

    Raises Fault where the copy is not what was read, three times.
    """
    if is_database(source):
        return _put_database(place, source)
    for _ in range(ATTEMPTS):
        sha256 = sha256_of(source)
        if path_of(place, sha256).exists() or _copy(place, source, sha256):
            return sha256
    raise Fault(
        f"backup of {source.name}",
        "a copy that is not what was read, three times",
        "a file that stays as it is while it is copied, and a disk that keeps what is written",
        f"another program writes to {source}, or the disk of the backups is failing",
        "look at the disk's own report; then run `impact backup` again",
    )


def is_there(place: Path, sha256: str, size: int) -> bool:
    """Whether a file of this size lies there; its content is not looked at."""
    path = path_of(place, sha256)
    return path.is_file() and path.stat().st_size == size


def is_whole(place: Path, sha256: str, size: int) -> bool:
    """Whether the file with this content is there, and has it still."""
    return is_there(place, sha256, size) and sha256_of(path_of(place, sha256)) == sha256


def take(place: Path, sha256: str, target: Path) -> None:
    """Writes the file with this content to a new place. Raises Fault where what arrives is something else."""
    shutil.copyfile(path_of(place, sha256), target)
    if sha256_of(target) != sha256:
        raise Fault(
            f"restore of {target.name}",
            "a copy that is not what the backup holds",
            "the same bytes",
            "the disk of the home is full or failing",
            "look at the disk's own report; then restore onto another one",
        )


def clear(place: Path, needed: set[str]) -> int:
    """Removes what no backup needs any more. Returns the bytes that this set free."""
    unneeded = [path for path in (place / OBJECTS).glob("*/*") if path.name not in needed]
    freed = sum(path.stat().st_size for path in unneeded)
    for path in unneeded:
        path.unlink()
    return freed


def _copy(place: Path, source: Path, sha256: str) -> bool:
    """Whether the copy has this content; it gets its name only then."""
    target = path_of(place, sha256)
    for folder in (target.parent.parent, target.parent):
        make_private(folder)
    partial = partial_of(target, is_private=True)
    shutil.copyfile(source, partial)
    is_same = sha256_of(partial) == sha256
    if is_same:
        partial.chmod(0o400)
        put_in_place(partial, target)
    else:
        partial.unlink()
    return is_same


def is_database(path: Path) -> bool:
    """Whether a file is a database of SQLite, to which Dagster may be writing."""
    if path.suffix != ".db":
        return False
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE


def _put_database(place: Path, source: Path) -> str:
    """By SQLite's own way, because Dagster may be writing to it."""
    aside = partial_of(place / source.name, is_private=True)
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(aside)) as copy:
        live.backup(copy)
    sha256 = sha256_of(aside)
    if not path_of(place, sha256).exists():
        _copy(place, aside, sha256)
    aside.unlink()
    return sha256
