"""What was fetched, from where and when, and what went wrong the last time: one JSON file beside the files.

Belongs here: reading and writing the log. Does not belong here: asking servers (downloading.py), deciding what
is new (fetching.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from email.utils import parsedate_to_datetime
from pathlib import Path

from pipelines.errors import Fault

LOG = "log.json"


@dataclass(frozen=True)
class Entry:
    """One content that was found under one address. url: as linked. page: where the link stood, or None.

    edition: key, as told by the name. etag and last_modified: for the next conditional request. stored: the files
    that came out of it, below the folder of fetched files. fetched_at, checked_at: ISO times in UTC.
    """

    source_id: str
    url: str
    page: str | None
    file_name: str
    edition: str
    sha256: str
    bytes: int
    etag: str | None
    last_modified: str | None
    stored: tuple[str, ...]
    fetched_at: str
    checked_at: str


@dataclass
class Log:
    """entries: in the order in which they became known. faults: of the latest try, by source."""

    folder: Path
    entries: list[Entry] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)

    def under(self, source_id: str, url: str) -> Entry | None:
        """The newest content of this address whose files are still there."""
        return self._newest(lambda entry: (entry.source_id, entry.url) == (source_id, url))

    def with_content(self, source_id: str, sha256: str) -> Entry | None:
        """The newest entry of the source with these bytes whose files are still there."""
        return self._newest(lambda entry: (entry.source_id, entry.sha256) == (source_id, sha256))

    def _newest(self, fits: Callable[[Entry], bool]) -> Entry | None:
        found = [entry for entry in self.entries if fits(entry) and self._is_there(entry)]
        return found[-1] if found else None

    def _is_there(self, entry: Entry) -> bool:
        return all((self.folder / name).is_file() for name in entry.stored)

    def newest_edition(self, source_id: str) -> str:
        """The key of the newest edition that was ever fetched; '' for none."""
        return max((entry.edition for entry in self.entries if entry.source_id == source_id), default="")

    def urls(self) -> dict[Path, str]:
        """Where each fetched file came from; the first address, where several held the same bytes."""
        return {self.folder / name: entry.url for entry in reversed(self.entries) for name in entry.stored}

    def published(self) -> dict[Path, str]:
        """ISO day on which the server says that each fetched file was put there, where it says so."""
        return {
            self.folder / name: parsedate_to_datetime(entry.last_modified).date().isoformat()
            for entry in reversed(self.entries)
            for name in entry.stored
            if entry.last_modified
        }

    def add(self, entry: Entry) -> None:
        """Notes new content, at once on disk."""
        self.entries.append(entry)
        self.write()

    def checked(self, entry: Entry, at: str, etag: str | None, last_modified: str | None) -> None:
        """Notes that the address still holds this content, and what to ask with the next time."""
        changed = replace(entry, checked_at=at, etag=etag, last_modified=last_modified)
        self.entries[self.entries.index(entry)] = changed
        self.write()

    def write(self) -> None:
        """Replaces the file in one step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {
            "entries": [asdict(entry) for entry in self.entries],
            "faults": {source_id: [fault.as_dict() for fault in faults] for source_id, faults in self.faults.items()},
        }
        partial = self.folder / f".{LOG}.partial"
        partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
        os.replace(partial, self.folder / LOG)


def read_log(folder: Path) -> Log:
    """The log of this folder; an empty one where nothing was fetched yet."""
    path = folder / LOG
    if not path.exists():
        return Log(folder)
    content = json.loads(path.read_text(encoding="utf-8"))
    entries = [Entry(**{**entry, "stored": tuple(entry["stored"])}) for entry in content["entries"]]
    faults = {source_id: [Fault(**fault) for fault in faults] for source_id, faults in content["faults"].items()}
    return Log(folder, entries, faults)
