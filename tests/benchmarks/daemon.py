"""By hand: a real dagster-daemon whose inbox sensor starts a refresh, which is killed on the way and done again.

    uv run python tests/benchmarks/daemon.py FOLDER [--kill]

FOLDER is a new home, or one that an earlier call of this script has left half way. The files are those of the SYNTHETIC
sample, which stand in for published ones; with --kill, the process of the first run gets SIGKILL as soon as it builds
the warehouse. Ends when a release waits, and tells when what happened.
About three minutes of CPU time, or five with --kill.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipelines import at_work
from pipelines.alerts import alert
from pipelines.release import waiting
from pipelines.sample import write_sample
from pipelines.settings import PROJECT_ROOT, Workspace
from tests.running import BUILDER, key_of, make_keys, waive_checks, waive_freshness

PATIENCE = 3000.0
"""Seconds after which it is given up."""


def prepare(home: Path) -> dict[str, str]:
    """A home with keys, waivers for old files, and the sample beside it. Returns what the daemon reads."""
    make_keys(home)
    waive_freshness(home)
    waive_checks(home, "page:synthetic_page")
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


def watch(workspace: Workspace, is_to_kill: bool) -> None:
    """Prints what changes until a release waits."""
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
        if waiting.listing(workspace) and run is None:
            print(f"{time.monotonic() - began:7.1f} s  waits: {[each.name for each in waiting.listing(workspace)]}")
            return
        time.sleep(0.5)
    print("given up")


def main() -> None:
    """Starts the daemon, watches, and stops it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    home = given.home.resolve()
    environment = prepare(home) if not home.exists() else environment_of(home)
    workspace = Workspace(home, "published")
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-m", "pipelines.definitions"]
    with (home / "daemon.log").open("a") as log:
        daemon = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=log, stderr=log)
        try:
            watch(workspace, given.kill)
        finally:
            daemon.terminate()
            daemon.wait(60)
    for line in alert.journal(workspace):
        print({name: line[name] for name in ("at", "event", "key", "keys", "subject") if name in line})


if __name__ == "__main__":
    main()
