"""Kills a refresh at forty points, each in a copy of one home, and then one after another in one home.

By hand: `uv run python tests/benchmarks/kills.py FOLDER [TURN OF]`. It prints a table and says which points did not
hold. TURN OF: every so many of the points only, so that several can be at work side by side.
"""

from __future__ import annotations

import shutil
import sys
import traceback
from collections import Counter
from pathlib import Path

from tests.faults.recovery import (
    REFRESH,
    Scene,
    assert_nobody_left,
    assert_whole,
    copy_home,
    differences,
    phase_of,
    ready,
    scenes,
)
from tests.killing import Change, Kill

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


def points(changes: tuple[Change, ...], wanted: dict[str, int]) -> list[tuple[str, Change, Kill]]:
    """Kills spread over each phase: before a change, in the middle of a write, or while another process works."""
    found = []
    for phase, count in wanted.items():
        mine = [change for change in changes if phase_of(change) == phase]
        mine = _told_apart(mine)
        for turn in range(min(count, len(mine))):
            change = mine[turn * len(mine) // min(count, len(mine))]
            found.append((phase, change, _how(change, turn)))
    return found


def _told_apart(changes: list[Change]) -> list[Change]:
    """Without repeats of the same event in the same folder, which follow each other in hundreds."""
    kept: dict[tuple[str, str], Change] = {}
    for change in changes:
        kept.setdefault((change.event, str(Path(change.path).parent) + Path(change.path).suffix), change)
    return sorted(kept.values(), key=lambda change: change.number)


def _how(change: Change, turn: int) -> Kill:
    if change.event == "open":
        return Kill(change.number, "cut")
    if change.event == "subprocess.Popen":
        return Kill(change.number, "after", 0.15 * (1 + turn))
    return Kill(change.number)


def main() -> None:
    folder, turn, of = Path(sys.argv[1]), *(int(word) for word in sys.argv[2:] or (0, 1))
    folder.mkdir()
    with ready(folder) as runs:
        first, following = scenes(folder, runs)
        chosen = [(first, *each) for each in points(first.changes, FIRST)]
        chosen += [(following, *each) for each in points(following.changes, NEXT)]
        print(f"{len(first.changes)} changes of files in a first refresh, {len(following.changes)} in the next")
        print(f"{len(chosen)} points: {dict(Counter(phase for _, phase, *_ in chosen))}")
        results = _in_copies(folder, chosen[turn::of])
        failed = [result for result in results if result]
        print(f"in copies: {len(results) - len(failed)} of {len(results)} held")
        failed += _in_one_home(folder, following) if turn == 0 else []
    sys.exit(bool(failed))


def _in_copies(folder: Path, chosen: list[tuple[Scene, str, Change, Kill]]) -> list[str]:
    return [_one(folder / f"point{number}", *each) for number, each in enumerate(chosen)]


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


def _in_one_home(folder: Path, scene: Scene) -> list[str]:
    """Each run is the one after a killed one, and is killed itself; the last is left in peace."""
    home, problems, kills = folder / "one" / "home", [], 0
    copy_home(scene.before, home)
    for _, _, kill in points(scene.changes, NEXT):
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
