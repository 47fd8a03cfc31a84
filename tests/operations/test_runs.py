"""What is taken down of a run: its rows, its log lines, and nothing that is secret; and that a full disk stops it."""

from __future__ import annotations

import datetime as dt
import json
import logging
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from dagster import DagsterInstance, JobDefinition, execute_job, get_dagster_logger, job, op, reconstructable
from typer.testing import CliRunner

from pipelines import cli, executing, progress, refreshing, settings
from pipelines.errors import Fault, Faults
from pipelines.operations import logs, runs, space
from pipelines.settings import PROJECT_ROOT, Workspace
from tests.release import outlet

PASSWORD, KEY, MAIL = "correct-horse-battery", "0123456789abcdef0123", "submitter@trust.nhs.example"
URL = f"postgresql://impact:{PASSWORD}@db.example/warehouse"


def lines(home: Path) -> list[dict]:
    return [json.loads(line) for path in sorted((home / "logs").glob("*.jsonl")) for line in path.open()]


def rows(place: Workspace) -> dict[str, dict]:
    """The rows of the last run by step."""
    found = runs.read(place)
    return {row["step"]: row for row in found if row["run_id"] == found[-1]["run_id"]}


def test_a_run_has_a_row_for_each_step_and_one_for_the_whole(workspace):
    with runs.recorded(workspace, "refresh", "command line", "run-1"):
        with runs.step("stage:shmi") as told:
            told.rows_in, told.rows_out, told.bytes_out = 12, 11, 400
        with runs.step("gate"):
            memory = bytearray(64_000_000)
            memory[::4096] = b"1" * len(memory[::4096])
            assert sum(range(3_000_000)) > 0
            del memory
    found = rows(workspace)
    assert list(found) == ["run", "stage:shmi", "gate"]
    staged, gate, whole = found["stage:shmi"], found["gate"], found["run"]
    assert (staged["rows_in"], staged["rows_out"], staged["bytes_out"]) == (12, 11, 400)
    assert {(row["job"], row["trigger"], row["outcome"], row["reason"]) for row in found.values()} == {
        ("refresh", "command line", "succeeded", None)
    }
    assert whole["seconds"] >= gate["seconds"] > 0 and whole["cpu_seconds"] >= gate["cpu_seconds"] > 0
    assert whole["peak_bytes"] >= gate["peak_bytes"] > 50_000_000
    assert found["run"]["started_at"].tzinfo is not None


def test_what_a_child_uses_counts(workspace):
    burn = "sum(range(20_000_000))"
    with runs.recorded(workspace, "refresh", "command line"), runs.step("dbt"):
        subprocess.run([sys.executable, "-c", burn], check=True)
    assert rows(workspace)["dbt"]["cpu_seconds"] > 0.1


def test_a_run_that_fails_says_where_and_why(workspace):
    fault = Fault("shmi 2025", "34 rows", "120 rows", "cut short", "fetch it again")
    with pytest.raises(Faults), runs.recorded(workspace, "refresh", "schedule monthly"), runs.step("gate"):
        raise Faults([fault, fault])
    found = rows(workspace)
    assert {row["outcome"] for row in found.values()} == {"failed"}
    assert found["gate"]["reason"] == "shmi 2025: 34 rows (and 1 more)"
    assert [line["message"] for line in lines(workspace.root) if line["level"] == "error"] == [
        "gate: failed: shmi 2025: 34 rows (and 1 more)",
        "refresh: failed: shmi 2025: 34 rows (and 1 more)",
    ]


def test_a_run_that_is_stopped_says_so(workspace):
    with pytest.raises(KeyboardInterrupt), runs.recorded(workspace, "refresh", "command line"):
        raise KeyboardInterrupt
    assert rows(workspace)["run"]["outcome"] == "stopped"


