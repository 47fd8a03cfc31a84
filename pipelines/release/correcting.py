"""The correction of a release that is out: an intention, kept until the patch that carries it is out.

Belongs here: asking for a correction, giving it up, and the version that the next build bears. Does not belong here:
corrections of publishers' figures (sources/corrections/), or whether the patch may go out (approval). A patch is
exempt from the calendar's date, not from approval.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import settings
from pipelines.errors import Fault
from pipelines.release import notices
from pipelines.release.notices import Facts
from pipelines.release.promote import next_version, version_parts
from pipelines.settings import Workspace
from pipelines.store.whole import replace_json


@dataclass(frozen=True)
class Intention:
    """That the next build corrects a release. The person's name stays in this file; the reason is public."""

    corrects: str
    version: str
    reason: str
    by: str
    asked_at: str


def path_of(workspace: Workspace) -> Path:
    """Beside what cannot be rebuilt: nothing else knows of it."""
    return workspace.kept / "correction.json"


def pending(workspace: Workspace) -> Intention | None:
    """The correction that the next build is to carry, if there is one."""
    path = path_of(workspace)
    return Intention(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def version_to_build(workspace: Workspace, today: date) -> str:
    """The version of the next build: the patch that was asked for, or the year's next release.

    Raises Fault where a later release went out before the patch was built: the patch would take its place.
    """
    intended = pending(workspace)
    if intended is None or _is_out(workspace, intended):
        return next_version(workspace.releases, today)
    later = in_force_after(workspace, intended.corrects)
    if later:
        raise _overtaken(intended, later[-1])
    return intended.version


def ask(workspace: Workspace, version: str, reason: str, by: str) -> Intention:
    """Keeps the intention to correct a release with the next build. The caller has looked whether it makes sense."""
    asked_at = settings.now().isoformat(timespec="seconds")
    intended = Intention(version, patch_of(workspace, version), reason.strip(), by, asked_at)
    _write(workspace, intended)
    return intended


def give_up(workspace: Workspace) -> None:
    """Forgets the intention; the next build is an ordinary release again."""
    path_of(workspace).unlink(missing_ok=True)


def intend_again(workspace: Workspace, manifest: dict[str, Any]) -> None:
    """What was pending when a release was built, in a home where it is built again."""
    give_up(workspace)
    if manifest["corrects"]:
        corrects, reason, built_at = (manifest[name] for name in ("corrects", "correction_reason", "built_at"))
        _write(workspace, Intention(corrects, manifest["release_id"], reason, "", built_at))


def carried_by(workspace: Workspace, version: str) -> dict[str, str] | None:
    """What the manifest of a build says if it is a correction: of which release, and what was wrong."""
    intended = pending(workspace)
    if intended is None or intended.version != version:
        return None
    return {"corrects": intended.corrects, "correction_reason": intended.reason}


def note_what_is_out(workspace: Workspace) -> None:
    """Tells beside each release that a patch which is out has corrected it, and forgets the intention. Repeatable."""
    intended = pending(workspace)
    for version in notices.versions(workspace):
        patch = notices.facts(workspace, version)
        if patch.corrects and patch.origin == workspace.origin:
            _note(workspace, patch, intended.by if intended and intended.version == version else "")
    if intended and _is_out(workspace, intended):
        give_up(workspace)


def _note(workspace: Workspace, patch: Facts, by: str) -> None:
    told = {(event.kind, event.release) for event in notices.events(workspace, patch.corrects)}
    if ("corrected", patch.release_id) not in told:
        notices.add(workspace, patch.corrects, "corrected", patch.correction_reason, by, patch.release_id)


def patch_of(workspace: Workspace, version: str) -> str:
    """The next patch of the line of a release."""
    year, number, _ = version_parts(version)
    line = [version_parts(each)[2] for each in notices.versions(workspace) if version_parts(each)[:2] == (year, number)]
    return f"{year}.{number}.{max(line) + 1}"


def in_force_after(workspace: Workspace, version: str) -> list[str]:
    """Later releases of the same data that nobody took back, oldest first."""
    later = [each for each in notices.versions(workspace) if version_parts(each) > version_parts(version)]
    return [each for each in later if _is_in_force(workspace, each)]


def _write(workspace: Workspace, intended: Intention) -> None:
    replace_json(path_of(workspace), asdict(intended))


def _is_out(workspace: Workspace, intended: Intention) -> bool:
    return (workspace.releases / intended.version).is_dir()


def _is_in_force(workspace: Workspace, version: str) -> bool:
    held = notices.standing(notices.events(workspace, version))
    is_back = held is not None and held.kind in ("withdrawn", "rolled_back")
    return not is_back and notices.facts(workspace, version).origin == workspace.origin


def _overtaken(intended: Intention, later: str) -> Fault:
    return Fault(
        where=f"correction of release {intended.corrects}",
        found=f"release {later} is out since",
        expected=f"{intended.version} as the next release, with nothing in between",
        likely="a release that waited for its approval went out after the correction was asked for",
        todo=f"`impact release correct {intended.corrects} --cancel`; if {later} is wrong as well, correct it instead",
    )
