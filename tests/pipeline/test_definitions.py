"""What Dagster shows: every asset explained and owned, lineage from raw file to release, sensor and schedule."""

from __future__ import annotations

import datetime as dt

import pytest
from dagster import AssetKey, Definitions, RunRequest, SkipReason, build_schedule_context, build_sensor_context

from pipelines import at_work, schedules, settings
from pipelines.fetch.rounds import note_round
from pipelines.locking import one_at_a_time
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store import inbox


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


def test_one_job_runs_everything_after_the_releases_of_the_day(defs, graph):
    job = defs.resolve_job_def("refresh")
    assert set(job.asset_layer.executable_asset_keys) == set(graph.executable_asset_keys)
    schedule = defs.resolve_schedule_def("refresh_due")
    assert schedule.cron_schedule == ["45 9 * * 1-5", "45 13 * * 1-5", "45 16 * * 1-5"]
    assert (schedule.job_name, schedule.execution_timezone) == ("refresh", "Europe/London")


@pytest.mark.parametrize("name", ["refresh_due", "release_day", "prune_weekly"])
def test_nothing_runs_by_itself_unless_somebody_wants_it(defs, name):
    assert defs.resolve_schedule_def(name).default_status.value == "STOPPED"


def test_what_is_approved_is_put_out_on_working_days_at_half_past_nine_in_london(defs):
    schedule = defs.resolve_schedule_def("release_day")
    assert (schedule.job_name, schedule.cron_schedule) == ("publish_due", ["30 9 * * 1-5", "0,30 10 * * 1-5"])
    assert schedule.execution_timezone == "Europe/London"


def test_every_run_that_dagster_starts_takes_the_lock(defs):
    """Also one that a person starts from a single asset in the web interface."""
    jobs = [defs.resolve_job_def("refresh"), defs.resolve_job_def("publish_due")]
    jobs.append(defs.resolve_implicit_global_asset_job_def())
    assert [job.executor_def.name for job in jobs] == ["one_writer", "one_writer", "one_writer"]


@pytest.fixture
def place(tmp_path, monkeypatch) -> Workspace:
    """A home for published data, with an inbox and nothing else."""
    (tmp_path / "inbox").mkdir()
    monkeypatch.setenv("IMPACT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IMPACT_ORIGIN", "published")
    monkeypatch.setenv("IMPACT_LIVE", "yes")
    monkeypatch.setattr(settings, "inbox", lambda: str(tmp_path / "inbox"))
    return settings.workspace()


def inbox_asks() -> RunRequest | SkipReason:
    return schedules.inbox_sensor("refresh")(build_sensor_context())


def test_the_inbox_sensor_asks_for_a_run_until_a_run_has_taken_the_files_in(place, tmp_path):
    assert isinstance(inbox_asks(), SkipReason)
    (tmp_path / "inbox" / "return.xlsx").write_bytes(b"x")
    first = inbox_asks()
    # No publisher is asked because of a submission.
    assert first.run_config == {"ops": {"raw__fetched": {"config": {"sources": []}}}}
    assert inbox_asks().run_key == first.run_key
    inbox.note_seen(place, inbox.state(tmp_path / "inbox"))
    assert inbox_asks().run_key == first.run_key
    inbox.note_taken(place)
    assert isinstance(inbox_asks(), SkipReason)
    (tmp_path / "inbox" / "return.xlsx").write_bytes(b"changed")
    assert inbox_asks().run_key != first.run_key


def test_a_run_that_was_killed_is_done_again_and_not_for_ever(place):
    never_left = []  # as if their processes were gone
    for attempt in range(1, at_work.MOST_ATTEMPTS + 1):
        never_left.append(at_work.recorded(place, "refresh"))
        never_left[-1].__enter__()
        assert at_work.begun(place).attempts == attempt
        with one_at_a_time(place):
            assert isinstance(inbox_asks(), SkipReason)  # it is still at work
        asks = isinstance(inbox_asks(), RunRequest)
        assert asks == (attempt < at_work.MOST_ATTEMPTS)
    with at_work.recorded(place, "refresh"):
        pass
    assert at_work.begun(place) is None


def test_a_refresh_asks_for_the_sources_that_were_decided_on(place, monkeypatch):
    """A Wednesday on which all but one source was asked for already."""
    moment = dt.datetime(2027, 1, 13, 9, 45, tzinfo=dt.UTC)
    monkeypatch.setattr(settings, "now", lambda: moment)
    note_round(place, set(load_sources()) - {"shmi"}, (), moment)
    asked = schedules.refresh_due("refresh")(build_schedule_context(scheduled_execution_time=moment))
    assert asked.run_config == {"ops": {"raw__fetched": {"config": {"sources": ["shmi"]}}}}
    assert asked.run_key == "refresh:2027-01-13T09:45"
    note_round(place, ["shmi"], (), moment)
    assert isinstance(schedules.refresh_due("refresh")(build_schedule_context()), SkipReason)


def test_nobody_is_asked_for_the_sample(place, monkeypatch):
    monkeypatch.setenv("IMPACT_ORIGIN", "synthetic")
    assert "SYNTHETIC" in schedules.refresh_due("refresh")(build_schedule_context()).skip_message
