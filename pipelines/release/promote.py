"""Making a checked candidate the release that readers see, or putting on record why not.

Belongs here: version numbers, immutable release folders, and the pointer that is flipped. Does not belong
here: judging (gate.py) and what a release consists of (candidate.py, export.py, manifest.py).

A release is a folder that is never written again; readers follow `serving/current`, a link that is replaced
in one step. So a reader has the old release or the new one, whole, at any moment.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import settings
from pipelines.errors import Fault, Faults, together
from pipelines.release.manifest import MANIFEST, read_manifest, verify_or_raise
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from pipelines.release.gate import GateResult

WHY = "why.md"
VERSION = re.compile(r"(\d{4})\.(\d+)\.(\d+)")


class Refused(Faults):
    """The gate refused a candidate. `folder` holds the reasons; what is served has not changed."""

    def __init__(self, faults: list[Fault], folder: Path) -> None:
        super().__init__(faults)
        self.folder = folder


@dataclass(frozen=True)
class Release:
    """One release as a list of releases shows it. `rows` is the sum over its tables."""

    release_id: str
    built_at: str
    is_synthetic: bool
    tables: int
    rows: int
    is_serving: bool


def next_version(releases: Path, today: date) -> str:
    """The next `YYYY.N.0`: N counts the year's releases; a correction keeps N and raises the last part."""
    numbers = [number for year, number, _ in map(version_parts, _taken(releases)) if year == today.year]
    return f"{today.year}.{max(numbers, default=0) + 1}.0"


def require_ready(candidate: Path, workspace: Workspace, version: str, allow_replace: bool = False) -> None:
    """Raises Fault or Faults where the gate has not passed, a file is not as the manifest says, the version exists
    already, or invented figures would replace published ones (`allow_replace`)."""
    _require_passed(candidate, version)
    _require_origin(candidate, workspace, allow_replace)
    if (workspace.releases / version).exists():
        raise _exists(version)


def put_in_place(candidate: Path, workspace: Workspace, version: str) -> Path:
    """Move a candidate that is ready to `releases/<version>`; nobody reads it there yet. Returns its folder.

    The candidate must lie on the same file system as the releases.
    """
    release = workspace.releases / version
    workspace.releases.mkdir(parents=True, exist_ok=True)
    _sync(candidate)
    os.rename(candidate, release)
    _sync_folder(workspace.releases)
    return release


def seal_and_serve(workspace: Workspace, version: str) -> None:
    """What follows once a release lies in its place: make it read-only, and serve it. May be repeated."""
    _make_read_only(workspace.releases / version)
    serve(workspace, version)


def serve(workspace: Workspace, version: str) -> None:
    """Point `serving/current` at a release in one step; also the way back to an earlier one."""
    if not (workspace.releases / version / MANIFEST).is_file():
        raise Fault(
            where=f"release {version}: cannot be served",
            found="no such release",
            expected=f"one of: {', '.join(_folders(workspace.releases)) or 'none yet'}",
            likely="the version was mistyped, or it was never published",
            todo="list the releases and choose one of them",
        )
    workspace.current.parent.mkdir(parents=True, exist_ok=True)
    aside = workspace.current.with_name(".current.partial")
    aside.unlink(missing_ok=True)
    aside.symlink_to(Path("..") / workspace.releases.name / version)
    os.replace(aside, workspace.current)
    _sync_folder(workspace.current.parent)


def refuse(candidate: Path, result: GateResult, workspace: Workspace) -> None:
    """Write the reasons to `refused/<time>/` and raise Refused. The candidate stays for inspection.

    `why.md` is for people, `reasons.txt` and `gate.json` for whoever mends it.
    """
    from pipelines.release.why import why

    moment = settings.now()
    folder = workspace.refused / moment.strftime("%Y%m%dT%H%M%S.%fZ")
    making = folder.with_name(f".{folder.name}.partial")
    making.mkdir(parents=True)
    served = current_release(workspace)
    told = why(result, workspace, served.name if served else None, moment)
    (making / WHY).write_text(told, encoding="utf-8")
    (making / "gate.json").write_text(result.as_json(), encoding="utf-8")
    reasons = "\n\n".join(str(fault) for fault in result.faults)
    heading = f"Candidate {result.release_id} in {candidate.name}/ was refused. Nothing served has changed."
    (making / "reasons.txt").write_text(f"{heading}\n\n{reasons}\n", encoding="utf-8")
    os.rename(making, folder)
    raise Refused(together(result.faults), folder)


