"""A refresh that is killed leaves everything whole, and the next one ends as if nothing had happened.

Here are the points where most is at stake; tests/benchmarks/kills.py goes through forty and more.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.bound import tied
from pipelines.settings import PROJECT_ROOT
from tests.faults.recovery import REFRESH, Scene, assert_whole, copy_home, differences, ready, scenes
from tests.killing import Ended, Kill, Killer
from tests.running import APPROVER, ends_at, key_of

sys.path.insert(0, str(PROJECT_ROOT / "tests" / "release"))
import standin

OUT, NEXT = "2026.1.0", "2026.2.0"
APPROVE = ["release", "approve", NEXT, "--by", APPROVER, "--statement", "Looked at every page."]
PUBLISH = ["release", "publish", NEXT]
WITHDRAW = ["release", "withdraw", OUT, "--reason", "A figure was wrong."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kills")


@pytest.fixture(scope="module")
def runs(folder) -> Iterator[Killer]:
    with ready(folder) as found:
        yield found


@pytest.fixture(scope="module")
def both(folder, runs) -> tuple[Scene, Scene]:
    return scenes(folder, runs)


@pytest.fixture
def first(both) -> Scene:
    return both[0]


@pytest.fixture
def following(both) -> Scene:
    return both[1]


def number(scene: Scene, event: str, end: str) -> int:
    """The first change of this kind whose path ends so."""
    return next(change.number for change in scene.changes if change.event == event and change.path.endswith(end))


@pytest.mark.parametrize(
    ("event", "end", "how"),
    [
        ("open", "raw/.lock.json.partial", "cut"),
        ("os.rename", "releases/2026.2.0", "before"),
    ],
)
def test_before_the_release_is_in_its_place_the_next_run_makes_it_again(following, tmp_path, event, end, how):
    following.kill_at(tmp_path, Kill(number(following, event, end), how))


@pytest.mark.parametrize(
    ("event", "end"),
    [
        ("os.rename", "shown/2026.2.0.parquet"),
        ("os.rename", "serving/current"),
        ("os.rename", "serving/web"),
    ],
)
def test_once_it_is_there_the_next_run_finishes_it_and_makes_no_other(following, tmp_path, event, end):
    _, again = following.kill_at(tmp_path, Kill(number(following, event, end)))
    assert not any(change.path.startswith("synthetic/candidate") for change in again.changes)


def test_half_a_key_is_none(first, tmp_path):
    first.kill_at(tmp_path, Kill(number(first, "os.rename", "keys/synthetic_ed25519")))


def test_what_builds_dies_with_the_run(following, tmp_path):
    """As dbt must, which would hold the build file against the next run."""
    place = next(change.number for change in following.changes if change.event == "subprocess.Popen")
    following.kill_at(tmp_path, Kill(place, "after", 0.1))


def test_a_full_disk_is_told_and_changes_nothing(following, tmp_path):
    """As if there were room for all but the raw file that is new."""
    home = tmp_path / "home"
    copy_home(following.before, home)
    ended = following.runs.run(home, REFRESH, most_bytes="10000")
    assert ended.code == 1 and "Traceback" not in ended.said
    assert all(part in ended.said for part in ("File too large", "expected", "likely", "make room and run"))
    assert_whole(home, following.before, following.after)
    again = following.runs.run(home, REFRESH)
    assert again.code == 0 and differences(home, following.after) == []


def test_a_run_that_is_told_to_stop_says_so(following, tmp_path):
    home, place = tmp_path / "home", number(following, "os.rename", "synthetic/fingerprint.txt")
    copy_home(following.before, home)
    ended = following.runs.run(home, REFRESH, Kill(place, "stop"))
    assert ended.code == 143 and "Traceback" not in ended.said
    assert "run the same command again" in ended.said
    assert_whole(home, following.before, following.after)


def test_a_process_that_was_started_by_a_dead_run_does_not_begin(tmp_path):
    words = "from pipelines.bound import end_with_parent; end_with_parent(); open('began', 'w')"
    dead = os.environ | tied() | {"IMPACT_STARTED_BY": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", words], cwd=tmp_path, env=dead, check=False)
    assert done.returncode == 1 and not (tmp_path / "began").exists()


@dataclass(frozen=True)
class Published:
    """A home with published data: one release is out, one before it was, and the next one waits."""

    home: Path
    runs: Killer

    def run(self, home: Path, words: list[str], kill: Kill | None = None) -> Ended:
        """At the moment when the embargo of what waits is over, with the approver's key."""
        folder = self.home / "waiting" / NEXT
        key = str(key_of(home, APPROVER))
        return self.runs.run(home, words, kill, now=ends_at(folder).isoformat(), IMPACT_SIGNING_KEY=key)


@pytest.fixture(scope="module")
def published(folder, runs) -> Published:
    place = standin.workspace(folder / "published", "published")
    standin.published_release(place, OUT)
    standin.waiting_release(place, NEXT)
    found = Published(place.root, runs)
    done = found.run(place.root, APPROVE)
    assert done.code == 0, done.said
    return found


@pytest.mark.parametrize(
    ("words", "event", "end"),
    [
        (APPROVE, "os.rename", "waiting/2026.2.0.approval.json"),
        (PUBLISH, "os.rename", "releases/2026.2.0"),
        (PUBLISH, "os.rename", "published/shown/2026.2.0.parquet"),
        (PUBLISH, "os.rename", "serving/current"),
        (PUBLISH, "os.remove", "waiting/2026.2.0.access.json"),
        (WITHDRAW, "os.remove", "serving/current"),
    ],
)
def test_what_follows_a_refresh_is_finished_by_the_same_command(published, tmp_path, words, event, end):
    """Approval, publication, withdrawal; a command that finds its work done by then may say so with exit code 1."""
    undisturbed, home = tmp_path / "undisturbed", tmp_path / "home"
    for copy in (undisturbed, home):
        copy_home(published.home, copy)
    done = published.run(undisturbed, words)
    assert done.code == 0, done.said
    place = next(change.number for change in done.changes if (change.event, change.path) == (event, end))
    killed = published.run(home, words, Kill(place))
    assert killed.code == -9, killed.said
    again = published.run(home, words)
    assert again.code == 0 or "was withdrawn on" in again.said
    assert differences(home, undisturbed) == []


@pytest.mark.parametrize("end", ["releases/2026.2.0.notice.json", "serving/current", "serving/web"])
def test_a_rollback_is_finished_by_the_same_command(following, tmp_path, end):
    """It may say with exit code 1 that it was done before: once the pointer is set, what follows is finished first."""
    words = ["release", "rollback", OUT, "--reason", "A figure was wrong.", "--by", "somebody"]
    at = {"now": "2027-01-04T09:00:00+00:00"}
    undisturbed, home = tmp_path / "undisturbed", tmp_path / "home"
    for copy in (undisturbed, home):
        copy_home(following.after, copy)
    done = following.runs.run(undisturbed, words, **at)
    assert done.code == 0, done.said
    place = next(change.number for change in done.changes if (change.event, change.path) == ("os.rename", end))
    killed = following.runs.run(home, words, Kill(place), **at)
    assert killed.code == -9, killed.said
    assert_whole(home, following.before, following.after)
    again = following.runs.run(home, words, **at)
    assert again.code == 0 or "the rollback was done before" in again.said
    assert differences(home, undisturbed) == []
