"""Checks of IMPACT_HOME: its disk, its permissions, its lock, and what the last runs left.

Belongs here: what lies on this machine. Does not belong here: variables (configured.py), other machines (reached.py).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines import settings
from pipelines.alerts.alert import open_alerts
from pipelines.errors import Fault
from pipelines.locking import one_at_a_time
from pipelines.operations import backup, runs, space, state
from pipelines.operations.finding import Finding, not_checked, ok, problem, warning
from pipelines.operations.restore import ASIDE
from pipelines.registry import load_sources
from pipelines.release import current_release
from pipelines.release.manifest import MANIFEST
from pipelines.settings import DUCKDB_FILE, Workspace

PLENTY = 4
"""So many refreshes should find room, or somebody should look for a larger disk."""
OLD_BACKUP = timedelta(days=2)
SKEW = timedelta(minutes=5)
OTHERS = 0o077


def home(workspace: Workspace) -> Iterator[Finding]:
    """It is there, this account may write to it, and no restore was stopped in it."""
    root = workspace.root
    if not root.is_dir():
        yield warning("home", f"{root} is not there yet", "run `impact refresh`, or set IMPACT_HOME")
        return
    if (root / ASIDE).exists():
        yield problem("home", "a restore was stopped here", "move the home away, and restore again")
    try:
        with tempfile.TemporaryFile(dir=root):
            yield ok("home", f"{root}, {workspace.origin} data")
    except OSError as error:
        yield problem(
            "home", f"{root}: {error.strerror}", "give it to the account that refreshes, or make its disk writable"
        )


def one_file_system(workspace: Workspace) -> Iterator[Finding]:
    """A release is put out by renaming, which works within one file system only."""
    places = (workspace.candidate.parent, workspace.releases, workspace.waiting, workspace.current.parent)
    there = [path for path in places if path.exists()]
    devices = {path.stat().st_dev for path in there}
    if len(devices) > 1:
        names = ", ".join(str(path.relative_to(workspace.root)) for path in there)
        yield problem("one file system", f"{names} lie on {len(devices)}", "put all of IMPACT_HOME on one file system")
    else:
        yield ok("one file system", f"{len(there)} folders on one")


def permissions(workspace: Workspace) -> Iterator[Finding]:
    """What is for its owner alone is closed to all others."""
    open_ = [path.relative_to(workspace.root).as_posix() for path in _private(workspace) if _is_open(path)]
    if open_:
        todo = f"chmod -R go= {' '.join(open_)} in IMPACT_HOME; find out who could look into it"
        yield problem("permissions", f"others may look into {', '.join(open_)}", todo)
    else:
        yield ok("permissions", "keys, waiting releases and submissions are closed to others")


def disk(workspace: Workspace) -> Iterator[Finding]:
    """Room for the next refresh, and for some more."""
    found = space.room(workspace)
    said = f"{found.free / 1e9:,.1f} GB free; a refresh needs {found.needed / 1e9:,.1f} GB"
    if not found.is_enough:
        yield problem("disk", said, "make room, or move IMPACT_HOME to a larger disk: no refresh begins")
    elif found.free < PLENTY * found.needed:
        yield warning("disk", said, f"make room: there should be some for {PLENTY} refreshes")
    else:
        yield ok("disk", said)


def lock(workspace: Workspace) -> Iterator[Finding]:
    """Whether a run is at work, and whether one died."""
    if not workspace.root.is_dir():
        yield not_checked("lock", "there is no home yet")
        return
    journals = [folder for folder in state.folders(workspace.root) if (folder / "operations" / runs.JOURNAL).exists()]
    try:
        with one_at_a_time(workspace):
            is_free = True
    except Fault:
        is_free = False
    if not is_free:
        yield ok("lock", "a run is at work")
    elif journals:
        yield warning(
            "lock", "the last run ended without a word", "run `impact refresh`; it takes up where that one stopped"
        )
    else:
        yield ok("lock", "no run is at work")


def declared(workspace: Workspace) -> Iterator[Finding]:
    """Nothing lies in the home that the program does not know."""
    unknown = state.undeclared(workspace.root) if workspace.root.is_dir() else []
    names = ", ".join(path.as_posix() for path in unknown)
    if unknown:
        yield warning("state", f"not of this program: {names}", "move it away; until then backups hold it as well")
    else:
        yield ok("state", "nothing that the program does not know")


def serving(workspace: Workspace) -> Iterator[Finding]:
    """The pointer leads to a release that is there."""
    served = current_release(workspace)
    if served and (served / MANIFEST).is_file() and (served / DUCKDB_FILE).is_file():
        yield ok("serving", f"release {served.name}; `impact verify {served.name}` reads every byte of it")
    elif workspace.current.is_symlink():
        found = f"serving/current leads to {os.readlink(workspace.current)}, which is no whole release"
        yield problem("serving", found, "restore the home from a backup, or `impact release rollback`")
    else:
        yield warning("serving", "no release is being served", "run `impact refresh`, then `impact release waiting`")


def clock(workspace: Workspace) -> Iterator[Finding]:
    """The clock is not behind what was written by it: embargoes end by it."""
    places = (workspace.root, workspace.kept, workspace.releases)
    newest = max((path.lstat().st_mtime for place in places for path in place.glob("*")), default=0.0)
    ahead = datetime.fromtimestamp(newest, UTC) - settings.now()
    if ahead > SKEW:
        yield problem(
            "clock", f"files of the home are {ahead} ahead of the clock", "set the clock (NTP), or touch them"
        )
    else:
        yield ok("clock", f"{settings.now():%Y-%m-%d %H:%M} UTC, not behind the files of the home")


def last_run(workspace: Workspace) -> Iterator[Finding]:
    """How the last run ended."""
    whole = [row for row in runs.read(workspace) if row["step"] == runs.WHOLE]
    if not whole:
        yield not_checked("runs", "no run has been taken down yet")
        return
    last = whole[-1]
    said = f"{last['job']} of {last['started_at']:%Y-%m-%d %H:%M} UTC: {last['outcome']}"
    if last["outcome"] == "succeeded":
        yield ok("runs", said)
    else:
        yield warning("runs", f"{said}; {last['reason']}", "see `impact runs --steps` and the log of that day")


def last_backup(_: Workspace) -> Iterator[Finding]:
    """How old the newest backup is; whether its files are whole, `impact backup --check` says."""
    place = settings.backups()
    if place is None:
        yield warning(
            "backup", "nobody has said where backups lie", "set IMPACT_BACKUP, and a timer for `impact backup`"
        )
        return
    names = backup.names(place)
    if not names:
        yield problem("backup", f"none in {place}", "mount its disk, or run `impact backup`")
        return
    age = settings.now() - backup.taken_at(names[-1])
    said = f"{len(names)} in {place}, the newest {age.total_seconds() / 3600:,.0f} hours old"
    if age > OLD_BACKUP:
        yield problem("backup", said, "run `impact backup`, and find out why the timer does not")
    else:
        yield ok("backup", said)


def alerts(workspace: Workspace) -> Iterator[Finding]:
    """What somebody was told and has not mended."""
    held = open_alerts(workspace)
    for each in held:
        yield warning("alerts", f"{each.alert.subject}, since {each.raised_at[:16]}", each.alert.todo)
    if not held:
        yield ok("alerts", "none is open")


def _private(workspace: Workspace) -> Iterator[Path]:
    restricted = [source.source_id for source in load_sources().values() if source.is_restricted]
    for folder in state.folders(workspace.root):
        yield from (folder / "raw" / source_id for source_id in restricted)
    for kind in state.KINDS:
        if kind.is_private:
            yield from sorted(workspace.root.glob(kind.path))


def _is_open(path: Path) -> bool:
    """A closed folder closes what is in it; a key is looked at itself, because ssh-keygen does so too."""
    if not path.exists():
        return False
    keys = [each for each in path.iterdir() if _is_private_key(each)] if path.name == "keys" else []
    return any(each.stat().st_mode & OTHERS for each in (path, *keys))


def _is_private_key(path: Path) -> bool:
    return path.is_file() and path.with_name(f"{path.name}.pub").exists()
