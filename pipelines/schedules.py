"""When the job runs by itself, and what makes it run in between.

Belongs here: the schedules and the inbox sensor. Does not belong here: what a run does (assets/).
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    ScheduleDefinition,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from pipelines import settings
from pipelines.assets.raw import inbox_folder
from pipelines.store import inbox

# Monthly statistics come out in the second and third week; the 25th has them all.
MONTHLY = "30 9 25 * *"
WORKING_DAYS = "30 9 * * 1-5"


def monthly_refresh(job_name: str) -> ScheduleDefinition:
    """The whole job, once a month, at 09:30 London time."""
    return ScheduleDefinition(
        name="monthly_refresh",
        job_name=job_name,
        cron_schedule=MONTHLY,
        execution_timezone="Europe/London",
        description="Takes in what the publishers have released during the month.",
    )


def release_day(job_name: str) -> ScheduleDefinition:
    """What is approved goes out, at 09:30 London time; the release calendar says on which days."""
    return ScheduleDefinition(
        name="release_day",
        job_name=job_name,
        cron_schedule=WORKING_DAYS,
        execution_timezone="Europe/London",
        description="Puts out the releases that are approved and whose embargo is over.",
    )


def inbox_sensor(job_name: str) -> SensorDefinition:
    """Runs the job when the inbox holds something that it did not hold before."""

    @sensor(
        name="inbox_sensor",
        job_name=job_name,
        minimum_interval_seconds=60,
        default_status=DefaultSensorStatus.STOPPED,
        description="Looks into the inbox of self-assessment submissions.",
    )
    def look(context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
        workspace = settings.workspace()
        place = settings.inbox() if workspace.origin == "published" else None
        state = url_state(place) if place and inbox.is_url(place) else inbox_state(inbox_folder(workspace))
        if state == (context.cursor or ""):
            yield SkipReason("nothing new in the inbox")
            return
        context.update_cursor(state)
        yield RunRequest(run_key=state)

    return look


def inbox_state(folder: Path | None) -> str:
    """Names, sizes and times of all files in the inbox, hashed; '' for no file or no inbox."""
    if folder is None or not folder.is_dir():
        return ""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return _hash(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)


def url_state(url: str) -> str:
    """Names and states of all files in an inbox that is a URL, hashed; '' for no file. Nothing is copied."""
    return _hash(f"{name} {state}" for name, state in inbox.listing(url).items())


def _hash(lines: Iterable[str]) -> str:
    listing = "\n".join(lines)
    return hashlib.sha256(listing.encode()).hexdigest() if listing else ""
