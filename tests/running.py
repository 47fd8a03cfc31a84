"""Runs the command line as a person would, in a process and a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines.settings import PROJECT_ROOT


def impact(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One call of `impact`; its exit code is for the test to judge."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IMPACT_", "DAGSTER_"))}
    environment = {**kept, "IMPACT_HOME": str(home), "IMPACT_SAMPLE_AS_PUBLISHED": "yes"}
    command = [sys.executable, "-m", "pipelines.cli", *words]
    return subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False)


def refreshed(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A refresh that must succeed."""
    done = impact(home, "refresh", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


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
    return {item["unique_id"].split(".", 2)[2]: f"{item['status']} {item['message'] or ''}" for item in results}


def rows(home: Path, sql: str) -> list[dict[str, Any]]:
    """The answer of `impact query`, as a person would get it with --format json."""
    done = impact(home, "query", sql, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def row(home: Path, sql: str) -> dict[str, Any]:
    """The only row of an answer."""
    (only,) = rows(home, sql)
    return only
