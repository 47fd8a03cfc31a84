"""What happens to releases that are out: corrected, withdrawn, rolled back, and everything readers see brought in line.

Belongs here: what may follow on what, and the order of the steps. Does not belong here: the record (notices.py), the
version of a patch (correcting.py), or the pages (web.py).

Each command first writes its notice and then calls `settle`, which does all that follows from the notices: which
release is served, which correction is done, what the web root shows. `settle` may be repeated, so a command that was
stopped half way is finished by the next one, by the next refresh, or by `impact release web`. A release is never
rewritten.

The law may demand that a release be erased. Withdraw it; then remove its folder in `releases/` by hand, and its copies
and backups. Its notice stays: it is the tombstone, and keeps the version from being used again.
"""

from __future__ import annotations

from pathlib import Path

from pipelines import settings
from pipelines.errors import Fault
from pipelines.release import correcting, notices
from pipelines.release.correcting import Intention
from pipelines.release.manifest import read_manifest
from pipelines.release.promote import current_release, serve, version_parts
from pipelines.settings import Workspace

BACK = ("withdrawn", "rolled_back")
"""What keeps a release from being served."""


def workspace_of(version: str) -> Workspace:
    """The workspace of the data that a release holds. Raises Fault where there is no such release."""
    place = Workspace(settings.home(), "published")
    if version not in notices.versions(place):
        raise _unknown(place, version)
    return _workspace(place, version)


def _workspace(place: Workspace, version: str) -> Workspace:
    return Workspace(place.root, notices.facts(place, version).origin)


def correct(workspace: Workspace, version: str, reason: str, by: str) -> Intention:
    """Keeps that the next build is a patch of this release.

    Raises Fault where the release was withdrawn, is not the last one, or another correction is pending.
    """
    where = f"impact release correct {version}"
    _require_reason(where, reason)
    _refuse_withdrawn(where, workspace, version, "a withdrawn release stays withdrawn; the next release replaces it")
    later = correcting.in_force_after(workspace, version)
    if later:
        raise _not_the_last(where, later[-1])
    intended = correcting.pending(workspace)
    if intended:
        raise _pending(where, intended)
    return correcting.ask(workspace, version, reason, by)


def cancel_correction(workspace: Workspace, version: str) -> None:
    """Gives up a correction that no build has taken. Raises Fault where none of this release is pending."""
    intended = correcting.pending(workspace)
    if intended is None or intended.corrects != version:
        raise Fault(
            where=f"impact release correct {version} --cancel",
            found=f"a pending correction of {intended.corrects}" if intended else "no correction that is pending",
            expected=f"a pending correction of {version}",
            likely="the version was mistyped, or the correction is out already",
            todo="look at `impact release history`",
        )
    correcting.give_up(workspace)


def withdraw(workspace: Workspace, version: str, reason: str, by: str) -> str | None:
    """Takes a release away from readers, for good. Returns the release served after that, None for none.

    Raises Fault where it was withdrawn before.
    """
    where = f"impact release withdraw {version}"
    _require_reason(where, reason)
    _refuse_withdrawn(where, workspace, version, "nothing; if its pages are still there, run `impact release web`")
    instead = fallback(workspace, version) if served(workspace) == version else served(workspace)
    _begin(workspace)
    notices.add(workspace, version, "withdrawn", reason, by, instead)
    intended = correcting.pending(workspace)
    if intended and intended.corrects == version:
        correcting.give_up(workspace)
    settle(workspace)
    return served(workspace)


def rollback(workspace: Workspace, version: str, reason: str, by: str) -> None:
    """Serves another release in place of the present one: an earlier one, or one that was rolled back before.

    Raises Fault where it was withdrawn, is being served already, or holds other data than what is served.
    """
    where = f"impact release rollback {version}"
    _require_reason(where, reason)
    _refuse_withdrawn(where, workspace, version, "choose one of `impact release history` that is not withdrawn")
    present = served(workspace)
    if present == version:
        raise _served_already(where, version)
    _require_same_data(where, workspace, present)
    _begin(workspace)
    if _standing(workspace, version) == "rolled_back":
        notices.add(workspace, version, "reinstated", reason, by, None)
    if present and version_parts(version) < version_parts(present) and _standing(workspace, present) != "rolled_back":
        notices.add(workspace, present, "rolled_back", reason, by, version)
    serve(workspace, version)
    settle(workspace)


def settle(workspace: Workspace) -> None:
    """Brings everything that readers see in line with the releases and the notices beside them. May be repeated."""
    from pipelines import serving
    from pipelines.release import web

    _begin(workspace)
    for origin in ("published", "synthetic"):
        correcting.note_what_is_out(Workspace(workspace.root, origin))
    present = served(workspace)
    held = notices.standing(notices.events(workspace, present)) if present else None
    if present and held and held.kind in BACK:
        is_good = held.release and _standing(workspace, held.release) not in BACK
        _point_to(workspace, held.release if is_good else fallback(_workspace(workspace, present), present))
    web.rebuild(workspace)
    _mark(workspace).unlink()
    serving.follow(workspace)


