"""Which files of a folder belong to which source and edition.

Belongs here: matching names to the patterns of the source YAMLs, and a record of what matched none.
Does not belong here: opening the files.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipelines.errors import Fault
from pipelines.harmonise.periods import Edition, covered, edition_of
from pipelines.settings import Workspace
from pipelines.store.whole import replace_json
from schemas.source import FilePattern, NoSource, Source

LEFT = "left_alone.json"

PSEUDONYM_LENGTH = 12


@dataclass(frozen=True)
class Arrival:
    """One file that a source claims.

    is_revision: its name says that it replaces another of its edition. part: which of the files that make up the
    edition, where there are several.
    name: as it arrived. is_restricted: the name, too, may be personal, so that the edition is a pseudonym of it.
    """

    path: Path
    name: str
    source_id: str
    edition: Edition
    file_format: str
    is_revision: bool
    part: str | None = None
    is_restricted: bool = False

    @property
    def kept_name(self) -> str:
        """The name under which everything after the raw store knows the file."""
        return f"{self.edition.key}{self.path.suffix}" if self.is_restricted else self.name


@dataclass(frozen=True)
class Told:
    """What a file's name tells of it."""

    edition: Edition
    file_format: str
    is_revision: bool
    part: str | None = None


@dataclass(frozen=True)
class Arrivals:
    """claimed: in the order in which they follow and supersede each other.

    unclaimed: files that no source knows. out_of_scope: files known to be no source, with the reason.
    """

    claimed: tuple[Arrival, ...]
    unclaimed: tuple[str, ...]
    out_of_scope: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Left:
    """What the last refresh left alone: no source knows it, it is known to be none, or it cannot be read."""

    unclaimed: tuple[str, ...] = ()
    out_of_scope: dict[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


def note_left(workspace: Workspace, left: Left) -> None:
    """Puts it on record for `impact status`."""
    replace_json(workspace.kept / LEFT, asdict(left))


def read_left(workspace: Workspace) -> Left:
    """What the last refresh put on record; nothing where there was none."""
    path = workspace.kept / LEFT
    return Left(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Left()


def look_into(
    folder: Path | None, sources: Iterable[Source], leave_out: Path | None = None, no_source: Iterable[NoSource] = ()
) -> Arrivals:
    """Matches every file below the folder, but not those below leave_out.

    no_source: patterns of files to be named as out of scope where no source claims them.
    Raises Fault where the folder is not there.
    """
    if folder is None:
        return Arrivals((), ())
    require_folder(folder)
    sources, no_source = tuple(sources), tuple(no_source)
    paths = sorted(path for path in folder.rglob("*") if _counts(path, folder, leave_out))
    found = [(path.relative_to(folder).as_posix(), _claim(path, folder, sources)) for path in paths]
    claimed = sorted((hit for _, hit in found if hit), key=lambda hit: (hit.edition.key, hit.is_revision, hit.name))
    left = [name for name, hit in found if not hit]
    reasons = {name: _reason(name, no_source) for name in left}
    known = {name: reason for name, reason in reasons.items() if reason}
    return Arrivals(tuple(claimed), tuple(name for name in left if name not in known), known)


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
        told = recognise(name, source)
        if told:
            edition = _pseudonym(name) if source.is_restricted else told.edition
            rest = (told.file_format, told.is_revision, told.part, source.is_restricted)
            return Arrival(path, name, source.source_id, edition, *rest)
    return None


def _pseudonym(name: str) -> Edition:
    return Edition(hashlib.sha256(name.encode()).hexdigest()[:PSEUDONYM_LENGTH])


def _reason(name: str, no_source: Iterable[NoSource]) -> str | None:
    """Why the file of this name is no source; None where nothing is known of it."""
    return next((item.reason for item in no_source if re.fullmatch(item.match, Path(name).name)), None)


def recognise(name: str, source: Source) -> Told | None:
    """What this file name tells by the first pattern of the source that fits; None where none does."""
    for pattern in source.files:
        match = re.fullmatch(pattern.match, name)
        if match:
            return _told(source, pattern, {**match.groupdict(), **pattern.known})
    return None


def _told(source: Source, pattern: FilePattern, groups: dict[str, str | None]) -> Told | None:
    try:
        edition = edition_of(groups)
        if source.covers:
            edition = covered(edition, source.covers.months, source.covers.ends_months_before)
    except ValueError:
        return None
    return Told(edition, pattern.format, bool(groups.get("revised")), groups.get("part"))
