"""One refresh from the command line: lock, run the Dagster job in this process, show progress, sum up.

Belongs here: what surrounds the job. Does not belong here: its steps (assets/), wording of tables (reporting.py).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console

from pipelines import progress, serving, settings
from pipelines.errors import Fault, Stopped
from pipelines.locking import one_at_a_time
from pipelines.operations import runs
from pipelines.operations.space import require_room
from pipelines.settings import Workspace
from pipelines.store import inbox

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult

Result = TypeVar("Result")


def run(workspace: Workspace, out: Console, err: Console) -> None:
    """Runs the whole job and prints what happened.

    Raises Fault where another refresh is running, where synthetic data would replace published data, where no
    driver is installed for the inbox, where the release calendar has no date left, where the disk is too full, or
    whatever stopped the job; Stopped where that was a signal.
    """
    refuse_sample_over_published(workspace)
    _require_driver_of_inbox(workspace)
    _require_date(workspace)
    require_room(workspace)
    job = "as_at" if workspace.as_at else "refresh"
    work = runs.recorded(workspace, job, "command line")
    with stoppable(), one_at_a_time(workspace), shown(err), work as taken_down:
        result = watched(workspace, job, lambda: _execute(job, taken_down.run_id))
        with runs.step("follow"):
            # Also where nothing changed: a server that was down may be there again.
            told = [] if workspace.as_at else serving.follow(workspace)
    from pipelines.reporting import print_as_at, print_summary

    if workspace.as_at:
        print_as_at(workspace, out)
    else:
        print_summary(workspace, result, out)
    for line in told:
        err.print(line, markup=False, soft_wrap=True)


def refuse_sample_over_published(workspace: Workspace) -> None:
    """Raises Fault before any work where readers get published data, or did, and the run is synthetic."""
    from pipelines.release.promote import published_here

    if workspace.origin == "published" or settings.may_replace_published():
        return
    real = published_here(workspace)
    if real:
        raise Fault(
            "impact refresh",
            f"release {real} with published data is being served here, or was until it was taken back",
            "published data to refresh it with",
            "the option --from or --live was left out",
            "give `--from DIR` or `--live`; or `--sample` to serve the SYNTHETIC sample instead; or set IMPACT_HOME to "
            "another folder",
        )


def _require_driver_of_inbox(workspace: Workspace) -> None:
    """Before any work, because the inbox is looked into only when the whole job is loaded."""
    place = settings.inbox()
    if workspace.origin == "published" and place and inbox.is_url(place):
        inbox.require_driver(place)


def _require_date(workspace: Workspace) -> None:
    """Before any work, because a release with published data waits for a date of the calendar."""
    from pipelines.release.embargo import read_calendar

    if workspace.origin == "published" and not workspace.as_at:
        read_calendar().next_release(settings.built_at())


def watched(workspace: Workspace, job: str, execute: Callable[[], Result]) -> Result:
    """What `execute` returns; whatever becomes of the run, who must know it is told."""
    from pipelines import at_work
    from pipelines.alerts import watch

    failed = None
    try:
        with at_work.recorded(workspace, job):
            return execute()
    except Exception as error:
        failed = watch.failed(workspace, job, type(error).__name__, str(error))
        raise
    finally:
        at_work.note_failure(workspace, job, failed)
        watch.look(workspace)


def _execute(job_name: str, run_id: str) -> ExecuteInProcessResult:
    progress.say("loading the definitions")
    from dagster import DagsterInstance

    from pipelines.definitions import defs

    job = defs.resolve_job_def(job_name)
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return job.execute_in_process(instance=DagsterInstance.get(), run_config=quiet, raise_on_error=True, run_id=run_id)


@contextmanager
def stoppable() -> Iterator[None]:
    """Turns SIGTERM and Ctrl-C into a fault that says what holds. Dagster hears them first while its job runs."""
    from dagster import DagsterExecutionInterruptedError

    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except (KeyboardInterrupt, DagsterExecutionInterruptedError) as stop:
        raise _stopped() from stop
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _stopped() -> Stopped:
    return Stopped(
        "impact refresh: stopped before its end",
        "a signal to stop, such as SIGTERM or Ctrl-C",
        "a run that is left to come to its end",
        "a person, the service manager or a shutdown of the machine stopped it",
        "run the same command again: it goes on from what is done. What is being served is as it was, or the new "
        "release whole",
    )


@contextmanager
def shown(err: Console) -> Iterator[None]:
    """A line that moves on a terminal; plain lines with the time elsewhere."""
    if err.is_terminal:
        with err.status("starting") as status, progress.listening(status.update):
            yield
        return
    with progress.listening(_Printer(err).show):
        yield


class _Printer:
    """Prints a line with the seconds since the start; one that only counts on, at most every few seconds."""

    EVERY = 5.0

    def __init__(self, err: Console) -> None:
        self.err, self.started = err, time.monotonic()
        self.topic, self.printed = "", 0.0

    def show(self, line: str) -> None:
        """Prints one line of progress; what comes before a colon is its topic."""
        now, topic = time.monotonic() - self.started, line.split(": ")[0]
        if topic != self.topic or now - self.printed >= self.EVERY:
            self.err.print(f"{now:6.1f} s  {line}", markup=False)
            self.topic, self.printed = topic, now
