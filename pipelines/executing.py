"""How Dagster runs a job by itself: step by step in one process, as the only writer.

Belongs here: the executor. Every run that the schedule, the sensor or the web interface starts goes through it; the
command line does not, and takes the same lock itself (refreshing.py). Does not belong here: the steps (assets/).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import Executor, InitExecutorContext, executor, in_process_executor

from pipelines import at_work, serving, settings
from pipelines.alerts import watch
from pipelines.at_work import Failed
from pipelines.locking import one_at_a_time
from pipelines.operations.runs import recorded, step
from pipelines.settings import Workspace

# A refresh takes minutes. A run that the sensor asked for must not be lost because another one is at work.
WAIT = 3600.0


class OneWriter(Executor):
    """Takes the lock before the first step and gives it back after the last."""

    def __init__(self, inner: Executor, wait: float) -> None:
        self._inner, self._wait = inner, wait

    @property
    def retries(self) -> Any:
        """Those of the executor inside."""
        return self._inner.retries

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[Any]:
        """The events of the run. Raises Fault where another writer does not come to an end."""
        workspace, run = settings.workspace(), plan_context.dagster_run
        with (
            one_at_a_time(workspace, self._wait),
            recorded(workspace, run.job_name, _trigger(run.tags), run.run_id) as taken_down,
            at_work.recorded(workspace, run.job_name),
        ):
            failed = None
            for event in self._inner.execute(plan_context, execution_plan):
                if event.is_step_failure:
                    failed = _failure(event, workspace)
                    taken_down.fail(f"step {event.step_key} failed")
                yield event
            at_work.note_failure(workspace, run.job_name, failed)
            with step("follow"):
                # Also where nothing changed: a server that was down may be there again.
                serving.follow(workspace)
        watch.look(workspace)


def _trigger(tags: Mapping[str, str]) -> str:
    """Who asked for a run."""
    for kind in ("schedule", "sensor"):
        if f"dagster/{kind}_name" in tags:
            return f"{kind} {tags[f'dagster/{kind}_name']}"
    return "web interface"


def _failure(event: Any, workspace: Workspace) -> Failed:
    """What a step's failure comes to; the error of this project stands behind those of Dagster."""
    error = event.step_failure_data.error
    while error.cause:
        error = error.cause
    return watch.failed(workspace, event.step_key, error.cls_name, error.message.partition(": ")[2])


@executor(name="one_writer", config_schema=in_process_executor.config_schema)
def one_writer(context: InitExecutorContext) -> Executor:
    """Dagster's in-process executor, behind the lock."""
    return OneWriter(in_process_executor.executor_creation_fn(context), WAIT)
