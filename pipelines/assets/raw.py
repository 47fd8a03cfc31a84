"""Assets `raw/<source>`: files as published, taken into the raw store.

Belongs here: which folder is looked into. Does not belong here: copying and hashing (store/snapshots.py).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from dagster import AssetKey, AssetsDefinition, MaterializeResult, asset

from pipelines import settings
from pipelines.progress import say
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.staging import code_hash
from pipelines.store import arrivals, inbox, snapshots
from schemas.source import Source

ARRIVALS = AssetKey(["raw", "arrivals"])
OWNER = "team:nhs-impact-warehouse"


@asset(
    key=ARRIVALS,
    group_name="ingest",
    owners=[OWNER],
    description="The folders with published files and submissions. For synthetic data: the sample, written "
    "in the publishers' own layouts if it is not there yet.",
)
def arrived_files() -> MaterializeResult:
    """Makes sure that there is something to look into, and names what no source claims."""
    workspace = settings.workspace()
    if workspace.origin == "synthetic":
        _ensure_sample(workspace)
    land_inbox(workspace)
    folder = inbox_folder(workspace)
    series = [source for source in load_sources().values() if not source.is_inbox]
    inboxes = [source for source in load_sources().values() if source.is_inbox]
    unclaimed = arrivals.look_into(published_folder(workspace), series, leave_out=folder).unclaimed
    unreadable = arrivals.look_into(folder, inboxes).unclaimed
    # A name in the inbox may be that of a person: only the kinds are told.
    kinds = sorted(Path(name).suffix or "no suffix" for name in unreadable)
    return MaterializeResult(metadata={"unclaimed": list(unclaimed), "unreadable": kinds})


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
    shutil.rmtree(workspace.sample, ignore_errors=True)
    write_sample(workspace.sample, say)
    marker.write_text(version, encoding="utf-8")


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
        folder = inbox_folder(workspace)
        if source.is_inbox:
            found = arrivals.look_into(folder, [source])
        else:
            found = arrivals.look_into(published_folder(workspace), [source], leave_out=folder)
        new = snapshots.take(found.claimed, workspace.raw)
        return MaterializeResult(metadata={"files": len(found.claimed), "new": len(new)})

    return take_in
