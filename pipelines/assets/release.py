"""Assets `release/…` and `serving/current`: candidate, gate, release, promotion.

Belongs here: their order and what Dagster shows of them. Does not belong here: how each is done (release/).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dagster import AssetKey, AssetsDefinition, AssetSpec, MaterializeResult, asset, multi_asset

from pipelines import release, settings
from pipelines.assets.raw import OWNER
from pipelines.assets.warehouse import parsed_manifest
from pipelines.progress import say
from pipelines.settings import Workspace
from pipelines.staging import code_version
from pipelines.store import shown

CANDIDATE = AssetKey(["release", "candidate"])
GATE = AssetKey(["release", "gate"])
RELEASE = AssetKey(["release", "published"])
SERVING = AssetKey(["serving", "current"])


def candidate_asset(marts: list[AssetKey]) -> AssetsDefinition:
    """The asset that copies the marts which may be released out of the build file."""

    @asset(
        key=CANDIDATE,
        deps=marts,
        group_name="release",
        owners=[OWNER],
        description="Every table that may be released, as DuckDB, parquet and CSV; not yet looked at by the gate.",
    )
    def candidate() -> MaterializeResult:
        workspace = settings.workspace()
        version = _version(workspace)
        say(f"writing candidate {version}")
        folder = release.build_candidate(workspace, parsed_manifest(workspace), version, code_version())
        files = release.write_outputs(folder)
        return MaterializeResult(metadata={"release_id": version, "files": len(files)})

    return candidate


def _version(workspace: Workspace) -> str:
    """The next version; what was known on an earlier day is no release and bears that day."""
    if workspace.as_at:
        return f"as-at-{workspace.as_at.isoformat()}"
    return release.version_to_build(workspace, dt.date.today())


@asset(
    key=GATE,
    deps=[CANDIDATE],
    group_name="release",
    owners=[OWNER],
    description="Great Expectations decides whether the candidate may go out. A refusal changes nothing "
    "that is served and writes its reasons to the folder `refused/`.",
    kinds={"greatexpectations"},
)
def gate() -> MaterializeResult:
    """Raises Refused with the five-part reasons."""
    workspace = settings.workspace()
    say("the gate is looking at the candidate")
    result = release.run_gate(workspace)
    if not result.passed:
        release.refuse(workspace.candidate, result, workspace)
    return MaterializeResult(metadata={"checks": len(result.checks)})


@multi_asset(
    name="release_and_serve",
    specs=[
        AssetSpec(
            RELEASE,
            deps=[GATE],
            group_name="release",
            owners=[OWNER],
            description="An immutable release: data, the gate's evidence, and a manifest with the sha256 of "
            "every file and of every input.",
        ),
        AssetSpec(
            SERVING,
            deps=[RELEASE],
            group_name="serving",
            owners=[OWNER],
            description="The pointer that analysts and BI tools follow; flipped atomically.",
        ),
    ],
)
def published() -> Iterator[MaterializeResult]:
    """Names the release, makes it immutable and puts it into service."""
    workspace = settings.workspace()
    fingerprint = workspace.fingerprint.read_text(encoding="utf-8")
    release.write_manifest(workspace.candidate, workspace, fingerprint)
    version = release.read_manifest(workspace.candidate)["release_id"]
    shown.record(workspace, version)
    release.publish(workspace.candidate, workspace, version, settings.may_replace_published())
    release.note_withdrawals(workspace)
    release.settle(workspace)
    say(f"release {version} is being served")
    yield MaterializeResult(asset_key=RELEASE, metadata={"release_id": version})
    yield MaterializeResult(asset_key=SERVING, metadata={"release_id": version})