def is_unsettled(workspace: Workspace) -> bool:
    """Whether something was begun of which readers do not see all yet, because it was stopped."""
    return _mark(workspace).exists()


def _begin(workspace: Workspace) -> None:
    _mark(workspace).parent.mkdir(parents=True, exist_ok=True)
    _mark(workspace).touch()


def _mark(workspace: Workspace) -> Path:
    return workspace.releases / ".unsettled"


def served(workspace: Workspace) -> str | None:
    """The version that readers get, None for none."""
    folder = current_release(workspace)
    return folder.name if folder else None


def last_built(workspace: Workspace) -> Path | None:
    """The release of the last build of these data that is out, whatever became of it; None while readers get others.

    After a rollback it is not the one that is served: unchanged inputs would only make the same release again.
    """
    present = served(workspace)
    if present and not _holds(workspace, present):
        return None
    folders = [workspace.releases / version for version in notices.versions(workspace)]
    mine = [folder for folder in folders if folder.is_dir() and _holds(workspace, folder.name)]
    return max(mine, key=lambda folder: (read_manifest(folder)["built_at"], version_parts(folder.name)), default=None)


def is_left_behind(workspace: Workspace, folder: Path) -> bool:
    """Whether a release that nobody took back is not served: it was stopped before the pointer was flipped."""
    return served(workspace) != folder.name and _standing(workspace, folder.name) is None


def fallback(workspace: Workspace, version: str) -> str | None:
    """The newest earlier release of the same data of which nothing bad is known, None for none."""
    earlier = [each for each in notices.versions(workspace) if version_parts(each) < version_parts(version)]
    good = [each for each in earlier if _standing(workspace, each) is None and _holds(workspace, each)]
    return good[-1] if good else None


def _point_to(workspace: Workspace, version: str | None) -> None:
    """The pointer goes where there is no release that is any good."""
    if version:
        serve(workspace, version)
    else:
        workspace.current.unlink(missing_ok=True)


def _holds(workspace: Workspace, version: str) -> bool:
    """Whether a release holds the data of this workspace."""
    return notices.facts(workspace, version).origin == workspace.origin


def _standing(workspace: Workspace, version: str) -> str | None:
    held = notices.standing(notices.events(workspace, version))
    return held.kind if held else None


def _require_reason(where: str, reason: str) -> None:
    if reason.strip():
        return
    raise Fault(
        where, "no reason", "a sentence that readers of the release understand", "an empty --reason", "give one"
    )


def _refuse_withdrawn(where: str, workspace: Workspace, version: str, todo: str) -> None:
    held = notices.standing(notices.events(workspace, version))
    if held and held.kind == "withdrawn":
        raise Fault(
            where=where,
            found=f"release {version} was withdrawn on {held.at[:10]}: {held.reason}",
            expected="a release that was not withdrawn",
            likely="the version was mistyped, or a colleague has withdrawn it",
            todo=todo,
        )


def _require_same_data(where: str, workspace: Workspace, present: str | None) -> None:
    if present is None or _holds(workspace, present):
        return
    raise Fault(
        where=where,
        found=f"{workspace.origin} data; release {present}, which is being served, does not hold such data",
        expected="a release of the same data as the one that is being served",
        likely="a release of the SYNTHETIC sample and one of published data lie in one IMPACT_HOME",
        todo="choose another release of `impact release history`, or set IMPACT_HOME to another folder",
    )


def _unknown(workspace: Workspace, version: str) -> Fault:
    return Fault(
        where=f"release {version}",
        found="no such release",
        expected=f"one of: {', '.join(notices.versions(workspace)) or 'none yet'}",
        likely="the version was mistyped, or it has not gone out yet",
        todo="look at `impact release history`",
    )


def _not_the_last(where: str, later: str) -> Fault:
    return Fault(
        where=where,
        found=f"a later release, {later}",
        expected="the last release of its data that nobody took back: a patch is built from today's data",
        likely="the fault was found in a release that has been replaced since",
        todo=f"if {later} is wrong too, `impact release correct {later}`; if not, readers are sent to it already",
    )


def _pending(where: str, intended: Intention) -> Fault:
    return Fault(
        where=where,
        found=f"a correction of {intended.corrects}, asked for on {intended.asked_at[:10]}, that no build has taken",
        expected="one correction at a time",
        likely="a colleague asked for it, or `impact refresh` has not been run since",
        todo=f"run `impact refresh`; or give it up with `impact release correct {intended.corrects} --cancel`",
    )


def _served_already(where: str, version: str) -> Fault:
    return Fault(
        where=where,
        found=f"release {version} is being served",
        expected="another release than the one that is being served",
        likely="the version was mistyped, or the rollback was done before",
        todo="look at `impact release history`; if its pages lag behind, run `impact release web`",
    )
