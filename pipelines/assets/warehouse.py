"""The dbt models and their tests as assets and checks: staging, intermediate and marts.

Belongs here: parsing the project once, naming and grouping its assets, running one `dbt build`.
Does not belong here: what is computed (dbt_project/).
"""

import io
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import AssetCheckSpec, AssetExecutionContext, AssetKey, AssetsDefinition, AssetSpec

from pipelines import settings
from pipelines.assets.raw import OWNER
from pipelines.bound import tied
from pipelines.errors import Fault, Faults
from pipelines.operations.runs import size_of, step
from pipelines.progress import say
from pipelines.settings import DBT_PROJECT_DIR, Workspace
from pipelines.staging import code_hash
from pipelines.store.snapshots import make_private
from pipelines.store.whole import copy_whole, replace_text

if TYPE_CHECKING:
    from dagster_dbt import DagsterDbtTranslator, DbtCliResource

# Unit tests judge the models, not the data; the test suite runs them.
BUILD = ["build", "--no-version-check", "--exclude-resource-type", "unit_test"]
RESULTS = "run_results.json"
LAYERS = {"staging": "staging", "intermediate": "intermediate", "core": "marts", "published": "marts"}


def set_environment(workspace: Workspace) -> None:
    """What profiles.yml and the sources of the dbt project read from the environment."""
    # It holds every answer, also of those who share it with nobody.
    make_private(workspace.warehouse.parent)
    os.environ["IMPACT_WAREHOUSE"] = str(workspace.warehouse)
    os.environ["IMPACT_STAGED"] = str(workspace.staged)
    os.environ.setdefault("DO_NOT_TRACK", "1")


def target_path(workspace: Workspace) -> Path:
    """Where dbt keeps its manifest: one folder for each origin, because a changed path forces a full parse."""
    return workspace.base / "dbt_target"


@cache
def parsed_manifest(workspace: Workspace) -> Path:
    """dbt's manifest, parsed again only when a file of the project changed.

    A copy: dbt writes its own anew with each build, and half of it where the build is killed.
    """
    target, marker = target_path(workspace), target_path(workspace) / ".project_hash"
    manifest, version = target / "parsed.json", code_hash(["dbt_project"])
    if manifest.exists() and marker.exists() and marker.read_text(encoding="utf-8") == version:
        return manifest
    say("parsing the dbt project")
    target.mkdir(parents=True, exist_ok=True)
    _parse(target)
    copy_whole(target / "manifest.json", manifest)
    replace_text(marker, version)
    return manifest


def _parse(target: Path) -> None:
    """In this process, which saves starting another; parsing opens no database."""
    from dbt.cli.main import dbtRunner

    places = {"--project-dir": DBT_PROJECT_DIR, "--profiles-dir": DBT_PROJECT_DIR, "--target-path": target}
    words = [str(word) for pair in places.items() for word in pair]
    result = dbtRunner().invoke(["--quiet", "parse", "--no-version-check", *words])
    if not result.success:
        raise Fault(
            "dbt parse",
            str(result.exception),
            "a dbt project that can be parsed",
            "a slip in a model or in its YAML",
            "correct the file that is named above and run the command again",
        )


def is_unchanged(workspace: Workspace) -> bool:
    """Whether the newest release, out or waiting, was made from exactly these inputs, code and models.

    What was known on an earlier day is never served, so that is always built. A release that waits unsigned is built
    again as soon as somebody can sign it; and one that was stopped before it was served is made again.
    """
    from pipelines.release import after, last_built, read_manifest, waiting

    waits = waiting.newest(workspace) if workspace.origin == "published" else None
    newest = waits or last_built(workspace)
    if workspace.as_at or newest is None:
        return False
    if waits and settings.signing_key() and not waiting.is_signed(waits):
        return False
    if not waits and after.is_left_behind(workspace, newest):
        return False
    return read_manifest(newest).get("fingerprint") == workspace.fingerprint.read_text(encoding="utf-8")


def warehouse_assets(workspace: Workspace) -> AssetsDefinition:
    """All dbt models, seeds and data tests as one run of `dbt build`."""
    from dagster_dbt import dbt_assets

    set_environment(workspace)

    @dbt_assets(manifest=parsed_manifest(workspace), dagster_dbt_translator=_translator(), name="warehouse")
    def build_warehouse(context: AssetExecutionContext) -> Iterator[Any]:
        current = settings.workspace()
        if is_unchanged(current):
            context.log.info("nothing changed since the newest release; no model is built")
            return
        target = target_path(current)
        (target / RESULTS).unlink(missing_ok=True)
        with step("dbt") as told:
            try:
                with redirect_stdout(_ToProgress()):
                    yield from _dbt().cli(BUILD, context=context, target_path=target).stream()
            except Exception as error:
                raise _as_faults(target, error) from error
            told.bytes_out = size_of(current.warehouse)

    return build_warehouse


def _translator() -> "DagsterDbtTranslator":
    from dagster_dbt import DagsterDbtTranslator

    class Translator(DagsterDbtTranslator):
        """Sources are the staged assets; groups follow the folders; descriptions are dbt's own."""

        def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
            name = dbt_resource_props["name"]
            if dbt_resource_props["resource_type"] == "source":
                return AssetKey(["staged", name])
            return AssetKey([self.get_group_name(dbt_resource_props), name])

        def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
            return LAYERS.get(dbt_resource_props.get("schema", ""), "reference")

        def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
            return [OWNER]

        def get_asset_check_spec(
            self, asset_spec: AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
        ) -> AssetCheckSpec | None:
            """The test's own description, which dagster-dbt looks for in `meta` only."""
            spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
            return spec and spec._replace(description=manifest["nodes"][unique_id]["description"])

    return Translator()


class _ToProgress(io.TextIOBase):
    """Takes dbt's own log lines and passes on how far it has come."""

    def write(self, text: str) -> int:
        """Passes on lines such as `12 of 194 START …`, without the name."""
        step = re.search(r"(\d+ of \d+) START", text)
        if step:
            say(f"building and testing the models: {step.group(1)}")
        return len(text)


def _dbt() -> "DbtCliResource":
    from dagster_dbt import DbtCliResource

    # The dbt of this environment, whether or not the environment is on the PATH; it does not outlive this process.
    os.environ |= tied()
    executable = Path(sys.executable).with_name("impact-dbt")
    return DbtCliResource(
        project_dir=str(DBT_PROJECT_DIR), profiles_dir=str(DBT_PROJECT_DIR), dbt_executable=str(executable)
    )


def _as_faults(target: Path, error: Exception) -> Faults:
    """Every model and test that failed, in five parts; the error itself where dbt left no results."""
    path = target / RESULTS
    results = json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []
    failed = [item for item in results if item["status"] in ("error", "fail")]
    return Faults(
        [_fault(item["unique_id"], str(item["message"])) for item in failed] or [_fault("dbt build", str(error))]
    )


def _fault(where: str, message: str) -> Fault:
    return Fault(
        where,
        message.strip() or "no message",
        "a model that builds under its contract, or a test that passes",
        "the staged data break a rule that joins or logic depend on, or a model was changed wrongly",
        "read the test's description in dbt_project/models; nothing that is served has changed",
    )
