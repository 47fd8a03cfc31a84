"""Clearing away what is old of the history of runs and of alerts.

Belongs here: what counts as old. Does not belong here: raw files and releases, which are never cleared away.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pipelines.alerts.alert import prune as prune_alerts
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from dagster import DagsterInstance


def prune(workspace: Workspace, instance: DagsterInstance, before: dt.datetime) -> int:
    """Removes runs that ended before a moment, and lines and messages of alerts. Returns how many runs.

    The newest run of each job stays, and with it what Dagster shows of each asset.
    """
    old = _old_runs(instance, before)
    for run_id in old:
        instance.delete_run(run_id)
    prune_alerts(workspace, before)
    return len(old)


def _old_runs(instance: DagsterInstance, before: dt.datetime) -> list[str]:
    from dagster import RunsFilter

    records = instance.get_run_records(RunsFilter(created_before=before))
    jobs = {record.dagster_run.job_name for record in records}
    newest = {instance.get_run_records(RunsFilter(job_name=job), limit=1)[0].dagster_run.run_id for job in jobs}
    ended = [record.dagster_run for record in records if record.dagster_run.is_finished]
    return [run.run_id for run in ended if run.run_id not in newest]
