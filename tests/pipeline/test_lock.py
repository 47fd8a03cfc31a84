"""One writer at a time, whoever starts it: the command line, or Dagster by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from dagster import DagsterInstance, JobDefinition, execute_job, job, op, reconstructable

from pipelines import at_work, executing, settings
from pipelines.errors import Fault
from pipelines.locking import is_free, one_at_a_time
from pipelines.settings import PROJECT_ROOT, Workspace


@op
def write() -> None:
    """Writes where only the holder of the lock may."""
    with pytest.raises(Fault, match="another refresh"), one_at_a_time(settings.workspace()):
        pass
    (settings.home() / "written.txt").touch()


@job(executor_def=executing.one_writer)
def writing() -> None:
    write()


def job_for_dagster() -> JobDefinition:
    return writing


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPACT_HOME", str(tmp_path))
    monkeypatch.setattr(executing, "WAIT", 0.0)
    return tmp_path


def run_by_dagster(home: Path) -> list[str]:
    """Runs the job as the daemon does; the messages of what failed."""
    with (
        DagsterInstance.local_temp(str(home)) as instance,
        execute_job(reconstructable(job_for_dagster), instance, raise_on_error=False) as result,
    ):
        return [str(event.event_specific_data) for event in result.all_events if event.is_failure]


def test_a_run_of_dagster_holds_the_lock_and_gives_it_back(home):
    assert run_by_dagster(home) == []
    assert (home / "written.txt").exists()
    with one_at_a_time(Workspace(home, "published")):
        pass


def test_a_run_of_dagster_does_not_write_while_another_writes(home):
    with one_at_a_time(Workspace(home, "published")):
        failures = run_by_dagster(home)
    assert "another refresh that is still running" in "".join(failures)
    assert not (home / "written.txt").exists()


HOLDER = """
from pipelines import at_work, settings
from pipelines.locking import one_at_a_time
with one_at_a_time(settings.workspace()), at_work.recorded(settings.workspace(), "refresh"):
    print("held", flush=True)
    input()
"""


def test_a_holder_that_is_killed_leaves_the_lock_to_the_run_that_waits_and_a_record_that_it_was_killed(home):
    place = settings.workspace()
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert not is_free(place) and at_work.killed(place) is None
        assert at_work.begun(place).pid == holder.pid
        threading.Timer(0.2, os.kill, (holder.pid, signal.SIGKILL)).start()
        with one_at_a_time(place, wait=60):
            assert holder.wait() == -signal.SIGKILL
            assert at_work.begun(place).job == "refresh"
    assert at_work.killed(place).attempts == 1


def test_a_run_of_dagster_leaves_word_of_how_it_ended(home):
    assert run_by_dagster(home) == []
    place = settings.workspace()
    assert at_work.begun(place) is None and at_work.failures(place) == {}
