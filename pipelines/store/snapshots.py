"""The raw store: every file as it arrived, under its own hash, never rewritten; and the lock that lists them.

Belongs here: copying, hashing, the lock. Does not belong here: looking into files.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.errors import Fault
from pipelines.store.arrivals import Arrival
from pipelines.store.whole import partial_of, put_in_place, replace_json

LOCK = "lock.json"
RECEIVED_AS = "received_as.txt"
VINTAGE_LENGTH = 12


@dataclass(frozen=True)
class Snapshot:
    """One file in the raw store. edition_start and edition_end: ISO days, or None for named editions.

    The order of snapshots in the lock is the order in which they became known. is_revision: the file's name
    says that it replaces another, so that it is the newer of the two even if it arrived first. url: where the file
    was fetched from; None for files that somebody brought. published_on: ISO day on which its server last changed it.
    part: which of the files that make up an edition; None where it is one file.
    """

    source_id: str
    edition: str
    edition_start: str | None
    edition_end: str | None
    file_format: str
    file_name: str
    sha256: str
    bytes: int
    fetched_at: str
    is_revision: bool = False
    url: str | None = None
    published_on: str | None = None
    part: str | None = None

    @property
    def vintage(self) -> str:
        """Short name of the content."""
        return self.sha256[:VINTAGE_LENGTH]

    @property
    def edition_part(self) -> tuple[str, str | None]:
        """What another file must be of to be a vintage beside this one: the edition, or its part."""
        return self.edition, self.part

    @property
    def stem(self) -> str:
        """Name of everything made from this file; safe in a file system, different for each vintage."""
        edition = hashlib.sha256(self.edition.encode()).hexdigest()[:8] if "/" in self.edition else self.edition
        return f"{edition}__{self.vintage}"

    def path(self, raw: Path) -> Path:
        """Where the bytes are."""
        return raw / self.source_id / self.stem / Path(self.file_name).name

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{self.source_id} {self.edition}, file {Path(self.file_name).name}"


def read_lock(raw: Path) -> list[Snapshot]:
    """All snapshots, oldest knowledge first."""
    path = raw / LOCK
    if not path.exists():
        return []
    return [Snapshot(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def of_source(raw: Path, source_id: str) -> list[Snapshot]:
    """The snapshots of one source, oldest knowledge first."""
    return [item for item in read_lock(raw) if item.source_id == source_id]


def take(
    arrivals: Iterable[Arrival],
    raw: Path,
    urls: Mapping[Path, str] | None = None,
    published: Mapping[Path, str] | None = None,
) -> list[Snapshot]:
    """Copies what is new into the store, adds it to the lock, and returns what is new.

    A file already held with the same bytes for the same edition is left alone. urls: where fetched files came from.
    published: ISO days on which their servers say that they were put there.
    """
    held = read_lock(raw)
    known = {(item.source_id, item.edition, item.sha256) for item in held}
    new: list[Snapshot] = []
    for arrival in arrivals:
        snapshot = _describe(arrival, (urls or {}).get(arrival.path), (published or {}).get(arrival.path))
        identity = (snapshot.source_id, snapshot.edition, snapshot.sha256)
        if identity not in known:
            known.add(identity)
            _store(arrival, snapshot, raw)
            new.append(snapshot)
    if new:
        _write_lock([*held, *new], raw)
    return new


def returned(arrivals: Iterable[Arrival], raw: Path) -> list[str]:
    """In words: files that came again with the content of an earlier vintage, while the newest did not come.

    A publisher that takes a revision back looks so, and so does a folder with old files.
    """
    arrivals = tuple(arrivals)
    came = {(item.source_id, item.edition.key, item.part, sha256_of(item.path)) for item in arrivals}
    newest = {(item.source_id, *item.edition_part): item for item in read_lock(raw)}
    editions = {(item.source_id, item.edition.key, item.part) for item in arrivals if not item.is_restricted}
    gone = [
        newest[each]
        for each in sorted(editions, key=str)
        if each in newest and (*each, newest[each].sha256) not in came
    ]
    return [
        f"{item.where}: an earlier vintage came again without this one, which stays in use; if the publisher took it "
        f"back: impact drop {item.source_id} {item.edition} --vintage {item.vintage} --reason '...'"
        for item in gone
    ]


def check(snapshot: Snapshot, raw: Path) -> Path:
    """The path of a stored file whose bytes are still those of the lock. Raises Fault otherwise."""
    path = snapshot.path(raw)
    found = sha256_of(path) if path.exists() else "no file"
    if found == snapshot.sha256:
        return path
    raise Fault(
        snapshot.where,
        f"in the raw store: {found}",
        f"sha256 {snapshot.sha256}",
        "somebody changed or deleted a file of the raw store",
        "restore it from a backup, or delete the entry from the lock and fetch the file again",
    )


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _describe(arrival: Arrival, url: str | None, published_on: str | None) -> Snapshot:
    start, end = arrival.edition.start, arrival.edition.end
    return Snapshot(
        source_id=arrival.source_id,
        edition=arrival.edition.key,
        edition_start=start.isoformat() if start else None,
        edition_end=end.isoformat() if end else None,
        file_format=arrival.file_format,
        file_name=arrival.kept_name,
        sha256=sha256_of(arrival.path),
        bytes=arrival.path.stat().st_size,
        fetched_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        is_revision=arrival.is_revision,
        url=url,
        published_on=published_on,
        part=arrival.part,
    )


def _store(arrival: Arrival, snapshot: Snapshot, raw: Path) -> None:
    target = snapshot.path(raw)
    target.parent.mkdir(parents=True, exist_ok=True)
    if arrival.is_restricted:
        make_private(raw / snapshot.source_id)
        _write_name(arrival.name, target.parent)
    partial = partial_of(target)
    shutil.copyfile(arrival.path, partial)
    partial.chmod(0o400 if arrival.is_restricted else 0o444)
    put_in_place(partial, target)


def make_private(folder: Path) -> None:
    """A folder that nobody but the owner of this process can look into."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _write_name(name: str, folder: Path) -> None:
    """The name under which a restricted file arrived, for whoever must write to its sender."""
    path = folder / RECEIVED_AS
    path.touch(mode=0o600)
    path.write_text(f"{name}\n", encoding="utf-8")


def _write_lock(snapshots: list[Snapshot], raw: Path) -> None:
    replace_json(raw / LOCK, [asdict(item) for item in snapshots])
