"""By hand: a real dagster-daemon, whose sensors and schedules start what is due.

    uv run python tests/benchmarks/daemon.py FOLDER [--kill | --calendar]

FOLDER is a new home, or without --calendar one that an earlier call of this script has left half way. The files are
those of the SYNTHETIC sample, which stand in for published ones. The inbox sensor starts a refresh, and the script ends
when a release waits. With --kill, the process of the first run gets SIGKILL as soon as it builds the warehouse. About
three minutes of CPU time, or five with --kill.

With --calendar, the clocks of Dagster and of the product are moved, and the daemon is started three times: on 29
December 2026 with files in the inbox; two minutes before publishers are asked on 31 December, with one more file among
theirs; and, after somebody approved what waits, two minutes before 09:30 on the release day, 7 January 2027. About
seven minutes of CPU time.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from pipelines import at_work
from pipelines.alerts import alert
from pipelines.release import current_release, waiting
from pipelines.release.embargo import LONDON
from pipelines.release.manifest import verify
from pipelines.sample import write_sample
from pipelines.settings import PROJECT_ROOT, Workspace
from tests.faults.recovery import add_month
from tests.running import APPROVER, BUILDER, key_of, make_keys, waive_checks, waive_freshness

PATIENCE = 3000.0
"""Seconds after which it is given up."""
HANDED_IN, ASKED, APPROVED, OUT = "2026-12-29 10:50", "2026-12-31 09:43", "2026-12-31 12:00", "2027-01-07 09:28"
"""London time, at which the daemon is started or somebody approves."""


def prepare(home: Path, day: date | None = None) -> dict[str, str]:
    """A home with keys, waivers for old files from a day on, and the sample. Returns what the daemon reads."""
    make_keys(home)
    waive_freshness(home, day)
    waive_checks(home, "page:synthetic_page", day=day)
    write_sample(home / "offered")
    os.rename(home / "offered" / "submissions", home / "inbox")
    (home / "dagster").mkdir()
    return environment_of(home)


def environment_of(home: Path) -> dict[str, str]:
    """What the daemon reads."""
    settings = {
        "HOME": home,
        "DAGSTER_DIR": home / "dagster",
        "ORIGIN": "published",
        "FROM": home / "offered",
        "SUBMISSIONS": home / "inbox",
        "SIGNING_KEY": key_of(home, BUILDER),
        "UNATTENDED": "yes",
        "SAMPLE_AS_PUBLISHED": "yes",
    }
    named = {f"IMPACT_{name}": str(value) for name, value in settings.items()}
    others = {"DAGSTER_HOME": str(PROJECT_ROOT), "DAGSTER_GRPC_TIMEOUT_SECONDS": "600", "DO_NOT_TRACK": "1"}
    return {**os.environ, **named, **others}


def moved_to(moment: str) -> dict[str, str]:
    """For the environment of a process whose clock says that it is this moment in London now."""
    away = datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=LONDON) - datetime.now(UTC)
    return {
        "MOVED_BY": f"{away.total_seconds()}",
        "PYTHONPATH": f"{PROJECT_ROOT / 'tests' / 'moved_clock'}:{PROJECT_ROOT}",
    }


@contextmanager
def daemon(home: Path, environment: dict[str, str]) -> Iterator[None]:
    """One at work inside the block."""
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-m", "pipelines.definitions"]
    with (home / "daemon.log").open("a") as log:
        process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def watch(workspace: Workspace, ends: Callable[[], str | None], is_to_kill: bool = False) -> None:
    """Prints what is at work until `ends` says something and nothing is."""
    began, told = time.monotonic(), None
    while time.monotonic() - began < PATIENCE:
        run = at_work.begun(workspace)
        if run != told:
            print(f"{time.monotonic() - began:7.1f} s  at work: {run}", flush=True)
            told = run
        if run and is_to_kill and workspace.warehouse.exists():
            os.kill(run.pid, signal.SIGKILL)
            print(f"{time.monotonic() - began:7.1f} s  killed {run.pid}", flush=True)
            is_to_kill = False
        if run is None and (said := ends()):
            print(f"{time.monotonic() - began:7.1f} s  {said}", flush=True)
            return
        time.sleep(0.5)
    sys.exit("given up")


def waits(workspace: Workspace, other_than: str | None = None) -> str | None:
    """What waits, if it is another release than the one named by its seal."""
    found = [folder for folder in waiting.listing(workspace) if seal(folder) != other_than]
    return f"waits: {[folder.name for folder in found]}" if found else None


def seal(folder: Path) -> str:
    """What tells a release from an earlier one with its number."""
    return (folder / "manifest.sha256").read_text()


def is_out(workspace: Workspace) -> str | None:
    """What is served, and whether every file of it is as its manifest says."""
    folder = current_release(workspace)
    if folder is None:
        return None
    return f"served: {folder.name}, which {'is whole' if verify(folder) == [] else 'is NOT whole'}"


def by_the_calendar(home: Path) -> None:
    """A file handed in, an edition asked for, and a release day."""
    workspace = Workspace(home, "published")
    environment = prepare(home, datetime.strptime(HANDED_IN[:10], "%Y-%m-%d").date())
    with daemon(home, environment | moved_to(HANDED_IN)):
        watch(workspace, lambda: waits(workspace))
    (first,) = waiting.listing(workspace)
    add_month(home / "offered", date(2026, 4, 1))
    with daemon(home, environment | moved_to(ASKED)):
        before = seal(first)
        watch(workspace, lambda: waits(workspace, other_than=before))
    (second,) = waiting.listing(workspace)
    approve(home, second.name, environment | moved_to(APPROVED))
    with daemon(home, environment | moved_to(OUT)):
        watch(workspace, lambda: is_out(workspace))


def approve(home: Path, version: str, environment: dict[str, str]) -> None:
    """By a colleague, on the command line."""
    words = ["release", "approve", version, "--by", APPROVER, "--statement", "Looked at every page."]
    mine = environment | {"IMPACT_SIGNING_KEY": str(key_of(home, APPROVER))}
    subprocess.run([sys.executable, "-m", "pipelines.cli", *words], cwd=PROJECT_ROOT, env=mine, check=True)


def main() -> None:
    """Starts the daemon, watches, stops it, and tells what people were told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--calendar", action="store_true")
    given = parser.parse_args()
    home = given.home.resolve()
    workspace = Workspace(home, "published")
    if given.calendar:
        by_the_calendar(home)
    else:
        environment = prepare(home) if not home.exists() else environment_of(home)
        with daemon(home, environment):
            watch(workspace, lambda: waits(workspace), given.kill)
    for line in alert.journal(workspace):
        print({name: line[name] for name in ("at", "event", "key", "keys", "subject") if name in line})


if __name__ == "__main__":
    main()
