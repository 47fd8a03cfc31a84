"""The journal of a run that fetches records one by one: what a stopped run already has is not asked for again.

Belongs here: writing, reading back after a stop, and turning a journal into one file. Does not belong here:
requests (api.py), what a record says (readers/bodies.py).
"""

from __future__ import annotations

import gzip
import heapq
import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """day: ISO day on which the run began. since: first day of the changes asked for; None asks for all records."""

    day: str
    since: str | None


class Journal:
    """One line for the run, then one for each record or for the reason why there is none; each is flushed."""

    def __init__(self, path: Path, run: Run) -> None:
        self.path = path
        self.run = run
        self.gone: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._done: set[str] = set()

    def __enter__(self) -> Journal:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self.path.open("a+b")
        self._drop_broken_line()
        self._read_back()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stream.close()

    def has(self, asked: str) -> bool:
        """Whether this id was answered, in whatever case it was written."""
        return asked.upper() in self._done

    def add(self, asked: str, found: str, body: Body) -> None:
        """Keeps the record that was asked for under one id and calls itself by another, or by the same."""
        self._write({"asked": asked, "id": found, "body": body})

    def add_gone(self, asked: str, reason: str) -> None:
        """Keeps the reason why there is no record."""
        self._write({"asked": asked, "gone": reason})

    def bodies(self) -> Iterator[tuple[str, bytes]]:
        """Id and record in canonical bytes, sorted by id."""
        for found in sorted(self._places):
            self._stream.seek(self._places[found])
            yield found, canonical(json.loads(self._stream.readline())["body"])

    def _write(self, entry: dict[str, Any]) -> None:
        self._stream.seek(0, os.SEEK_END)
        place = self._stream.tell()
        self._stream.write(canonical(entry))
        self._stream.flush()
        self._note(entry, place)

    def _note(self, entry: dict[str, Any], place: int) -> None:
        self._done.add(entry["asked"].upper())
        if "gone" in entry:
            self.gone[entry["asked"]] = entry["gone"]
        else:
            self._places[entry["id"]] = place

    def _drop_broken_line(self) -> None:
        """A run that was killed while it wrote leaves half a line."""
        content_end = self._stream.seek(0, os.SEEK_END)
        self._stream.seek(0)
        whole = sum(len(line) for line in self._stream if line.endswith(b"\n"))
        if whole < content_end:
            self._stream.truncate(whole)

    def _read_back(self) -> None:
        self._stream.seek(0)
        first = self._stream.readline()
        if not first:
            self._stream.write(canonical(asdict(self.run)))
            self._stream.flush()
            return
        self.run = Run(**json.loads(first))
        place = self._stream.tell()
        for line in iter(self._stream.readline, b""):
            self._note(json.loads(line), place)
            place += len(line)


def run_of(path: Path) -> Run | None:
    """The run whose journal this is; None where there is none, or it was stopped before its first line was whole."""
    with path.open("rb") if path.exists() else io.BytesIO() as stream:
        first = stream.readline()
    return Run(**json.loads(first)) if first.endswith(b"\n") else None


def canonical(value: dict[str, Any]) -> bytes:
    """One line of JSON that depends on the content alone."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def write_records(journal: Journal, previous: Path | None, id_key: str, target: Path) -> int:
    """One file of all records, sorted by id: those of the journal, and those of the file before that it lacks.

    The bytes depend on the records alone. Returns how many there are.
    """
    unchanged = (item for item in _records(previous, id_key) if not journal.has(item[0])) if previous else iter(())
    count = 0
    partial = target.with_name(f".{target.name}.partial")
    with partial.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
        for _, line in heapq.merge(unchanged, journal.bodies()):
            packed.write(line)
            count += 1
    os.replace(partial, target)
    return count


def _records(path: Path, id_key: str) -> Iterator[tuple[str, bytes]]:
    with gzip.open(path) as stream:
        for line in stream:
            yield str(json.loads(line)[id_key]), line