def current_release(workspace: Workspace) -> Path | None:
    """The folder of the release being served, or None."""
    return workspace.current.resolve() if workspace.current.exists() else None


def published_here(workspace: Workspace) -> str | None:
    """The release with published data that readers get here, or would get if it had not been taken back; None for none.

    Readers of a place where published figures were do not look for invented ones there.
    """
    served = current_release(workspace)
    if served:
        return None if read_manifest(served)["is_synthetic"] else served.name
    real = [release.release_id for release in list_releases(workspace) if not release.is_synthetic]
    return real[-1] if real else None


def list_releases(workspace: Workspace) -> list[Release]:
    """All releases, oldest version first."""
    served = current_release(workspace)
    return [_summary(workspace.releases / name, served) for name in _folders(workspace.releases)]


def _summary(folder: Path, served: Path | None) -> Release:
    manifest = read_manifest(folder)
    rows = manifest["tables"].values()
    return Release(
        release_id=manifest["release_id"],
        built_at=manifest["built_at"],
        is_synthetic=manifest["is_synthetic"],
        tables=len(rows),
        rows=sum(rows),
        is_serving=served == folder.resolve(),
    )


def _folders(releases: Path) -> list[str]:
    """The names of release folders, oldest version first."""
    if not releases.is_dir():
        return []
    names = [path.name for path in releases.iterdir() if path.is_dir() and VERSION.fullmatch(path.name)]
    return sorted(names, key=version_parts)


def _taken(releases: Path) -> list[str]:
    """Every version that was ever used: a release that had to be erased has left its notice."""
    return [*_folders(releases), *(path.name.removesuffix(".notice.json") for path in releases.glob("*.notice.json"))]


def version_parts(version: str) -> tuple[int, ...]:
    """The numbers of a version, in which versions come one after the other."""
    return tuple(int(part) for part in version.split("."))


def _require_passed(candidate: Path, version: str) -> None:
    verify_or_raise(candidate)
    gate = candidate / "gate.json"
    verdict = json.loads(gate.read_text(encoding="utf-8")) if gate.exists() else {}
    ids = {read_manifest(candidate)["release_id"], verdict.get("release_id")}
    if verdict.get("passed") is not True or ids != {version} or not VERSION.fullmatch(version):
        raise Fault(
            where=f"release {version}: the candidate may not be published",
            found=f"gate passed: {verdict.get('passed')}, made for: {', '.join(sorted(map(str, ids)))}",
            expected=f"a gate that passed for version {version}",
            likely="the gate was left out, or the candidate was built for another version",
            todo="build the candidate for this version, run the gate, then publish",
        )


def _require_origin(candidate: Path, workspace: Workspace, allow_replace: bool) -> None:
    real = published_here(workspace)
    if real and read_manifest(candidate)["is_synthetic"] and not allow_replace:
        raise Fault(
            where="a synthetic release would replace a published one",
            found=f"{real} holds published data and is being served, or was until it was taken back",
            expected="published data are replaced by published data only",
            likely="IMPACT_ORIGIN or IMPACT_HOME is that of another workspace",
            todo="use a home of its own for synthetic data, or allow the replacement expressly",
        )


def _exists(version: str) -> Fault:
    return Fault(
        where=f"release {version} exists already",
        found=f"a folder releases/{version}",
        expected="a version that was never used: releases are not rewritten",
        likely="two runs took the same version, or a run was stopped before it served its release",
        todo="run again: the next free version is taken",
    )


def _sync(folder: Path) -> None:
    """Bring every file to disk before anything points at it."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            _sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_read_only(release: Path) -> None:
    for path in [*release.rglob("*"), release]:
        path.chmod(0o555 if path.is_dir() else 0o444)
