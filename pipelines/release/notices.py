"""What was said of a release after it went out: corrected, withdrawn, rolled back, taken up again.

Belongs here: the record of it, to which events are only ever added. Does not belong here: which of it makes sense
(after.py), or how readers are told (alerts.py). A release itself is never rewritten: the record is
`releases/<version>.notice.json`, next to its folder, and stays when the folder has to be erased.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines import settings
from pipelines.release.manifest import MANIFEST, read_manifest
from pipelines.release.promote import VERSION, version_parts
from pipelines.settings import Workspace
from pipelines.store.snapshots import sha256_of
from pipelines.store.whole import replace_json

Kind = Literal["corrected", "withdrawn", "rolled_back", "reinstated"]
STANDING = ("withdrawn", "rolled_back", "corrected")
"""What may hold of a release, the gravest first."""
UNDOES = {"reinstated": "rolled_back"}
SUFFIX = ".notice.json"


@dataclass(frozen=True)
class Event:
    """One thing said of a release. The person's name stays in this record; the reason is public.

    at: UTC, ISO 8601. release: the one that corrects it, or that is served in its place, if there is one.
    """

    kind: Kind
    at: str
    reason: str
    by: str
    release: str | None


@dataclass(frozen=True)
class Facts:
    """What a release is, told by its manifest. `rows` is the sum over its tables.

    out_at: when it could first be read: the end of its embargo, or, where it had none, when it was built. UTC.
    corrects: the release that it is a patch of, with what was wrong there.
    """

    release_id: str
    is_synthetic: bool
    built_at: str
    out_at: str
    schema_version: int
    tables: int
    rows: int
    manifest_sha256: str
    corrects: str | None
    correction_reason: str | None

    @property
    def origin(self) -> settings.Origin:
        """The data that it holds."""
        return "synthetic" if self.is_synthetic else "published"


def path_of(workspace: Workspace, version: str) -> Path:
    """Where the record of a release lies, if there is one."""
    return workspace.releases / f"{version}{SUFFIX}"


def versions(workspace: Workspace) -> list[str]:
    """Every release there ever was, oldest version first; one that was erased has left its record."""
    if not workspace.releases.is_dir():
        return []
    found = {path.name.removesuffix(SUFFIX) for path in workspace.releases.iterdir()}
    return sorted((name for name in found if VERSION.fullmatch(name)), key=version_parts)


def facts(workspace: Workspace, version: str) -> Facts:
    """From the release itself, or, where it was erased, from its record."""
    folder = workspace.releases / version
    if not (folder / MANIFEST).is_file():
        return Facts(**_read(workspace, version)["release"])
    manifest = read_manifest(folder)
    rows = manifest["tables"].values()
    kept = {name: manifest[name] for name in ("release_id", "is_synthetic", "built_at", "schema_version")}
    out_at = (manifest.get("calendar") or {}).get("ends_at", manifest["built_at"])
    kept |= {name: manifest.get(name) for name in ("corrects", "correction_reason")}
    return Facts(**kept, out_at=out_at, tables=len(rows), rows=sum(rows), manifest_sha256=sha256_of(folder / MANIFEST))


def events(workspace: Workspace, version: str) -> list[Event]:
    """All that was said of a release, oldest first."""
    if not path_of(workspace, version).exists():
        return []
    return [Event(**event) for event in _read(workspace, version)["events"]]


def holding(told: Sequence[Event]) -> list[Event]:
    """What holds of a release now, the gravest first. A rollback holds until the release is taken up again."""
    last: dict[str, Event] = {}
    for event in told:
        last.pop(UNDOES.get(event.kind, ""), None)
        last[event.kind] = event
    return [last[kind] for kind in STANDING if kind in last]


def standing(told: Sequence[Event]) -> Event | None:
    """The gravest of what holds of a release now, None for nothing."""
    return next(iter(holding(told)), None)


def add(workspace: Workspace, version: str, kind: Kind, reason: str, by: str, release: str | None) -> Event:
    """Adds an event to the record of a release, in one step."""
    event = Event(kind, settings.now().isoformat(timespec="seconds"), reason.strip(), by, release)
    told = [*events(workspace, version), event]
    content = {"release": asdict(facts(workspace, version)), "events": [asdict(each) for each in told]}
    replace_json(path_of(workspace, version), content)
    return event


def _read(workspace: Workspace, version: str) -> dict[str, Any]:
    return json.loads(path_of(workspace, version).read_text(encoding="utf-8"))