def test_the_next_run_writes_down_that_one_died(workspace):
    script = (
        "import os, signal, sys; from pathlib import Path; from pipelines.operations import runs; "
        "from pipelines.settings import Workspace\n"
        "with runs.recorded(Workspace(Path(sys.argv[1]), 'published'), 'refresh', 'schedule monthly', 'dead'):\n"
        "    with runs.step('arrive'): pass\n"
        "    with runs.step('dbt'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(workspace.root)], cwd=PROJECT_ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    with (workspace.kept / "operations" / runs.JOURNAL).open("a") as journal:
        journal.write('{"run_id": "dead", "st')
    assert runs.read(workspace) == []
    with runs.recorded(workspace, "refresh", "command line"):
        pass
    dead = {row["step"]: row for row in runs.read(workspace) if row["run_id"] == "dead"}
    assert {step: row["outcome"] for step, row in dead.items()} == {"run": "died", "arrive": "succeeded", "dbt": "died"}
    assert "in step dbt" in dead["run"]["reason"]
    assert rows(workspace)["run"]["outcome"] == "succeeded"


def test_a_step_outside_of_a_run_is_not_taken_down(workspace):
    with runs.step("gate") as told:
        told.rows_in = 1
    assert not workspace.root.exists()


def test_the_command_lists_runs_of_both_origins(workspace, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(workspace.root))
    for origin, job_name in (("published", "fetch"), ("synthetic", "refresh")):
        with runs.recorded(Workspace(workspace.root, origin), job_name, "command line"), runs.step("arrive"):
            pass

    def listed(*words: str) -> list[dict]:
        return json.loads(CliRunner().invoke(cli.app, ["runs", "--format", "json", *words]).stdout)

    assert [(row["data"], row["job"], row["step"]) for row in listed()] == [
        ("published", "fetch", "run"),
        ("synthetic", "refresh", "run"),
    ]
    assert [(row["job"], row["step"]) for row in listed("--steps", "--last", "1")] == [
        ("refresh", "run"),
        ("refresh", "arrive"),
    ]
    assert "\nsynthetic," in CliRunner().invoke(cli.app, ["runs", "--format", "csv"]).stdout.replace("\r", "")
    table = CliRunner().invoke(cli.app, ["runs"]).stdout
    assert "fetch" in table and "succeeded" in table


def test_a_step_that_is_tried_again_is_no_failure_of_the_run(workspace):
    with runs.recorded(workspace, "refresh", "schedule monthly"):
        with pytest.raises(OSError), runs.step("fetch"):
            raise OSError("the line broke")
        with runs.step("fetch"):
            pass
    tried = [(row["step"], row["outcome"]) for row in runs.read(workspace)]
    assert tried == [("run", "succeeded"), ("fetch", "failed"), ("fetch", "succeeded")]


# Runs that Dagster starts


@op
def works() -> None:
    progress.say("looking into the inbox")
    get_dagster_logger().warning("the page was not there")


@op
def breaks() -> None:
    with runs.step("gate"):
        raise ValueError("broken")


@job(executor_def=executing.one_writer)
def working() -> None:
    works()


@job(executor_def=executing.one_writer)
def breaking() -> None:
    breaks()


def job_that_works() -> JobDefinition:
    return working


def job_that_breaks() -> JobDefinition:
    return breaking


@pytest.mark.parametrize(
    "definition, tags, trigger, outcome",
    [
        (job_that_works, {"dagster/schedule_name": "monthly"}, "schedule monthly", "succeeded"),
        (job_that_breaks, {}, "web interface", "failed"),
    ],
)
def test_runs_of_dagster_are_taken_down_alike(workspace, monkeypatch, definition, tags, trigger, outcome):
    monkeypatch.setenv("IMPACT_HOME", str(workspace.root))
    monkeypatch.setenv("IMPACT_ORIGIN", "published")
    workspace.root.mkdir()
    with (
        DagsterInstance.local_temp(str(workspace.root)) as instance,
        execute_job(reconstructable(definition), instance, tags=tags, raise_on_error=False) as result,
    ):
        run_id = result.run_id
    row = rows(workspace)["run"]
    assert (row["run_id"], row["trigger"], row["outcome"]) == (run_id, trigger, outcome)
    assert row["reason"] == (None if outcome == "succeeded" else "ValueError: broken")
    said = {(line["level"], line["message"]) for line in lines(workspace.root) if line["run_id"] == run_id}
    if outcome == "succeeded":
        assert ("info", "looking into the inbox") in said
        assert any(level == "warning" and "the page was not there" in message for level, message in said)


# Log lines


def test_a_line_has_these_parts_and_a_count_is_told_once(workspace):
    with runs.recorded(workspace, "refresh", "command line", "run-1"), runs.step("dbt"):
        for number in range(5):
            progress.say(f"building the models: {number} of 5")
    found = lines(workspace.root)
    assert all(list(line) == ["time", "run_id", "level", "step", "message", "figures"] for line in found)
    assert [(line["step"], line["message"]) for line in found] == [
        ("", "refresh begins"),
        ("dbt", "building the models: 0 of 5"),
        ("dbt", "dbt: succeeded"),
        ("", "refresh: succeeded"),
    ]
    assert {"seconds", "cpu_seconds"} <= found[2]["figures"].keys()
    assert dt.datetime.fromisoformat(found[0]["time"]).tzinfo is not None


def test_no_secret_and_no_address_of_a_person_is_ever_in_a_line_or_a_row(workspace, monkeypatch):
    monkeypatch.setenv("IMPACT_POSTGRES_URL", URL)
    monkeypatch.setenv("CQC_SUBSCRIPTION_KEY", KEY)
    planted = (
        "mysql://root:hunter2222@other.example/x password was " + PASSWORD + " "
        f"{URL} key {KEY} from {MAIL} https://x.example/?token=T0PSECRETVALUE Authorization: Bearer T0PSECRETVALUE"
    )
    quoting = Fault(
        "impact_self_assessment, row 3", f"'{MAIL} said Jane Doe'", "a level", "a slip", "x", quotes_file=True
    )
    with pytest.raises(Fault), runs.recorded(workspace, "refresh", "command line"):
        progress.say(planted)
        logging.getLogger("urllib3").warning("retrying %s", planted)
        with pytest.raises(RuntimeError), runs.step("serve"):
            raise RuntimeError(planted)
        raise quoting
    kept = (workspace.root / "logs").glob("*")
    text = "".join(path.read_text() for path in kept) + json.dumps(runs.read(workspace), default=str)
    assert "retrying" in text and "other.example" in text and "impact_self_assessment, row 3" in text
    for secret in (PASSWORD, KEY, MAIL, "T0PSECRETVALUE", "hunter2222", "Jane Doe"):
        assert secret not in text


def test_logs_are_for_their_owner_and_go_after_some_days(workspace, monkeypatch):
    monkeypatch.setenv("IMPACT_LOG_DAYS", "30")
    folder = workspace.root / "logs"
    folder.mkdir(parents=True, mode=0o700)
    today = settings.now().date()
    for days in (29, 31, 400):
        (folder / f"{today - dt.timedelta(days=days)}.jsonl").touch()
    (folder / "notes.txt").touch()
    with runs.recorded(workspace, "refresh", "command line"):
        pass
    left = sorted(path.name for path in folder.iterdir())
    assert left == sorted([f"{today - dt.timedelta(days=29)}.jsonl", f"{today}.jsonl", "notes.txt"])
    assert (folder / f"{today}.jsonl").stat().st_mode & 0o077 == 0


def test_a_log_that_cannot_be_written_stops_no_run(workspace, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(logs, "_append", full)
    with runs.recorded(workspace, "refresh", "command line"):
        pass
    assert rows(workspace)["run"]["outcome"] == "succeeded"


# Room on the disk


@pytest.fixture
def served(workspace: Workspace) -> Workspace:
    """A home with a release whose manifest tells of 2 GB."""
    folder = outlet.out(workspace, "2026.1.0")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = [{"path": "x", "bytes": 2 * 1024**3}]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return workspace


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: SimpleNamespace(free=size))


def test_a_refresh_needs_what_the_last_one_left_and_half_as_much_again(served, workspace, monkeypatch):
    free(monkeypatch, 3 * 1024**3 - 1)
    assert space.room(served).needed == 3 * 1024**3
    with pytest.raises(Fault, match="GB free") as refused:
        space.require_room(served)
    assert "3.2 GB" in refused.value.expected
    free(monkeypatch, 3 * 1024**3)
    space.require_room(served)


def test_a_first_refresh_needs_a_gigabyte(workspace, monkeypatch):
    free(monkeypatch, 1024**3 - 1)
    with pytest.raises(Fault, match="GB free"):
        space.require_room(workspace)


def test_a_refresh_does_not_begin_on_a_full_disk(workspace, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(workspace.root))
    free(monkeypatch, 0)
    with pytest.raises(Fault, match="GB free"):
        refreshing.run(Workspace(workspace.root, "synthetic"), cli.out, cli.err)
    assert not workspace.root.exists()
    from pipelines.assets.raw import fetched_files

    with pytest.raises(Fault, match="GB free"):
        fetched_files()
