"""What Dagster shows: every asset explained and owned, lineage from raw file to release, sensor and schedule."""

from __future__ import annotations

import pytest
from dagster import AssetKey, Definitions, RunRequest, SkipReason, build_sensor_context

from pipelines import schedules, settings
from pipelines.registry import load_sources


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPACT_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("IMPACT_ORIGIN", "published")
        from pipelines.definitions import defs as loaded
    return loaded


@pytest.fixture(scope="module")
def graph(defs: Definitions):
    return defs.resolve_asset_graph()


def test_every_asset_has_a_description_an_owner_and_a_group(graph):
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    bare = [node.key.to_user_string() for node in nodes if not node.description or not node.owners]
    assert bare == []
    assert {node.group_name for node in nodes} == {
        "ingest",
        "reference",
        "staging",
        "intermediate",
        "marts",
        "release",
        "serving",
    }


def test_every_check_says_what_it_checks(graph):
    keys = graph.asset_check_keys
    assert len(keys) > 50
    assert [str(key) for key in keys if not graph.get_check_spec(key).description] == []


def upstream(graph, key: AssetKey) -> set[AssetKey]:
    found, todo = set(), [key]
    while todo:
        for parent in graph.get(todo.pop()).parent_keys - found:
            found.add(parent)
            todo.append(parent)
    return found


@pytest.mark.parametrize("source_id", sorted(load_sources()))
def test_lineage_from_raw_file_to_what_is_served(graph, source_id):
    behind = upstream(graph, AssetKey(["serving", "current"]))
    assert {AssetKey(["raw", source_id]), AssetKey(["staged", source_id])} <= behind


def test_lineage_of_the_published_association(graph):
    behind = upstream(graph, AssetKey(["marts", "pub_driver_outcome_association"]))
    assert AssetKey(["raw", "nhs_staff_survey"]) in behind
    assert AssetKey(["raw", "sickness_absence"]) in behind


def test_one_job_runs_everything_once_a_month(defs, graph):
    job = defs.resolve_job_def("refresh")
    assert set(job.asset_layer.executable_asset_keys) == set(graph.executable_asset_keys)
    schedule = defs.resolve_schedule_def("monthly_refresh")
    assert (schedule.cron_schedule, schedule.execution_timezone) == (schedules.MONTHLY, "Europe/London")


def test_what_is_approved_is_put_out_on_working_days_at_half_past_nine_in_london(defs):
    schedule = defs.resolve_schedule_def("release_day")
    assert (schedule.job_name, schedule.cron_schedule) == ("publish_due", "30 9 * * 1-5")
    assert schedule.execution_timezone == "Europe/London"


def test_every_run_that_dagster_starts_takes_the_lock(defs):
    """Also one that a person starts from a single asset in the web interface."""
    jobs = [defs.resolve_job_def("refresh"), defs.resolve_job_def("publish_due")]
    jobs.append(defs.resolve_implicit_global_asset_job_def())
    assert [job.executor_def.name for job in jobs] == ["one_writer", "one_writer", "one_writer"]


def test_the_inbox_sensor_asks_for_a_run_once_for_each_change(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "inbox", lambda: str(tmp_path))
    monkeypatch.setenv("IMPACT_ORIGIN", "published")
    look = schedules.inbox_sensor("refresh")

    def asked(cursor: str | None) -> tuple[object, str | None]:
        context = build_sensor_context(cursor=cursor)
        (answer,) = list(look(context))
        return answer, context.cursor

    answer, cursor = asked(None)
    assert isinstance(answer, SkipReason)
    (tmp_path / "return.xlsx").write_bytes(b"x")
    answer, cursor = asked(cursor)
    assert isinstance(answer, RunRequest)
    answer, cursor = asked(cursor)
    assert isinstance(answer, SkipReason)
    (tmp_path / "return.xlsx").write_bytes(b"changed")
    answer, _ = asked(cursor)
    assert isinstance(answer, RunRequest)
