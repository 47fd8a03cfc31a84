"""Kills a refresh at forty points, each in a copy of one home, and then one after another in one home.

    uv run python tests/benchmarks/kills.py FOLDER [--turn N --of M] [--sample HOME]

By hand; it prints a table and says which points did not hold. --turn and --of: every so many of the points only, so
that several can be at work side by side. --sample: fewer points of a refresh with nothing replaced, in copies of HOME,
which serves a release of the SYNTHETIC sample; three minutes for each. The code must not change meanwhile: a release
names it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from tests.faults.recovery import (
    REFRESH,
    Scene,
    add_month,
    assert_nobody_left,
    assert_whole,
    copy_home,
    differences,
    phase_of,
    ready,
    scenes,
    undisturbed,
)
from tests.killing import Change, Kill, killer

FIRST = {"sample": 2, "raw": 3, "staged": 1, "sign": 4, "promote": 1, "pointer": 1}
"""Points of a first refresh by phase."""
NEXT = {
    "arrivals": 1,
    "raw": 5,
    "staged": 3,
    "registry": 1,
    "fingerprint": 1,
    "build": 3,
    "candidate": 1,
    "outputs": 3,
    "gate": 1,
    "manifest": 3,
    "sign": 3,
    "behind": 9,
    "promote": 2,
    "shown": 3,
    "seal": 2,
    "pointer": 3,
    "settle": 2,
    "web": 4,
}
"""Points of the next one. From `behind` on, every kind of change has one."""
WHOLE = {
    "runs": 1,
    "raw": 1,
    "staged": 1,
    "dbt": 4,
    "candidate": 1,
    "outputs": 2,
    "gate": 2,
    "manifest": 1,
    "behind": 1,
    "promote": 1,
    "shown": 1,
    "pointer": 1,
    "web": 1,
    "docs": 1,
}
"""Points of one with nothing replaced."""
MONTH = date(2026, 4, 1)
"""The month after the last one of the sample."""


Point = tuple[Scene, str, Change, Kill]
"""Of which scene, its phase, the change, and how it is killed there."""


def points(scene: Scene, wanted: dict[str, int]) -> list[Point]:
    """Kills spread over each phase: before a change, in the middle of a write, or while another process works."""
    found = []
    for phase, count in wanted.items():
        mine = _told_apart([change for change in scene.changes if phase_of(change) == phase])
        started = [change for change in mine if change.event == "subprocess.Popen"]
        mine = mine if len(mine) >= count else started * count or mine
        for turn in range(min(count, len(mine))):
            change = mine[turn * len(mine) // min(count, len(mine))]
            found.append((scene, phase, change, _how(change, scene, (turn + 1) / (count + 1))))
    return found


def _told_apart(changes: list[Change]) -> list[Change]:
    """Without repeats of the same event in the same folder, which follow each other in hundreds."""
    kept: dict[tuple[str, str], Change] = {}
    for change in changes:
        kept.setdefault((change.event, str(Path(change.path).parent) + Path(change.path).suffix), change)
    return sorted(kept.values(), key=lambda change: change.number)


def _how(change: Change, scene: Scene, part: float) -> Kill:
    """part: of the time until the next change, after which it is killed where another process works."""
    if change.event == "open":
        return Kill(change.number, "cut")
    if change.event == "subprocess.Popen":
        following = scene.changes[change.number]
        return Kill(change.number, "after", part * (following.at - change.at))
    return Kill(change.number)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--turn", type=int, default=0)
    parser.add_argument("--of", type=int, default=1)
    parser.add_argument("--sample", type=Path)
    given = parser.parse_args()
    given.folder.mkdir()
    with _whole(given.folder, given.sample) if given.sample else _small(given.folder) as (chosen, again_in_one):
        print(f"{len(chosen)} points: {dict(Counter(phase for _, phase, *_ in chosen))}", flush=True)
        failed = _in_copies(given.folder, chosen[given.turn :: given.of])
        failed += _in_one_home(given.folder, again_in_one) if given.turn == 0 else []
    sys.exit(bool(failed))


@contextmanager
def _small(folder: Path) -> Iterator[tuple[list[Point], list[Point]]]:
    """Of a small refresh: points for copies of one home, and points for one home."""
    with ready(folder) as runs:
        first, following = scenes(folder, runs)
        print(f"{len(first.changes)} changes of files in a first refresh, {len(following.changes)} in the next")
        yield points(first, FIRST) + points(following, NEXT), points(following, NEXT)


@contextmanager
def _whole(folder: Path, served: Path) -> Iterator[tuple[list[Point], list[Point]]]:
    """The same of a refresh of the full sample."""
    before, after = folder / "before", folder / "after"
    copy_home(served, before)
    add_month(before / "synthetic" / "sample", MONTH)
    with killer("tests.faults.whole", SOURCE_DATE_EPOCH=str(int(time.time()))) as runs:
        scene = undisturbed(runs, before, after)
        print(f"{len(scene.changes)} changes of files in {scene.changes[-1].at:.0f} s")
        chosen = points(scene, WHOLE)
        yield chosen, chosen[::3]


def _in_copies(folder: Path, chosen: list[Point]) -> list[str]:
    results = [_one(folder / f"point{number}", *each) for number, each in enumerate(chosen)]
    failed = [result for result in results if result]
    print("\n".join([f"in copies: {len(results) - len(failed)} of {len(results)} held", *failed]), flush=True)
    return failed


def _one(folder: Path, scene: Scene, phase: str, change: Change, kill: Kill) -> str:
    """A line of the table; returns what did not hold, '' for nothing."""
    which = "first" if "served" in str(scene.after) else "next"
    said, seconds, problem = "held", "", ""
    try:
        killed, again = scene.kill_at(folder, kill)
        seconds = f"{killed.seconds:5.1f} s, again {again.seconds:5.1f} s"
    except AssertionError as error:
        problem = "".join(traceback.format_exception(error))[-1500:] or "?"
        said = f"NOT: {str(error)[-600:]}"
    path = change.path.split("\n")[0][-60:]
    print(
        f"{which:5} {phase:11} {change.number:4} {kill.how:6} {change.event:17} {path:60} {seconds} {said}", flush=True
    )
    shutil.rmtree(folder, ignore_errors=True)
    return problem


def _in_one_home(folder: Path, chosen: list[Point]) -> list[str]:
    """Each run is the one after a killed one, and is killed itself; the last is left in peace."""
    scene, home, problems, kills = chosen[0][0], folder / "one" / "home", [], 0
    copy_home(scene.before, home)
    for _, _, _, kill in chosen:
        ended = scene.runs.run(home, REFRESH, kill)
        kills += ended.code == -9
        try:
            assert_nobody_left(home)
            assert_whole(home, scene.before, scene.after)
        except AssertionError as error:
            problems.append(str(error))
        if (home / "serving" / "current").resolve().name != (scene.before / "serving" / "current").resolve().name:
            break
    ended = scene.runs.run(home, REFRESH)
    left = differences(home, scene.after)
    print(f"in one home: {kills} kills one after another, then rc {ended.code}")
    print(f"  {len(left)} differences {left[:5]} {problems}")
    return problems + left + ([] if ended.code == 0 else [ended.said])


if __name__ == "__main__":
    main()
