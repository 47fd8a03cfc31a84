"""Which files of a folder belong to which source and edition.

Belongs here: matching names to the patterns of the source YAMLs. Does not belong here: opening the files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import Fault
from pipelines.harmonise.periods import Edition, covered, edition_of
from schemas.source import FilePattern, Source

PSEUDONYM_LENGTH = 12


@dataclass(frozen=True)
class Arrival:
    """One file that a source claims. is_revision: its name says that it replaces another of its edition.

    name: as it arrived. is_restricted: the name, too, may be personal, so that the edition is a pseudonym of it.
    """

    path: Path
    name: str
    source_id: str
    edition: Edition
    file_format: str
    is_revision: bool
    is_restricted: bool = False

    @property
    def kept_name(self) -> str:
        """The name under which everything after the raw store knows the file."""
        return f"{self.edition.key}{self.path.suffix}" if self.is_restricted else self.name


@dataclass(frozen=True)
class Arrivals:
    """claimed: in the order in which they supersede each other. unclaimed: files that no source knows."""

    claimed: tuple[Arrival, ...]
    unclaimed: tuple[str, ...]


def look_into(folder: Path | None, sources: Iterable[Source], leave_out: Path | None = None) -> Arrivals:
    """Matches every file below the folder, but not those below leave_out.

    Raises Fault where the folder is not there.
    """
    if folder is None:
        return Arrivals((), ())
    require_folder(folder)
    sources = tuple(sources)
    paths = sorted(path for path in folder.rglob("*") if _counts(path, folder, leave_out))
    found = [(path.relative_to(folder).as_posix(), _claim(path, folder, sources)) for path in paths]
    claimed = sorted((hit for _, hit in found if hit), key=lambda hit: (hit.is_revision, hit.name))
    return Arrivals(tuple(claimed), tuple(name for name, hit in found if not hit))


def require_folder(folder: Path) -> None:
    """Raises Fault where the folder is not there."""
    if folder.is_dir():
        return
    raise Fault(
        f"folder {folder}",
        "no such folder",
        "a folder with files, at any depth",
        "a misspelt path",
        "check the path and run the command again",
    )


def _counts(path: Path, folder: Path, leave_out: Path | None) -> bool:
    """Whether to look at this path: a file, outside hidden folders such as `.impact/`, and not left out."""
    is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    is_left_out = leave_out is not None and path.is_relative_to(leave_out)
    return path.is_file() and not is_hidden and not is_left_out


def _claim(path: Path, folder: Path, sources: Iterable[Source]) -> Arrival | None:
    for source in sources:
        # In an inbox two senders may use one file name, so the path below the inbox is part of it.
        name = path.relative_to(folder).as_posix() if source.is_inbox else path.name
        for pattern in source.files:
            match = re.fullmatch(pattern.match, name)
            if match:
                return _arrival(path, name, source, pattern, {**match.groupdict(), **pattern.known})
    return None


def _arrival(
    path: Path, name: str, source: Source, pattern: FilePattern, groups: dict[str, str | None]
) -> Arrival | None:
    try:
        edition = edition_of(groups)
        if source.covers:
            edition = covered(edition, source.covers.months, source.covers.ends_months_before)
    except ValueError:
        return None
    if source.is_restricted:
        edition = Edition(hashlib.sha256(name.encode()).hexdigest()[:PSEUDONYM_LENGTH])
    is_revision = bool(groups.get("revised"))
    return Arrival(path, name, source.source_id, edition, pattern.format, is_revision, source.is_restricted)
