"""Putting out a release that waits: everything that must hold, and what is taken down when it goes.

Belongs here: the order of it, and whether what the release was built against still stands. Does not belong here: the
approval (approval.py), the calendar (embargo.py), the pointer (promote.py).

There is no way to put a release out before its date, and none to leave out the approval.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pipelines import settings
from pipelines.errors import Fault, Faults
from pipelines.release import after, approval, promote, waiting, withdrawals
from pipelines.release.embargo import in_words, read_calendar
from pipelines.release.manifest import read_manifest, verify_or_raise
from pipelines.serving import contents
from pipelines.settings import Workspace
from pipelines.store import shown

KEPT = ("approval.json", "approval.json.sig", "access.json")


def publish(candidate: Path, workspace: Workspace, version: str, allow_replace: bool = False) -> Path:
    """Serves a passed candidate with SYNTHETIC data at once: it needs nobody's approval. Returns its folder.

    Raises Fault or Faults, with nothing changed, as `promote.require_ready` does, and where the data are published
    ones.
    """
    if not read_manifest(candidate)["is_synthetic"]:
        raise _needs_approval(version)
    promote.require_ready(candidate, workspace, version, allow_replace)
    folder = waiting.place_of(workspace) / version
    waiting.put_behind(waiting.write_behind(workspace, folder), folder)
    promote.put_in_place(candidate, workspace, version)
    return _complete(workspace, folder)


def publish_waiting(workspace: Workspace, version: str) -> Path:
    """Puts a waiting release out and serves it. Returns its folder.

    A publication that was stopped half way is finished. Raises Fault or Faults, with nothing changed, where anything
    that must hold does not.
    """
    if _is_half_out(workspace, version):
        return _finish(workspace, version)
    folder = waiting.find(workspace, version)
    verify_or_raise(folder)
    approval.require(workspace, folder)
    require_calendar(folder)
    _require_waivers(folder)
    _require_fresh(workspace, folder)
    promote.require_ready(folder, workspace, version)
    _take_along(workspace, folder)
    promote.put_in_place(folder, workspace, version)
    return _complete(workspace, folder)


def _is_half_out(workspace: Workspace, version: str) -> bool:
    """Whether its folder was moved and what lay beside it was not yet cleared away."""
    return version in half_out(workspace)


def half_out(workspace: Workspace) -> list[str]:
    """Versions whose publication was stopped between moving the folder and the end."""
    place = waiting.place_of(workspace)
    names = sorted(path.name.removesuffix(".behind") for path in place.glob("[0-9]*.behind"))
    return [name for name in names if (workspace.releases / name).is_dir() and not (place / name).exists()]


def _finish(workspace: Workspace, version: str) -> Path:
    """Nothing is taken on trust: whoever can stop a publication could have changed the folder since."""
    release = workspace.releases / version
    verify_or_raise(release)
    if workspace.origin == "published":
        approval.require(workspace, release)
        require_calendar(release)
    return _complete(workspace, waiting.place_of(workspace) / version)


def finish_stopped(workspace: Workspace) -> list[str]:
    """Finishes every publication that was stopped half way. Returns the versions. Raises Fault as publication does."""
    return [_finish(workspace, version).name for version in half_out(workspace)]


def _complete(workspace: Workspace, folder: Path) -> Path:
    """Everything after the release was moved to its place, which may be repeated. folder: where it lay before."""
    version, kept = folder.name, waiting.behind(folder)
    shown.admit(workspace, version, kept / waiting.SHOWN)
    contents.admit(workspace, version, kept / waiting.RESTRICTED)
    promote.seal_and_serve(workspace, version)
    withdrawals.note_withdrawals(workspace, kept / waiting.WITHDRAWN)
    after.settle(workspace)
    _clear(folder)
    return workspace.releases / version


def publish_due(workspace: Workspace) -> list[str]:
    """Puts out what is approved and whose embargo is over. Returns the versions; what lacks something waits on."""
    published = finish_stopped(workspace)
    for folder in waiting.listing(workspace):
        if not lacking(workspace, folder):
            publish_waiting(workspace, folder.name)
            published.append(folder.name)
    return published


def lacking(workspace: Workspace, folder: Path) -> list[Fault]:
    """Everything that keeps a waiting release from going out now, one fault each."""
    found: list[Fault] = []
    for require in (
        lambda: verify_or_raise(folder),
        lambda: approval.require(workspace, folder),
        lambda: require_calendar(folder),
        lambda: _require_waivers(folder),
        lambda: _require_fresh(workspace, folder),
    ):
        try:
            require()
        except Fault as fault:
            found.append(fault)
        except Faults as faults:
            found += faults.faults
    return found


def require_calendar(folder: Path) -> None:
    """Raises Fault before the end of the embargo, or where the calendar no longer says what it said at the build.

    A correction has no date of the calendar: what is wrong is put right as soon as it is approved.
    """
    version, planned = folder.name, read_manifest(folder)["calendar"]
    if planned is None:
        _require_correction(folder)
        return
    entry = read_calendar().on(planned["date"])
    if entry is None:
        raise _moved(version, planned["date"], "no such entry")
    changed = [
        f"{name} {value}, not {planned[name]}" for name, value in entry.as_dict().items() if value != planned[name]
    ]
    if changed:
        raise _moved(version, planned["date"], "; ".join(changed))
    if settings.now() < entry.ends_at:
        raise _too_early(version, in_words(entry.ends_at))


def _require_correction(folder: Path) -> None:
    """A correction is a patch of the very release that it corrects: no new release gets around its date."""
    version, corrected = folder.name, read_manifest(folder).get("corrects")
    if corrected is None:
        raise _moved(version, "no date", "neither a date nor a release that it corrects")
    number, patched = (promote.version_parts(each) for each in (version, corrected))
    if number[:2] != patched[:2] or number <= patched:
        raise _no_patch(version, corrected)


def _require_waivers(folder: Path) -> None:
    """What was let through until a day does not go out after that day."""
    given = json.loads((folder / "gate.json").read_text(encoding="utf-8")).get("waivers", [])
    over = [waiver for waiver in given if waiver["until"] < settings.now().date().isoformat()]
    if over:
        raise Fault(
            f"release {folder.name}: a waiver has run out",
            "; ".join(f"{waiver['check_id']} until {waiver['until']}" for waiver in over),
            "waivers that hold on the day on which the release goes out",
            "the release waited for longer than the waiver lasts",
            "mend the cause, or waive it again; run the refresh, and have the new release approved",
        )


def _require_fresh(workspace: Workspace, folder: Path) -> None:
    """What readers have seen since must be what the release was judged against; and nobody may have withdrawn since."""
    served, then = promote.current_release(workspace), read_manifest(folder)["previous_release"]
    if (served and served.name) != then:
        raise _overtaken(folder.name, f"release {served.name if served else 'none'} is served, not {then}")
    if shown.digests(workspace, leave_out=folder.name) != waiting.build_of(folder).shown:
        raise _overtaken(folder.name, "other figures have been shown than those it was judged against")
    if workspace.warehouse.exists() and withdrawals.is_more_withdrawn(
        workspace, waiting.behind(folder) / waiting.WITHDRAWN
    ):
        raise _overtaken(folder.name, "an organisation has withdrawn its answers")


def _take_along(workspace: Workspace, folder: Path) -> None:
    """The approval and the list of who had access stay beside the release, for its makers alone."""
    workspace.releases.mkdir(parents=True, exist_ok=True)
    for what in KEPT:
        shutil.copy2(waiting.beside(folder, what), waiting.beside(workspace.releases / folder.name, what))


def _clear(folder: Path) -> None:
    """What lay beside a release while it waited, once it is out. What marks it as half out goes last."""
    for what in KEPT:
        waiting.beside(folder, what).unlink(missing_ok=True)
    waiting.remove(waiting.behind(folder))


def _needs_approval(version: str) -> Fault:
    return Fault(
        where=f"release {version}: published figures do not go out at once",
        found="a candidate that nobody has approved",
        expected="SYNTHETIC data, or a release that was approved and whose embargo is over",
        likely="the step in which a release waits was left out",
        todo=f"let it wait, then `impact release approve {version}` and `impact release publish {version}`",
    )


def _too_early(version: str, ends_at: str) -> Fault:
    return Fault(
        f"release {version}: under embargo until {ends_at}, Europe/London",
        f"now it is {in_words(settings.now())}",
        "09:30 on the date of the release calendar, or later",
        "the release was asked for too early",
        f"run `impact release publish {version}` then; nothing can put it out before",
    )


def _moved(version: str, planned: str, found: str) -> Fault:
    return Fault(
        f"release {version}: the calendar is not the one that it was built for",
        found,
        f"the entry of {planned} as it was when the release was built and approved",
        "the calendar was changed since",
        "run the refresh again, and have the new release approved",
    )


def _no_patch(version: str, corrected: str) -> Fault:
    line = ".".join(corrected.split(".")[:2])
    return Fault(
        f"release {version}: it says that it corrects {corrected}, and is no patch of it",
        f"version {version} without a date of the calendar",
        f"a version {line}.… after {corrected}, or a release with a date",
        "the manifest was made by hand: a correction needs no date, and a new release does",
        f"run `impact release correct {corrected}` and the refresh again, or let it wait for its date",
    )


def _overtaken(version: str, found: str) -> Fault:
    return Fault(
        f"release {version}: overtaken since it was built",
        found,
        "readers who have seen what the release was compared with, and answers that are still shared",
        "another release went out, an earlier one was put back, or submissions came in",
        "run the refresh again, and have the new release approved",
    )
