"""Old runs and alerts are cleared away; the newest run of each job and what is open stay."""

from __future__ import annotations

import datetime as dt

from dagster import DagsterInstance, RunsFilter, job, op

from pipelines import settings
from pipelines.alerts import Alert, alert, clear, raise_alert
from pipelines.pruning import prune


@op
def nothing() -> None:
    """Does nothing."""


@job
def often() -> None:
    nothing()


@job
def seldom() -> None:
    nothing()


def test_the_newest_run_of_each_job_stays(workspace):
    with DagsterInstance.ephemeral() as instance:
        for each in (seldom, often, often, often):
            each.execute_in_process(instance=instance)
        newest = instance.get_run_records(RunsFilter(job_name="often"), limit=1)[0].dagster_run.run_id
        yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        assert prune(workspace, instance, yesterday) == 0
        assert prune(workspace, instance, dt.datetime.now(dt.UTC)) == 2
        kept = {record.dagster_run.job_name: record.dagster_run.run_id for record in instance.get_run_records()}
        assert set(kept) == {"seldom", "often"} and kept["often"] == newest


def test_alerts_that_are_over_and_old_are_forgotten(workspace, monkeypatch):
    days = iter(range(1, 29))
    monkeypatch.setattr(settings, "now", lambda: dt.datetime(2027, 1, next(days), tzinfo=dt.UTC))
    for key in ("late:a", "late:b"):
        raise_alert(workspace, Alert(key, "late", "1 day", "ask", "there"))
    clear(workspace, "late:a")
    with DagsterInstance.ephemeral() as instance:
        prune(workspace, instance, dt.datetime(2028, 1, 1, tzinfo=dt.UTC))
    assert [(line["event"], line["key"]) for line in alert.journal(workspace)] == [("raised", "late:b")]
