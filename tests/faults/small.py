"""A refresh of as little as can be: few files, the stand-in's tables for those of dbt, and no site.

Belongs here: what is made smaller, for kills that need a whole refresh many times. Does not belong here: the kills.
All else is the product's own: the assets in the order of the job, without Dagster between them, which keeps no state of
a release; a process of its own that builds; and the command line for what follows a refresh.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pipelines.release
from pipelines import cli, refreshing, settings
from pipelines.assets import raw, release, staged, warehouse
from pipelines.bound import tied
from pipelines.locking import one_at_a_time
from pipelines.registry import load_sources
from pipelines.release.export import export
from pipelines.release.rewriting import rewrite
from pipelines.sample import plan, write
from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT, Workspace

sys.path.insert(0, str(PROJECT_ROOT / "tests" / "release"))
import standin

WARM = ("pandera.strategies.pandas_strategies", "python_calamine", "structlog", "xlsxwriter")
"""What a run imports late."""
EPOCH = str(int(standin.BUILT_AT.timestamp()))
SOURCES = ("ods_trusts", "sickness_absence", "impact_self_assessment")
BUILD = """
import sys
from pipelines.bound import end_with_parent
end_with_parent()
content = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "wb") as file:
    for start in range(0, len(content), 4096):
        file.write(content[start : start + 4096])
"""
"""Writes the build file over the old one, piece by piece: whoever kills it leaves half."""


def _smaller() -> None:
    """Makes smaller what is written, staged and put out."""
    refreshing.run = refresh
    pipelines.release.write_outputs = _outputs
    release.parsed_manifest = standin.manifest_path
    release.modeldocs.write_model_docs = lambda *_: None
    write.WRITERS = {source: write.WRITERS[source] for source in SOURCES}
    editions = plan.settings()["editions"]
    editions["sickness_absence"]["first"] = editions["sickness_absence"]["last"]
    editions["ods_trusts"] = editions["ods_trusts"][-1:]
    for each in editions["impact_self_assessment"]:
        each |= {"respondents": 8, "workbooks": 2}


def run(words: list[str], more: dict[str, Any]) -> int:
    """One call of `impact`.

    more: the environment; the moment `now` by the clock of releases; `most_bytes` of a file, as if the disk were full.
    """
    if more.get("now"):
        settings.now = lambda: datetime.fromisoformat(more["now"])
    os.environ |= {name: value for name, value in more.items() if name.isupper()}
    if more.get("most_bytes"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(more["most_bytes"]),) * 2)
    sys.argv = ["impact", *words]
    cli.main()
    return 0


def refresh(workspace: Workspace, out: Any, err: Any) -> None:
    """The steps of the job, one after the other."""
    with refreshing.stoppable(), one_at_a_time(workspace):
        _do(raw.fetched_files, raw.Asked())
        _do(raw.arrived_files)
        sources = [load_sources()[source_id] for source_id in SOURCES]
        for source in sources:
            _do(raw.raw_asset(source))
        for source in sources:
            _do(staged.staged_asset(source))
        list(_do(staged.staged_registry))
        if warehouse.is_unchanged(workspace):
            return
        _build(workspace)
        _do(release.candidate_asset([]))
        _gate(workspace)
        list(_do(release.published))


def _do(asset: Any, *config: Any) -> Any:
    """What the asset does, without an instance of Dagster for each call."""
    return asset.op.compute_fn.decorated_fn(*config)


def _outputs(candidate: Path) -> list[Path]:
    rewrite(candidate / DUCKDB_FILE)
    return export(candidate)


def _gate(workspace: Workspace) -> None:
    """Says that all is well. The gate itself takes as long as all else together; KILLS_GATE=real lets it judge."""
    if os.environ.get("KILLS_GATE") == "real":
        _do(release.gate)
        return
    version, _ = release._stamp(workspace.candidate)
    (workspace.candidate / "evidence").mkdir()
    (workspace.candidate / "evidence" / "none.json").write_text("{}")
    (workspace.candidate / "gate.json").write_text(json.dumps({"release_id": version, "passed": True}))


def _build(workspace: Workspace) -> None:
    """In a process of its own, as dbt does."""
    warehouse.set_environment(workspace)
    built = Workspace(Path(os.environ["KILLS_BUILT"]), "synthetic")
    shutil.copyfile(standin.manifest_path(built), standin.manifest_path(workspace))
    command = [sys.executable, "-c", BUILD, str(built.warehouse), str(workspace.warehouse)]
    subprocess.run(command, cwd=PROJECT_ROOT, env=os.environ | tied(), check=True)


for _name in WARM:
    importlib.import_module(_name)
_smaller()
