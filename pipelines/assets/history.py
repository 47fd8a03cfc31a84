"""The job that keeps the history of runs from growing for ever.

Belongs here: the job. Does not belong here: what is old (pruning.py).
"""

import datetime as dt

from dagster import OpExecutionContext, in_process_executor, job, op

from pipelines import settings
from pipelines.pruning import prune


@op(description="Removes runs and alerts that are older than IMPACT_KEEP_RUNS_DAYS; the newest run of each job stays.")
def prune_what_is_old(context: OpExecutionContext) -> None:
    """The number of runs is in the log of the run."""
    before = settings.now() - dt.timedelta(days=settings.keep_runs_days())
    removed = prune(settings.workspace(), context.instance, before)
    context.log.info(f"{removed} runs that ended before {before:%Y-%m-%d} were removed")


# It touches no data, so that it need not wait for the lock.
@job(description="Clears away old runs and alerts.", executor_def=in_process_executor)
def prune_history() -> None:
    """For the weekly schedule."""
    prune_what_is_old()
