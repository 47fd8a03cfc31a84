"""What must hold after a run was killed, and after the next one.

Belongs here: a home before the kill, the same input undisturbed beside it, the comparison of both. Does not belong
here: how a run is killed (tests/killing.py), or at which points (test_kills.py, tests/benchmarks/kills.py).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipelines.release.manifest import verify
from pipelines.sample import population, sickness
from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT, Workspace
from pipelines.store.snapshots import sha256_of
from tests.killing import Change, Ended, Kill, Killer, killer

sys.path.insert(0, str(PROJECT_ROOT / "tests" / "release"))
import standin

REFRESH = ["refresh"]
PHASES = (
    ("sample", r"synthetic/sample"),
    ("arrivals", r"synthetic/left_alone|synthetic/\.left_alone|refresh\.lock"),
    ("raw", r"synthetic/raw/.*"),
    ("registry", r"synthetic/staged/registry_.*"),
    ("staged", r"synthetic/(staged|rejected|set_aside)"),
    ("fingerprint", r"synthetic/\.?fingerprint"),
    ("build", r"synthetic/(warehouse|manifest\.json|withheld)|.*python -c \nimport sys\nfrom"),
    ("dbt", r".*impact-dbt build"),
    ("outputs", r"synthetic/candidate/(csv|parquet|\.?nhs)|.*python -c \nimport sys\nimport duckdb"),
    ("gate", r"synthetic/candidate/(evidence|gate)"),
    ("manifest", r"synthetic/candidate/manifest\.(json$|sha256)"),
    ("sign", r"synthetic/candidate/\.?manifest\.json\.sig|ssh-keygen|keys"),
    ("candidate", r"synthetic/candidate"),
    ("behind", r"synthetic/\.?\d+\.\d+\.\d+\.(behind|approval|access)"),
    ("promote", r"releases$|releases/\d+\.\d+\.\d+$"),
    ("shown", r"synthetic/shown"),
    ("seal", r"releases/\d+\.\d+\.\d+/"),
    ("pointer", r"serving$|serving/\.?current"),
    ("settle", r"releases/\.unsettled|releases/.*\.json"),
    ("web", r"serving/\.?web"),
    ("docs", r"docs"),
    ("runs", r"dagster|synthetic/(operations|dbt_target|at_work)"),
)
"""Phases of a refresh, by the paths that change in them, the first that fits."""


def phase_of(change: Change) -> str:
    """The phase that a change belongs to."""
    if change.event == "os.chmod" and re.match(r"releases/\d", change.path):
        return "seal"
    return next((name for name, pattern in PHASES if re.match(pattern, change.path)), "other")


@dataclass(frozen=True)
class Scene:
    """before: a home as it is when the run begins. after: what an undisturbed run makes of it; its changes."""

    before: Path
    after: Path
    changes: tuple[Change, ...]
    runs: Killer

    def kill_at(self, folder: Path, kill: Kill) -> tuple[Ended, Ended]:
        """Kills a run on a copy of the home and runs again, with everything looked at after each. Both runs."""
        home = folder / "home"
        copy_home(self.before, home)
        killed = self.runs.run(home, REFRESH, kill)
        assert killed.code == -9, killed.said
        assert_nobody_left(home)
        assert_whole(home, self.before, self.after)
        again = self.runs.run(home, REFRESH)
        assert again.code == 0, again.said
        assert not (left := differences(home, self.after)), left
        return killed, again


@contextmanager
def ready(folder: Path) -> Iterator[Killer]:
    """What runs small refreshes, and where the tables lie that they build."""
    standin.build(Workspace(folder / "built", "synthetic"))
    environment = {"KILLS_BUILT": str(folder / "built"), "SOURCE_DATE_EPOCH": str(int(standin.BUILT_AT.timestamp()))}
    with killer("tests.faults.small", **environment) as runs:
        yield runs


def scenes(folder: Path, runs: Killer) -> tuple[Scene, Scene]:
    """A first refresh in an empty home; and the next one, for which one more file came."""
    empty, served, more, done = (folder / name for name in ("empty", "served", "more", "done"))
    empty.mkdir()
    first = undisturbed(runs, empty, served)
    copy_home(served, more)
    add_month(more / "synthetic" / "sample")
    return first, undisturbed(runs, more, done)


def undisturbed(runs: Killer, before: Path, after: Path) -> Scene:
    """A run that nobody kills, in a copy."""
    copy_home(before, after)
    ended = runs.run(after, REFRESH)
    assert ended.code == 0, ended.said
    return Scene(before, after, ended.changes, runs)


def copy_home(home: Path, target: Path) -> None:
    """With the modes of files and the links as they are."""
    shutil.copytree(home, target, symlinks=True)


def add_month(sample: Path, month: date = date(2026, 2, 1)) -> None:
    """One more month of one source, which the sample leaves out."""
    sickness.write(sample, population.build(), [month])


def assert_whole(home: Path, before: Path, after: Path) -> None:
    """Readers have the release of before or of after, every byte of it; and the raw store holds what it held."""
    current = home / "serving" / "current"
    expected = [place for place in (before, after) if (place / "serving" / "current").exists()]
    if current.exists():
        release = current.resolve()
        assert release.name in [(place / "serving" / "current").resolve().name for place in expected]
        assert verify(release) == []
        assert _release_id(current / DUCKDB_FILE) == release.name
        if (before / "serving" / "web").exists():
            assert (home / "serving" / "web" / "index.html").read_text()
    else:
        assert not (before / "serving" / "current").exists()
    held, has = raw_files(before), raw_files(home)
    assert {name: has.get(name) for name in held} == held
    known = raw_files(after)
    assert {name: has[name] for name in has} == {name: known.get(name) for name in has}


def _release_id(path: Path) -> str:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("select release_id from release_info").fetchall()[0][0]


def raw_files(home: Path) -> dict[str, str]:
    """The SHA-256 of each file that bears its final name in the raw store, by path; the lock aside."""
    raw = home / "synthetic" / "raw"
    files = (path for path in raw.rglob("*") if path.is_file() and not path.name.endswith((".partial", ".json")))
    return {str(path.relative_to(raw)): sha256_of(path) for path in files if path.name != "received_as.txt"}


def assert_nobody_left(home: Path, seconds: float = 5.0) -> None:
    """No process that the killed run started goes on: none names its home any more."""
    end = time.monotonic() + seconds
    while left := _processes(str(home)):
        assert time.monotonic() < end, left
        time.sleep(0.02)


def _processes(home: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"{home}/" in words and path.parent.name != str(os.getpid()):
            found.append(words.replace("\0", " "))
    return found


def differences(home: Path, expected: Path) -> list[str]:
    """Files that one of two homes has and the other has not, or with other bytes or modes. Clocks and keys aside."""
    mine, theirs = _state(home), _state(expected)
    return sorted(path for path in {*mine, *theirs} if mine.get(path) != theirs.get(path))


def _state(home: Path) -> dict[str, object]:
    """Of the web roots, the one that is served: the one before it stays for whoever is reading."""
    trees, served = home / "serving" / ".web", (home / "serving" / "web").resolve()
    paths = (path for path in home.rglob("*") if trees not in path.parents or served in (path, *path.parents))
    return {_name(path, home): _told(path, home) for path in paths if not OF_RUNS.match(str(path.relative_to(home)))}


def _name(path: Path, home: Path) -> str:
    """The number of a web root counts how often one was made."""
    return re.sub(r"serving/\.web/\d+", "serving/.web/N", path.relative_to(home).as_posix())


CLOCKED = re.compile(
    r"synthetic/(staged/registry_(editions|revisions|run|shown)/|withheld|inbox_taken|.*\.behind/|warehouse/)"
)
"""Files that say when a file came in or what was out by then, or that DuckDB writes differently each time."""
OF_RUNS = re.compile(r"dagster/|logs/|synthetic/(operations|dbt_target)/")
"""What is kept of every run, also of one that was killed."""
SEALED = re.compile(r"keys/synthetic|releases/[\d.]+/manifest\.(json\.sig|sha256)$")
"""Files that follow from a key, which each home makes for itself."""


def _told(path: Path, home: Path) -> object:
    name, mode = path.relative_to(home).as_posix(), path.lstat().st_mode
    if path.is_symlink():
        return "link", re.sub(r"\.web/\d+", ".web/N", os.readlink(path))
    if path.is_dir() or CLOCKED.match(name) or SEALED.match(name):
        return mode
    if name == "synthetic/raw/lock.json":
        entries = json.loads(path.read_text())
        return mode, [entry | {"fetched_at": ""} for entry in entries]
    return mode, sha256_of(path)
