"""Runs the command line as a person would, in a process and a home of its own; and lets out what it built.

The clock of releases cannot be moved from outside, so that what waits is approved and put out in this process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import cli, settings
from pipelines.registry import load_sources
from pipelines.release import approval, publication, read_manifest, signing, waiting
from pipelines.release.examinations import read_gate_policy
from pipelines.release.rules import ADVICE
from pipelines.release.waivers import Waiver, waive
from pipelines.settings import PROJECT_ROOT, Workspace

BUILDER, APPROVER = "builder@example.invalid", "approver@example.invalid"


def impact(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One call of `impact`, by the builder if the home has keys; its exit code is for the test to judge."""
    command = [sys.executable, "-m", "pipelines.cli", *words]
    environment = _environment(home)
    return subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False)


def asked(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has imported everything already: for commands that only look."""
    said, told = StringIO(newline=None), StringIO(newline=None)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(told):
        for name in os.environ.keys() - _environment(home).keys():
            patch.delenv(name)
        for name, value in _environment(home).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["impact", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return subprocess.CompletedProcess(words, ended.value.code, said.getvalue(), told.getvalue())


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IMPACT_", "DAGSTER_"))}
    environment = {**kept, "IMPACT_HOME": str(home), "IMPACT_SAMPLE_AS_PUBLISHED": "yes"}
    if key_of(home, BUILDER).exists():
        environment["IMPACT_SIGNING_KEY"] = str(key_of(home, BUILDER))
    return environment


def refreshed(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A refresh that must succeed."""
    done = impact(home, "refresh", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def key_of(home: Path, person: str) -> Path:
    """Where the private key of somebody lies in a test's home."""
    return home / "keys" / person


def make_keys(home: Path) -> None:
    """A builder and an approver, each with a key and a role."""
    lines = []
    for person, role in ((BUILDER, signing.BUILD), (APPROVER, signing.APPROVAL)):
        public = signing.make_key(key_of(home, person), person, has_passphrase=False)
        lines.append(f'{person} namespaces="{role}" {" ".join(public.split()[:2])}\n')
    Workspace(home, "published").signers.write_text("".join(lines))


def waive_freshness(home: Path, day: date | None = None) -> None:
    """As the head of profession must before old files of a publisher may go out. day: of the waiver; today if none."""
    waive_checks(home, *(f"freshness:{source_id}" for source_id in load_sources()), day=day)


def waive_checks(home: Path, *checks: str, day: date | None = None) -> None:
    """Lets checks of the gate fail for as long as a waiver may last, from a day on; today if none."""
    day = day or settings.now().date()
    given = [Waiver(check, "A test of old files.", APPROVER, day, day + timedelta(days=90)) for check in checks]
    waive(Workspace(home, "published"), given, read_gate_policy()["waivers"], ADVICE)


@contextmanager
def working(home: Path, person: str, moment: datetime | None = None) -> Iterator[None]:
    """At this moment by the clock of releases, with the key of this person."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPACT_SIGNING_KEY", str(key_of(home, person)))
        if moment:
            patch.setattr(settings, "now", lambda: moment)
        yield


def let_out(home: Path) -> Path:
    """Approves what waits and puts it out when its embargo ends. Returns the folder that is served."""
    workspace = Workspace(home, "published")
    (folder,) = waiting.listing(workspace)
    with working(home, APPROVER, ends_at(folder)):
        approval.approve(workspace, folder, APPROVER, "Looked at every page.")
        return publication.publish_waiting(workspace, folder.name)


def ends_at(folder: Path) -> datetime:
    """When the embargo of a release ends, as its manifest says."""
    return datetime.fromisoformat(read_manifest(folder)["calendar"]["ends_at"])


def dbt(home: Path, project: Path, *words: str, origin: str = "synthetic") -> dict[str, str]:
    """Runs dbt on the workspace of a home. Status by the name of each node that ran."""
    base, target = home / origin, home / "target"
    environment = os.environ | {
        "IMPACT_WAREHOUSE": str(base / "warehouse" / "build.duckdb"),
        "IMPACT_STAGED": str(base / "staged"),
    }
    command = [str(Path(sys.executable).with_name("dbt")), *words, "--no-version-check"]
    command += ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(target)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    results = json.loads((target / "run_results.json").read_text())["results"]
    assert results, done.stdout
    ran = [item for item in results if not item["unique_id"].startswith("exposure.")]
    return {item["unique_id"].split(".", 2)[2]: f"{item['status']} {item['message'] or ''}" for item in ran}


def rows(home: Path, sql: str) -> list[dict[str, Any]]:
    """The answer of `impact query`, as a person would get it with --format json; without a process for each."""
    words, environment = ["query", sql, "--format", "json"], {"IMPACT_HOME": str(home)}
    done = CliRunner().invoke(cli.app, words, env=environment, catch_exceptions=False)
    return json.loads(done.stdout)


def row(home: Path, sql: str) -> dict[str, Any]:
    """The only row of an answer."""
    (only,) = rows(home, sql)
    return only
