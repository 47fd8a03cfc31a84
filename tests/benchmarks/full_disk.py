"""By hand, as root: a disk that really fills up while a refresh of the full sample is at work.

    uv run python tests/benchmarks/full_disk.py HOME

HOME serves a release of the SYNTHETIC sample; it is copied onto a disk in memory, never changed. One more file comes,
and as soon as the run says that it has reached a step, a large file leaves the disk as little room as POINTS says. What
must hold: the run ends by saying that the disk is full, below what Dagster says of its own database; the release of
before stays served and whole; and once there is room again, the next run puts out the next one. About four minutes for
each point.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipelines.release import current_release
from pipelines.release.manifest import verify
from pipelines.settings import PROJECT_ROOT, Workspace
from tests.faults.recovery import add_month, assert_nobody_left, copy_home, raw_files
from tests.running import impact

POINTS = (("reading", 0), ("building and testing the models", 30), ("writing candidate", 20), ("the gate", 1))
"""The step as progress names it, and megabytes that are left from there on."""
SIZE = 4_000
"""Megabytes of the disk: for a copy of the home, and for a run."""
MEGABYTE = 1 << 20
WORDS = ("expected", "likely", "make room")


@contextmanager
def disk() -> Iterator[Path]:
    """A file system of its own."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def fill(folder: Path, left: int) -> Path:
    """A file that leaves this many megabytes."""
    ballast, size = folder / "ballast", 0
    with ballast.open("wb") as file:
        while (room := _room(folder) - left * MEGABYTE) > 0:
            # In steps, because the run takes room meanwhile; half of what is left, so that it always fits.
            step = min(room, max(MEGABYTE, room // 2))
            try:
                os.posix_fallocate(file.fileno(), size, step)
            except OSError:
                break
            size += step
    return ballast


def _room(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def run_into_it(home: Path, step: str, left: int) -> tuple[int, str]:
    """A refresh whose disk fills as it reaches a step. Its exit code and what it said."""
    environment = os.environ | {"IMPACT_HOME": str(home)}
    command = [sys.executable, "-m", "pipelines.cli", "refresh"]
    said, is_filled, pipe = [], False, subprocess.PIPE
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout:
            said.append(line)
            if not is_filled and re.match(rf"\s*[\d.]+ s  {re.escape(step)}", line):
                is_filled = bool(fill(home.parent, left))
    return process.returncode, "".join(said)


def held(served: Path, step: str, left: int) -> list[str]:
    """What did not hold at one point."""
    with disk() as folder:
        home = folder / "home"
        copy_home(served, home)
        add_month(home / "synthetic" / "sample", date(2026, 4, 1))
        before, raw = current_release(Workspace(home, "synthetic")), raw_files(home)
        code, said = run_into_it(home, step, left)
        print(f"--- {step}, {left} MB left: exit code {code}\n{said[-900:]}", flush=True)
        assert_nobody_left(home)
        found = [] if code == 1 and all(word in said[-900:] for word in WORDS) else ["its words"]
        found += [] if current_release(Workspace(home, "synthetic")) == before and not verify(before) else ["served"]
        found += [] if raw.items() <= raw_files(home).items() else ["raw store"]
        (folder / "ballast").unlink()
        again = impact(home, "refresh")
        after = current_release(Workspace(home, "synthetic"))
        found += [] if again.returncode == 0 and after != before and not verify(after) else [again.stderr[-900:]]
        return found


def main(served: Path) -> None:
    """All points."""
    failed = {point: found for point in POINTS if (found := held(served, *point))}
    print(f"{len(POINTS) - len(failed)} of {len(POINTS)} points held", *failed.items(), sep="\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
