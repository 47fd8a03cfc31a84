"""A refresh of as little as can be: few files, the stand-in's tables for those of dbt, and no site.

Belongs here: what is made smaller, for kills that need a whole refresh many times. Does not belong here: the kills.
All else is the product's own: the assets in the order of the job, without Dagster between them, which keeps no state of
a release; a process of its own that builds; and the command line for what follows a refresh.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines import cli, settings
from pipelines.assets import raw, release, staged, warehouse
from pipelines.bound import tied
from pipelines.errors import Fault, Faults
from pipelines.locking import one_at_a_time
from pipelines.registry import load_sources
from pipelines.release import outputs
from pipelines.sample import plan, write
from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT, Workspace

sys.path.insert(0, str(PROJECT_ROOT / "tests" / "release"))
import standin

EPOCH = str(int(standin.BUILT_AT.timestamp()))
SOURCES = ("ods_trusts", "sickness_absence", "impact_self_assessment")
BUILD = """
import sys
from pathlib import Path
from pipelines.bound import end_with_parent
end_with_parent()
sys.path.insert(0, "tests/release")
import standin
standin.build(standin.Workspace(Path(sys.argv[1]), sys.argv[2]))
"""


def _smaller() -> None:
    """Makes smaller what is written, staged and put out."""
    for name in ("write_api", "write_fingertips", "write_site"):
        setattr(outputs, name, lambda candidate, record: [])
    outputs.write_workbook = lambda candidate, record: candidate / DUCKDB_FILE
    release.parsed_manifest = standin.manifest_path
    write.WRITERS = {source: write.WRITERS[source] for source in SOURCES}
    editions = plan.settings()["editions"]
    editions["sickness_absence"]["first"] = editions["sickness_absence"]["last"]
    editions["ods_trusts"] = editions["ods_trusts"][-1:]
    for each in editions["impact_self_assessment"]:
        each |= {"respondents": 8, "workbooks": 2}


_smaller()


def run(words: list[str], more: dict[str, Any]) -> int:
    """A refresh, or another call of `impact`. more: the environment, and the moment `now` by the clock of releases."""
    if more.pop("now", None):
        settings.now = lambda: datetime.fromisoformat(more["now"])
    os.environ |= more
    if words != ["refresh"]:
        sys.argv = ["impact", *words]
        cli.main()
        return 0
    try:
        refresh(settings.workspace())
    except (Fault, Faults) as fault:
        print(fault)
        return 1
    return 0


def refresh(workspace: Workspace) -> None:
    """The steps of the job, one after the other."""
    with one_at_a_time(workspace):
        raw.fetched_files()
        raw.arrived_files()
        sources = load_sources()
        for source_id in SOURCES:
            raw.raw_asset(sources[source_id])()
        for source_id in SOURCES:
            staged.staged_asset(sources[source_id])()
        list(staged.staged_registry())
        if warehouse.is_unchanged(workspace):
            return
        _build(workspace)
        release.candidate_asset([])()
        _gate(workspace)
        list(release.published())


def _gate(workspace: Workspace) -> None:
    """Says that all is well. The gate itself takes as long as all else together; KILLS_GATE=real lets it judge."""
    if os.environ.get("KILLS_GATE") == "real":
        release.gate()
        return
    version, _ = release._stamp(workspace.candidate)
    (workspace.candidate / "evidence").mkdir()
    (workspace.candidate / "evidence" / "none.json").write_text("{}")
    (workspace.candidate / "gate.json").write_text(json.dumps({"release_id": version, "passed": True}))


def _build(workspace: Workspace) -> None:
    """In a process of its own, as dbt does."""
    warehouse.set_environment(workspace)
    command = [sys.executable, "-c", BUILD, str(workspace.root), workspace.origin]
    subprocess.run(command, cwd=PROJECT_ROOT, env=os.environ | tied(), check=True)


if os.environ.get("DUMP"):
    _before = set(sys.modules)
    _refresh = refresh

    def refresh(workspace):
        import time
        t = time.process_time()
        _refresh(workspace)
        print("CPU", time.process_time() - t)
        print("NEW", sorted(m for m in set(sys.modules) - _before if m.count(".") < 2))
        print(len(os.listdir("/proc/self/task")))
