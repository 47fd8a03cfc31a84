"""Assets `raw/<source>`: files as published, taken into the raw store.

Belongs here: which folder is looked into. Does not belong here: copying and hashing (store/snapshots.py).
"""

import shutil
from pathlib import Path

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetKey,
    AssetsDefinition,
    Config,
    MaterializeResult,
    RetryPolicy,
    asset,
    asset_check,
    get_dagster_logger,
)

from pipelines import release, settings
from pipelines.fetch.log import read_log
from pipelines.fetch.rounds import can_be_asked, note_round
from pipelines.operations.runs import step
from pipelines.operations.space import require_room
from pipelines.progress import say
from pipelines.registry import load_out_of_scope, load_sources
from pipelines.settings import Workspace
from pipelines.staging import code_hash
from pipelines.store import arrivals, decisions, inbox, snapshots
from pipelines.store.whole import replace_text
from schemas.source import Source

FETCHED = AssetKey(["raw", "fetched"])
ARRIVALS = AssetKey(["raw", "arrivals"])
OWNER = "team:nhs-impact-warehouse"
ASKED = "raw__fetched"
"""The step whose configuration says which publishers are asked."""


class Asked(Config):
    """sources: whose publishers are asked; all of them where nothing is said."""

    sources: list[str] | None = None


@asset(
    key=FETCHED,
    group_name="ingest",
    owners=[OWNER],
    description="What is new at the publishers, fetched from their servers where IMPACT_LIVE is `yes`. A source that "
    "cannot be fetched stops no other; what was fetched before stays in use.",
    # For a disk or a line that fails for a moment. What a publisher answers is no error here, and never tried so.
    retry_policy=RetryPolicy(max_retries=2, delay=30),
)
def fetched_files(config: Asked) -> MaterializeResult:
    """Asks the publishers of these sources, or nobody. First of all comes what an earlier run left half done."""
    workspace = settings.workspace()
    release.resume(workspace)
    require_room(workspace)
    chosen = [one for name, one in load_sources().items() if config.sources is None or name in config.sources]
    if workspace.origin == "synthetic" or workspace.as_at:
        return MaterializeResult(metadata={"asked": False})
    asked = [one.source_id for one in chosen if can_be_asked(one)]
    if not settings.is_live():
        note_round(workspace, asked, (), settings.now())
        return MaterializeResult(metadata={"asked": False})
    from pipelines.fetch.fetching import fetch_all

    with step("fetch"):
        run = fetch_all(chosen, workspace)
    note_round(workspace, asked, run.faults, settings.now())
    faults = [fault for found in run.faults.values() for fault in found]
    for fault in faults:
        get_dagster_logger().warning(str(fault))
    return MaterializeResult(metadata={"asked": True, "new": run.new, "faults": [str(fault) for fault in faults]})


@asset_check(
    asset=FETCHED,
    name="every_publisher_answered",
    description=f"Every source that is fetched gave what was looked for. Owner: {OWNER}.",
)
def every_publisher_answered() -> AssetCheckResult:
    """From the log, so that it stays visible until the source is asked for again."""
    faults = read_log(settings.workspace().fetched).faults
    reasons = [str(fault) for found in faults.values() for fault in found]
    return AssetCheckResult(passed=not reasons, severity=AssetCheckSeverity.WARN, metadata={"reasons": reasons})


@asset(
    key=ARRIVALS,
    deps=[FETCHED],
    group_name="ingest",
    owners=[OWNER],
    description="The folders with published files and submissions. For synthetic data: the sample, written "
    "in the publishers' own layouts if it is not there yet.",
)
def arrived_files() -> MaterializeResult:
    """Makes sure that there is something to look into, and puts on record what no source claims."""
    with step("arrive"):
        return _arrived(settings.workspace())


