"""When the jobs run by themselves: the schedules and the sensors.

Belongs here: looking up what a decision rests on, and asking Dagster for a run. Does not belong here: the decision
(planning.py), what a run does (assets/).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dagster import (
    DefaultScheduleStatus,
    DefaultSensorStatus,
    RunRequest,
    ScheduleDefinition,
    SensorDefinition,
    SkipReason,
    schedule,
    sensor,
)

from pipelines import at_work, planning, settings
from pipelines.alerts import watch
from pipelines.assets.raw import ASKED, arrival_state
from pipelines.editions.awaited import all_awaited
from pipelines.fetch.rounds import can_be_asked, read_rounds
from pipelines.planning import Decision, Known, Waiting
from pipelines.registry import load_sources
from pipelines.release import approval, publication, waiting
from pipelines.release.embargo import read_calendar
from pipelines.release.manifest import read_manifest
from pipelines.settings import Workspace
from pipelines.store import inbox

REFRESH = "refresh"
LONDON = "Europe/London"
RELEASING = ["30 9 * * 1-5", "0,30 10 * * 1-5"]
"""At half past nine; twice more for a run that could not be started."""
ASKING = [f"{time.minute} {time.hour} * * 1-5" for time in planning.ASKING]
WEEKLY = "15 3 * * 0"
EVERY_QUARTER_OF_AN_HOUR = 900


def refresh_due(job_name: str) -> ScheduleDefinition:
    """Takes in what publishers have brought out, all of it in one run."""

    @schedule(
        name="refresh_due",
        job_name=job_name,
        cron_schedule=ASKING,
        execution_timezone=LONDON,
        default_status=_of_schedules(),
        description="On working days at 09:45: asks the publishers of whom an edition is due that is not here yet, and "
        "again after some hours those that did not answer.",
    )
    def look() -> RunRequest | SkipReason:
        return _request(refresh_decision(settings.workspace()))

    return look


def release_day(job_name: str) -> ScheduleDefinition:
    """What is approved goes out, at 09:30 London time; the release calendar says on which days."""

    @schedule(
        name="release_day",
        job_name=job_name,
        cron_schedule=RELEASING,
        execution_timezone=LONDON,
        default_status=_of_schedules(),
        description="Puts out the releases that are approved and whose embargo is over.",
    )
    def look() -> RunRequest | SkipReason:
        return _request(release_decision(settings.workspace()))

    return look


def prune_weekly(job_name: str) -> ScheduleDefinition:
    """Clears away what is old of the history of runs and alerts, on Sunday nights."""
    return ScheduleDefinition(
        name="prune_weekly",
        job_name=job_name,
        cron_schedule=WEEKLY,
        execution_timezone=LONDON,
        default_status=_of_schedules(),
        description="Removes runs, ticks and alerts that are older than IMPACT_KEEP_RUNS_DAYS.",
    )


def inbox_sensor(job_name: str) -> SensorDefinition:
    """Runs the job when people handed in what no run has taken in. No publisher is asked for that."""

    @sensor(
        name="inbox_sensor",
        job_name=job_name,
        minimum_interval_seconds=60,
        default_status=_of_sensors(),
        description="Looks into the inbox of self-assessment submissions, for decisions on files that were held, and "
        "for a run that was killed.",
    )
    def look() -> RunRequest | SkipReason:
        return _request(inbox_decision(settings.workspace()))

    return look


def watch_sensor() -> SensorDefinition:
    """Starts nothing: it looks whether there is something that a person must know."""

    @sensor(
        name="watch",
        minimum_interval_seconds=EVERY_QUARTER_OF_AN_HOUR,
        default_status=_of_sensors(),
        description="Tells people what needs them, once; and sends what could not be sent before.",
    )
    def look() -> SkipReason:
        watch.look(settings.workspace())
        return SkipReason("whatever needs a person was told")

    return look


def refresh_decision(workspace: Workspace) -> Decision:
    """Whom to ask now. Nobody in the SYNTHETIC sample, and nobody where files come neither by fetching nor by hand."""
    if workspace.origin == "synthetic":
        return Decision(None, "the SYNTHETIC sample has no publishers")
    if not settings.is_live() and settings.published_files() is None:
        return Decision(None, "neither IMPACT_LIVE nor IMPACT_FROM is set: no files to take in")
    return planning.to_refresh(known(workspace), settings.now())


def release_decision(workspace: Workspace) -> Decision:
    """Whether something goes out now."""
    return planning.to_release(known(workspace), settings.now(), publication.half_out(workspace))


def inbox_decision(workspace: Workspace) -> Decision:
    """Whether the inbox holds something new, or a run was killed and must be done again."""
    stopped = at_work.killed(workspace)
    if stopped and stopped.job == REFRESH and stopped.attempts < at_work.MOST_ATTEMPTS:
        return planning.to_begin_again(stopped.began_at, settings.now())
    return planning.to_take_in(arrival_state(workspace), inbox.taken_state(workspace), settings.now())


def known(workspace: Workspace) -> Known:
    """What decisions rest on, as it is now."""
    sources = load_sources()
    return Known(
        bank_holidays=read_calendar().bank_holidays,
        awaited=tuple(all_awaited(sources.values(), workspace)),
        can_be_asked=tuple(name for name, source in sources.items() if can_be_asked(source)),
        asked=read_rounds(workspace),
        waiting=tuple(_waiting(workspace)),
    )


def _waiting(workspace: Workspace) -> Iterable[Waiting]:
    for folder in waiting.listing(workspace):
        planned = read_manifest(folder)["calendar"]
        ends_at = datetime.fromisoformat(planned["ends_at"]) if planned else None
        yield Waiting(folder.name, ends_at, approval.holds(workspace, folder))


def _request(decision: Decision) -> RunRequest | SkipReason:
    """The run that was decided on, or why there is none. The sources to ask for travel in its configuration."""
    if decision.run_key is None:
        return SkipReason(decision.reason)
    tags = {"impact/why": decision.reason[:250]}
    return RunRequest(run_key=decision.run_key, run_config=run_config(decision), tags=tags)


def run_config(decision: Decision) -> dict[str, object]:
    """For the job: the sources whose publishers are asked; nothing for a job that asks nobody."""
    if decision.sources is None:
        return {}
    return {"ops": {ASKED: {"config": {"sources": sorted(decision.sources)}}}}


def _of_schedules() -> DefaultScheduleStatus:
    return DefaultScheduleStatus.RUNNING if settings.is_unattended() else DefaultScheduleStatus.STOPPED


def _of_sensors() -> DefaultSensorStatus:
    return DefaultSensorStatus.RUNNING if settings.is_unattended() else DefaultSensorStatus.STOPPED
