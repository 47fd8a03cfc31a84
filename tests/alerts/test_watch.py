"""Each condition that needs a person raises its alert, tells no name of a submitter, and ends with the condition."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from pipelines import at_work, settings
from pipelines.alerts import Alert, open_alerts, raise_alert, watch
from pipelines.at_work import Failed
from pipelines.errors import Fault
from pipelines.fetch.rounds import note_round, read_rounds
from pipelines.locking import one_at_a_time
from pipelines.registry import load_sources
from pipelines.release import approval, embargo, waiting
from pipelines.settings import Workspace
from pipelines.staging import stage_source
from pipelines.store import snapshots
from pipelines.store.arrivals import look_into
from tests.release import standin
from tests.simulating import SICKNESS, a_file

NOW = dt.datetime(2027, 2, 1, 12, 0, tzinfo=dt.UTC)
INBOX = "impact_self_assessment"


@pytest.fixture(autouse=True)
def monday(monkeypatch):
    """The first of February 2027; the next release is on Thursday, the 4th, and the last one in December."""
    monkeypatch.setattr(settings, "now", lambda: NOW)
    monkeypatch.delenv("IMPACT_NOTIFY", raising=False)


def keys(workspace) -> list[str]:
    watch.look(workspace)
    return sorted(held.alert.key for held in open_alerts(workspace))


def told(workspace, key: str) -> Alert:
    (found,) = (held.alert for held in open_alerts(workspace) if held.alert.key.startswith(key))
    return found


def arrive(workspace, tmp_path, source_id: str, files: dict[str, bytes]) -> None:
    """Files of one source, taken in and staged."""
    folder = tmp_path / source_id
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    snapshots.take(look_into(folder, [load_sources()[source_id]]).claimed, workspace.raw)
    stage_source(load_sources()[source_id], workspace)


def rates(month: dt.date, **how: int) -> dict[str, bytes]:
    return {f"NHS Sickness Absence rates CSV, {month:%B %Y}.csv": a_file(SICKNESS, month, **how)}


def test_a_new_home_is_told_of_the_announced_date_alone(workspace):
    assert keys(workspace) == ["waiting:2027-02-04:nothing"]


def test_nothing_is_awaited_or_announced_of_the_sample(workspace):
    sample = Workspace(workspace.root, "synthetic")
    assert keys(sample) == []
    at_work.note_failure(sample, "refresh", Failed("warehouse", "ValueError", "2027-02-01"))
    assert keys(sample) == ["run_failed:warehouse"]


def test_another_part_of_the_product_ends_its_own_alerts(workspace):
    raise_alert(workspace, Alert("postgres:unreachable", "no answer", "nothing", "look", "the server"))
    assert "postgres:unreachable" in keys(workspace)


def test_an_edition_is_late_beyond_its_grace_as_of_the_last_answer(workspace, tmp_path, monkeypatch):
    """August 2026 is due on the last Thursday of December, the 31st; two weeks are usual, so it is late on the 15th."""
    arrive(workspace, tmp_path, SICKNESS, rates(dt.date(2026, 7, 1)))
    assert "late:sickness_absence:2026-08" not in keys(workspace), "nobody was asked yet"
    for asked, late in (("2027-01-14", False), ("2027-01-15", True)):
        note_round(workspace, [SICKNESS], (), dt.datetime.fromisoformat(f"{asked}T09:45+00:00"))
        assert ("late:sickness_absence:2026-08" in keys(workspace)) == late
    assert told(workspace, "late").severity == "error"
    assert "15 days" in told(workspace, "late").found
    arrive(workspace, tmp_path, SICKNESS, rates(dt.date(2026, 8, 1)))
    assert "late:sickness_absence:2026-08" not in keys(workspace)


def test_a_file_that_is_held_needs_a_decision(workspace, tmp_path):
    arrive(workspace, tmp_path, SICKNESS, rates(dt.date(2026, 8, 1)))
    arrive(workspace, tmp_path, SICKNESS, rates(dt.date(2026, 9, 1), organisations=12))
    assert [key for key in keys(workspace) if key.startswith("held:sickness_absence:2026-09:")]
    alert = told(workspace, "held")
    assert "8 of 20 organisations are gone" in alert.found
    assert "impact accept sickness_absence 2026-09 --vintage" in alert.todo


def test_a_file_that_is_refused_is_told_until_a_good_one_comes(workspace, tmp_path):
    (name,) = rates(dt.date(2026, 8, 1))
    arrive(workspace, tmp_path, SICKNESS, {name: b"DATE,ORG\r\n1,2\r\n"})
    assert [key for key in keys(workspace) if key.startswith("refused:sickness_absence:2026-08:")]
    arrive(workspace, tmp_path, SICKNESS, rates(dt.date(2026, 8, 1)))
    assert not [key for key in keys(workspace) if key.startswith("refused")]


def test_submissions_are_counted_and_never_named(workspace, tmp_path):
    arrive(workspace, tmp_path, INBOX, {"Jo Bloggs ZX001.json": b"not json", "Sam Smith ZX002.json": b"[1]"})
    keys(workspace)
    alert = told(workspace, f"refused:{INBOX}")
    assert alert.subject == "2 of the submissions cannot be used"
    assert not any(name in str(alert) for name in ("Jo", "Bloggs", "ZX001", "Smith"))


def test_a_publisher_that_failed_four_times_in_a_row(workspace):
    for hour in (9, 13, 16):
        note_round(workspace, [SICKNESS], [SICKNESS], NOW.replace(hour=hour))
    assert not [key for key in keys(workspace) if key.startswith("unreachable")]
    note_round(workspace, [SICKNESS], [SICKNESS], NOW)
    assert f"unreachable:{SICKNESS}" in keys(workspace)
    note_round(workspace, [SICKNESS], (), NOW)
    assert not [key for key in keys(workspace) if key.startswith("unreachable")]
    assert read_rounds(workspace)[SICKNESS].failures == 0


@pytest.fixture
def place(tmp_path):
    """A home in which a release waits for 7 January, which has passed."""
    made = standin.workspace(tmp_path / "home", "published")
    standin.waiting_release(made, "2026.1.0")
    return made


def test_a_release_that_is_not_approved_is_told_before_its_date_and_one_that_is_not_out_after_it(place, monkeypatch):
    """Its embargo ends on 7 January at 09:30."""
    (folder,) = waiting.listing(place)
    for moment, found in (
        ("2027-01-02T09:29", []),
        ("2027-01-02T09:30", ["waiting:2026.1.0:unapproved"]),
        ("2027-01-07T09:30", []),
        ("2027-01-07T10:31", ["overdue:2027-01-07"]),
    ):
        monkeypatch.setattr(settings, "now", lambda at=moment: dt.datetime.fromisoformat(f"{at}+00:00"))
        assert keys(place) == found
    monkeypatch.setattr(settings, "now", lambda: dt.datetime(2027, 1, 5, tzinfo=dt.UTC))
    monkeypatch.setattr(approval, "holds", lambda *_: True)
    assert keys(place) == []
    assert folder.is_dir()


def test_a_waiver_that_runs_out_before_the_release_is_out(place, monkeypatch):
    (folder,) = waiting.listing(place)
    (folder / "gate.json").chmod(0o600)
    for until, is_told in (("2027-01-07", False), ("2027-01-06", True)):
        (folder / "gate.json").write_text(json.dumps({"waivers": [{"check_id": "freshness:shmi", "until": until}]}))
        assert bool([key for key in keys(place) if key.startswith("waiver:2026.1.0")]) == is_told
    assert told(place, "waiver").found == "freshness:shmi"


def test_a_calendar_that_runs_out_and_reviews_that_are_near(workspace, monkeypatch):
    """The last date is 2 December 2027; most review dates are 30 November 2027."""
    moment = dt.datetime(2027, 11, 3, 12, tzinfo=dt.UTC)
    monkeypatch.setattr(settings, "now", lambda: moment)
    found = keys(workspace)
    assert "calendar:2027-12-02" in found and "review:2027-11-30" in found
    monkeypatch.setattr(watch, "CALENDAR_ENDS", dt.timedelta(weeks=4))
    assert "calendar:2027-12-02" not in keys(workspace)


def test_a_run_that_failed_is_told_without_what_stood_in_any_file(workspace):
    failed = watch.failed(workspace, "warehouse", "ValueError", "R0A Jo Bloggs scored 3")
    at_work.note_failure(workspace, "refresh", failed)
    assert "run_failed:warehouse" in keys(workspace)
    assert "Bloggs" not in str(told(workspace, "run_failed"))
    fault = Fault("inbox s3://x", "nothing", "a list", "no network", "look")
    at_work.note_failure(workspace, "refresh", watch.failed(workspace, "raw__arrivals", "Fault", str(fault)))
    keys(workspace)
    assert told(workspace, "run_failed").found == "Fault: inbox s3://x"
    at_work.note_failure(workspace, "refresh", None)
    assert not [key for key in keys(workspace) if key.startswith("run_failed")]


def test_other_reasons_of_the_gate_are_another_alert(workspace):
    found = []
    for name, reasons in (("1", "a hole"), ("2", "a hole"), ("3", "a leak")):
        folder = workspace.refused / name
        folder.mkdir(parents=True)
        (folder / "gate.json").write_text('{"release_id": "2027.1.0"}')
        (folder / "reasons.txt").write_text(reasons)
        at_work.note_failure(workspace, "refresh", Failed("release__gate", "Refused", "2027-02-01", name))
        found.append(next(key for key in keys(workspace) if key.startswith("refused:release")))
    assert found[0] == found[1] != found[2]
    assert "why.md" in told(workspace, "refused").todo


def test_a_run_that_was_killed_three_times_and_one_that_does_not_end(workspace, monkeypatch):
    never_left = []
    for _ in range(at_work.MOST_ATTEMPTS):
        assert not [key for key in keys(workspace) if key.startswith("run_failed")]
        never_left.append(at_work.recorded(workspace, "refresh"))
        never_left[-1].__enter__()
    assert "run_failed:killed:refresh" in keys(workspace)
    monkeypatch.setattr(settings, "now", lambda: NOW + dt.timedelta(hours=3, minutes=1))
    with one_at_a_time(workspace):
        found = keys(workspace)
    assert f"lock:{NOW.isoformat()}" in found


def test_a_condition_that_cannot_be_looked_at_is_told_and_stops_no_run(workspace, monkeypatch, tmp_path):
    path = tmp_path / "calendar.yml"
    path.write_text("releases: nonsense\nbank_holidays: []\n")
    monkeypatch.setattr(embargo, "CALENDAR", path)
    assert keys(workspace) == ["unwatched:calendar", "unwatched:releases"]