def _arrived(workspace: Workspace) -> MaterializeResult:
    if workspace.origin == "synthetic":
        _ensure_sample(workspace)
    if workspace.as_at is None:
        inbox.note_seen(workspace, arrival_state(workspace))
        land_inbox(workspace)
    folder = inbox_folder(workspace)
    series = [source for source in load_sources().values() if not source.is_inbox]
    inboxes = [source for source in load_sources().values() if source.is_inbox]
    found = arrivals.look_into(published_folder(workspace), series, leave_out=folder, no_source=load_out_of_scope())
    # A name in the inbox may be that of a person: only the kinds are told.
    unreadable = arrivals.look_into(folder, inboxes).unclaimed
    kinds = tuple(sorted(Path(name).suffix or "no suffix" for name in unreadable))
    if workspace.as_at is None:
        arrivals.note_left(workspace, arrivals.Left(found.unclaimed, found.out_of_scope, kinds))
    return MaterializeResult(
        metadata={
            "unclaimed": list(found.unclaimed),
            "out_of_scope": found.out_of_scope,
            "unreadable": list(kinds),
        }
    )


def published_folder(workspace: Workspace) -> Path | None:
    """Where published files of this origin are looked for."""
    return workspace.sample if workspace.origin == "synthetic" else settings.published_files()


def inbox_folder(workspace: Workspace) -> Path | None:
    """The folder of this machine in which submissions of this origin are looked for."""
    if workspace.origin == "synthetic":
        return workspace.sample / "submissions"
    place = settings.inbox()
    if place is None:
        return None
    return workspace.landing if inbox.is_url(place) else Path(place).expanduser().resolve()


def arrival_state(workspace: Workspace) -> str:
    """What people have handed in: what the inbox of this origin holds, and decisions on files, hashed."""
    place = settings.inbox() if workspace.origin == "published" else None
    held = inbox.state(place if place and inbox.is_url(place) else inbox_folder(workspace))
    return f"{held}{len(decisions.read(workspace)) or ''}"


def land_inbox(workspace: Workspace) -> None:
    """Copies what is new in an inbox that is a URL. Raises Fault where it cannot be reached."""
    place = settings.inbox()
    if workspace.origin == "published" and place and inbox.is_url(place):
        say("looking into the inbox")
        inbox.land(place, workspace.landing)


def _ensure_sample(workspace: Workspace) -> None:
    """Writes the sample once for each version of the code that makes it."""
    from pipelines.sample import write_sample

    marker, version = workspace.sample / ".version", code_hash(["pipelines/sample"])
    if marker.exists() and marker.read_text(encoding="utf-8") == version:
        return
    say("writing the SYNTHETIC sample in the publishers' layouts")
    # First, so that it never vouches for half a sample.
    marker.unlink(missing_ok=True)
    shutil.rmtree(workspace.sample, ignore_errors=True)
    write_sample(workspace.sample, say)
    replace_text(marker, version)


def raw_asset(source: Source) -> AssetsDefinition:
    """The asset that takes the files of one source into the raw store."""

    @asset(
        key=AssetKey(["raw", source.source_id]),
        deps=[ARRIVALS],
        group_name="ingest",
        owners=[OWNER],
        description=f"Files of {source.source_name} as published, content-addressed, never rewritten.",
        kinds={"file"},
    )
    def take_in() -> MaterializeResult:
        workspace = settings.workspace()
        found, log = claimed_files(source, workspace), read_log(workspace.fetched)
        with step(f"take:{source.source_id}") as told:
            new = snapshots.take(found, workspace.raw, log.urls(), log.published())
            if source.is_inbox and not workspace.as_at:
                inbox.note_taken(workspace)
            returned = snapshots.returned(found, workspace.raw)
            told.bytes_out = sum(snapshot.bytes for snapshot in new)
        return MaterializeResult(metadata={"files": len(found), "new": len(new), "returned": returned})

    return take_in


def claimed_files(source: Source, workspace: Workspace) -> tuple[arrivals.Arrival, ...]:
    """The files of one source: those that somebody brought, then those that were fetched, in the order of time.

    None as at an earlier day: that is built from what the raw store holds.
    """
    if workspace.as_at:
        return ()
    folder = inbox_folder(workspace)
    if source.is_inbox:
        return arrivals.look_into(folder, [source]).claimed
    brought = arrivals.look_into(published_folder(workspace), [source], leave_out=folder)
    fetched = workspace.fetched if workspace.fetched.is_dir() else None
    # Each lies in a folder named after the time; names of files may change in any way.
    in_time = sorted(arrivals.look_into(fetched, [source]).claimed, key=lambda one: one.path.parent.name)
    return brought.claimed + tuple(in_time)
