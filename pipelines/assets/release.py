"""Assets `release/…` and `serving/current`: candidate, gate, release, promotion; and the job of release days.

Belongs here: their order and what Dagster shows of them. Does not belong here: how each is done (release/).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from dagster import AssetKey, AssetsDefinition, AssetSpec, MaterializeResult, asset, job, multi_asset, op

from pipelines import release, settings
from pipelines.assets.raw import OWNER
from pipelines.assets.warehouse import parsed_manifest
from pipelines.executing import one_writer
from pipelines.operations.runs import size_of, step
from pipelines.progress import say
from pipelines.release import access, embargo, modeldocs, publication, signing, waiting
from pipelines.release.reading import connect, release_info
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.staging import code_version

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
        with step("candidate") as told:
            folder = release.build_candidate(workspace, parsed_manifest(workspace), version, code_version())
            told.bytes_out = size_of(folder)
        with step("outputs") as written:
            files = release.write_outputs(folder)
            written.bytes_out = size_of(folder) - told.bytes_out
        return MaterializeResult(metadata={"release_id": version, "files": len(files)})

    return candidate


def _version(workspace: Workspace) -> str:
    """The next version; what was known on an earlier day is no release and bears that day."""
    if workspace.as_at:
        return f"as-at-{workspace.as_at.isoformat()}"
    return release.version_to_build(workspace, settings.built_at().date())


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
    with step("gate"):
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
            description="An immutable release: data, the gate's evidence, and a signed manifest with the sha256 of "
            "every file and of every input. With published data it waits for approval and for its date.",
        ),
        AssetSpec(
            SERVING,
            deps=[RELEASE],
            group_name="serving",
            owners=[OWNER],
            description="The pointer that analysts and BI tools follow; flipped atomically.",
            skippable=True,
        ),
    ],
)
def published() -> Iterator[MaterializeResult]:
    """Seals the release. SYNTHETIC data go into service at once; published data wait."""
    workspace = settings.workspace()
    modeldocs.write_model_docs(workspace, parsed_manifest(workspace))
    if workspace.origin == "synthetic":
        with step("serve"):
            version = _serve(workspace)
        yield MaterializeResult(asset_key=RELEASE, metadata={"release_id": version})
        yield MaterializeResult(asset_key=SERVING, metadata={"release_id": version})
    else:
        with step("seal"):
            version, replaced = _let_wait(workspace)
        yield MaterializeResult(asset_key=RELEASE, metadata={"release_id": version, "replaced": replaced})


def _serve(workspace: Workspace) -> str:
    candidate, fingerprint = workspace.candidate, workspace.fingerprint.read_text(encoding="utf-8")
    version, _ = _stamp(candidate)
    release.write_manifest(candidate, workspace, fingerprint, None, release.carried_by(workspace, version))
    release.sign_manifest(candidate, signing.synthetic_key(workspace))
    release.publish(candidate, workspace, version, settings.may_replace_published())
    say(f"release {version} is being served")
    return version


def _let_wait(workspace: Workspace) -> tuple[str, list[str]]:
    """The version, and those that waited in its place until now. Unsigned where its builder has no key."""
    candidate, fingerprint = workspace.candidate, workspace.fingerprint.read_text(encoding="utf-8")
    version, built_at = _stamp(candidate)
    correction = release.carried_by(workspace, version)
    entry = None if correction else embargo.read_calendar().next_release(built_at).as_dict()
    release.write_manifest(candidate, workspace, fingerprint, entry, correction)
    key = settings.signing_key()
    if key:
        release.sign_manifest(candidate, key)
    replaced = waiting.put(workspace, access.note_builder)
    say(f"release {version} waits")
    return version, replaced


def _stamp(candidate: Path) -> tuple[str, dt.datetime]:
    """The version of a candidate, and when it was built."""
    with connect(candidate / DUCKDB_FILE) as connection:
        info = release_info(connection)
    return info["release_id"], info["built_at"].replace(tzinfo=dt.UTC)


@op(description="Releases that wait: what is approved and whose embargo is over goes out.")
def put_out_what_is_due() -> None:
    """What still lacks something waits on; that is no failure of the run."""
    with step("publish"):
        versions = publication.publish_due(Workspace(settings.home(), "published"))
    for version in versions:
        say(f"release {version} is being served")


@job(description="Puts out what waits and lacks nothing.", executor_def=one_writer)
def publish_due() -> None:
    """For the schedule of release days."""
    put_out_what_is_due()
