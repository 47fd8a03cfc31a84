"""Each check of the doctor, shown failing, and shown content where all is well."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from pipelines import cli, settings
from pipelines.alerts.alert import Alert, raise_alert
from pipelines.errors import Fault
from pipelines.locking import one_at_a_time
from pipelines.operations import backup, configured, doctor, installed, kept, reached, restore, runs, space
from pipelines.operations.finding import Finding
from pipelines.release import embargo, signing
from pipelines.settings import Workspace
from tests.fetch.publisher import Answer, publishing
from tests.postgres import PASSWORD, Server
from tests.release import outlet
from tests.running import BUILDER, key_of, make_keys

Version = namedtuple("Version", "major minor micro")


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("IMPACT_", "CQC_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def home(workspace: Workspace) -> Workspace:
    """A home with one release that is served."""
    outlet.out(workspace, "2026.1.0")
    workspace.kept.mkdir()
    return workspace


def verdicts(found) -> list[tuple[str, str]]:
    return [(each.what, each.verdict) for each in found]


def only(found) -> Finding:
    (finding,) = found
    assert finding.todo or finding.verdict in ("ok", "not checked")
    return finding


def test_python_that_is_too_old(workspace, monkeypatch):
    assert only(installed.python(workspace)).verdict == "ok"
    monkeypatch.setattr(installed.sys, "version_info", Version(3, 9, 2))
    finding = only(installed.python(workspace))
    assert (finding.verdict, finding.found) == ("problem", "3.9.2")
    assert "3.11" in finding.todo


def test_a_package_that_is_missing_and_one_of_another_version(workspace, monkeypatch):
    assert verdicts(installed.packages(workspace)) == [("packages", "ok")]
    monkeypatch.setattr(installed, "_needed", lambda: ["polars", "no-such-package"])
    monkeypatch.setattr(installed, "_pinned", lambda: {"polars": "0.0.1"})
    missing, other = installed.packages(workspace)
    assert (missing.verdict, missing.found) == ("problem", "not installed: no-such-package")
    assert (other.verdict, other.found) == ("warning", f"not as tested: polars {metadata.version('polars')}, not 0.0.1")


def test_a_command_that_is_missing(workspace, monkeypatch, tmp_path):
    assert verdicts(installed.commands(workspace))[0] == ("commands", "ok")
    monkeypatch.setattr(installed.shutil, "which", lambda _: None)
    monkeypatch.setattr(installed.sys, "executable", str(tmp_path / "python"))
    found = list(installed.commands(workspace))
    assert [each.verdict for each in found] == ["problem", "problem", "ok"]
    assert "dagster-daemon" in found[0].found and "openssh-client" in found[1].todo


def test_charts_without_text(workspace, monkeypatch):
    assert only(installed.charts(workspace)).verdict == "ok"
    monkeypatch.setattr("pipelines.release.site.charts._svg", lambda chart: "<svg/>")
    assert only(installed.charts(workspace)).verdict == "problem"


def test_a_machine_without_summer_time(workspace, monkeypatch):
    assert only(installed.time_zones(workspace)).verdict == "ok"
    monkeypatch.setattr(installed, "ZoneInfo", lambda _: UTC)
    assert only(installed.time_zones(workspace)).verdict == "problem"


def test_a_home_that_cannot_be_written_to_or_that_was_half_restored(home, monkeypatch):
    assert only(kept.home(home)).verdict == "ok"
    (home.root / restore.ASIDE).mkdir()
    assert verdicts(kept.home(home))[0] == ("home", "problem")
    (home.root / restore.ASIDE).rmdir()

    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(kept.tempfile, "TemporaryFile", refuse)
    assert "Read-only file system" in only(kept.home(home)).found
    assert only(kept.home(Workspace(home.root / "nowhere", "published"))).verdict == "warning"


def test_releases_on_another_disk(home, monkeypatch):
    assert only(kept.one_file_system(home)).verdict == "ok"
    devices = iter(range(10))
    monkeypatch.setattr(Path, "stat", lambda self, **_: SimpleNamespace(st_dev=next(devices), st_mode=0o40755))
    assert only(kept.one_file_system(home)).verdict == "problem"


@pytest.mark.parametrize(
    "open_", ["keys", "keys/builder@example.invalid", "waiting", "published/raw/impact_self_assessment"]
)
def test_what_is_private_and_open_to_others(home, open_):
    make_keys(home.root)
    for private in (home.waiting, home.raw / "impact_self_assessment", home.root / "keys"):
        private.mkdir(parents=True, exist_ok=True)
        private.chmod(0o700)
    assert only(kept.permissions(home)).verdict == "ok"
    (home.root / open_).chmod(0o755)
    finding = only(kept.permissions(home))
    assert finding.verdict == "problem" and open_.split("/builder")[0] in finding.found


@pytest.mark.parametrize("free, verdict", [(0.9, "problem"), (3.9, "warning"), (4.1, "ok")])
def test_a_disk_that_fills_up(workspace, monkeypatch, free, verdict):
    usage = SimpleNamespace(free=int(free * space.LEAST))
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: usage)
    assert only(kept.disk(workspace)).verdict == verdict


def test_a_lock_that_is_held_and_a_run_that_died(home):
    assert only(kept.lock(home)).found == "no run is at work"
    with one_at_a_time(home):
        assert only(kept.lock(home)).found == "a run is at work"
    journal = runs.folder(home) / runs.JOURNAL
    journal.parent.mkdir()
    journal.touch()
    assert only(kept.lock(home)).verdict == "warning"


def test_what_does_not_belong_into_a_home(home):
    assert only(kept.declared(home)).verdict == "ok"
    (home.kept / "notes.docx").touch()
    assert "published/notes.docx" in only(kept.declared(home)).found


def test_a_pointer_that_leads_nowhere(home):
    assert only(kept.serving(home)).verdict == "ok"
    shutil.rmtree(home.releases / "2026.1.0")
    assert only(kept.serving(home)).verdict == "problem"
    home.current.unlink()
    assert only(kept.serving(home)).verdict == "warning"


def test_a_clock_that_went_back(home, monkeypatch):
    assert only(kept.clock(home)).verdict == "ok"
    monkeypatch.setattr(settings, "now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    assert only(kept.clock(home)).verdict == "problem"


def test_a_run_that_failed(home):
    assert only(kept.last_run(home)).verdict == "not checked"
    with runs.recorded(home, "refresh", "command line"):
        pass
    assert only(kept.last_run(home)).verdict == "ok"
    fault = Fault("shmi 2025", "34 rows", "120 rows", "cut short", "fetch it again")
    with pytest.raises(Fault), runs.recorded(home, "refresh", "command line"):
        raise fault
    finding = only(kept.last_run(home))
    assert finding.verdict == "warning" and "shmi 2025: 34 rows" in finding.found


def test_a_backup_that_is_old_missing_or_not_known(home, tmp_path, monkeypatch):
    assert only(kept.last_backup(home)).verdict == "warning"
    monkeypatch.setenv("IMPACT_BACKUP", str(tmp_path / "place"))
    assert only(kept.last_backup(home)).verdict == "problem"
    backup.make(home.root, tmp_path / "place")
    assert only(kept.last_backup(home)).verdict == "ok"
    later = settings.now() + timedelta(days=3)
    monkeypatch.setattr(settings, "now", lambda: later)
    assert "72 hours old" in only(kept.last_backup(home)).found


def test_an_alert_that_is_open(home):
    assert only(kept.alerts(home)).verdict == "ok"
    raise_alert(home, Alert("late:shmi:2026-09", "shmi is late", "no file", "look at its page", "shmi"))
    finding = only(kept.alerts(home))
    assert (finding.verdict, finding.todo) == ("warning", "look at its page")


def test_a_signing_key_that_is_missing_open_locked_or_not_listed(home, monkeypatch):
    assert only(configured.signing_key(Workspace(home.root, "synthetic"))).verdict == "ok"
    assert "not set" in only(configured.signing_key(home)).found
    key = key_of(home.root, BUILDER)
    monkeypatch.setenv("IMPACT_SIGNING_KEY", str(key))
    assert "no file" in only(configured.signing_key(home)).found
    make_keys(home.root)
    assert only(configured.signing_key(home)).found == f"signs for {BUILDER}"
    home.signers.write_text(home.signers.read_text().replace(signing.BUILD, "another-purpose"))
    assert "does not let it build" in only(configured.signing_key(home)).found
    key.chmod(0o644)
    assert "others may read" in only(configured.signing_key(home)).found
    key.chmod(0o600)
    monkeypatch.setattr(configured, "_has_no_passphrase", lambda _: False)
    assert only(configured.signing_key(home)).verdict == "warning"


def test_whether_a_key_has_a_passphrase(home, tmp_path):
    make_keys(home.root)
    assert configured._has_no_passphrase(key_of(home.root, BUILDER))
    (tmp_path / "no_key").write_text("no key")
    assert not configured._has_no_passphrase(tmp_path / "no_key")


@pytest.mark.parametrize("given, verdict", [("", "warning"), ("the team", "warning"), ("a@example.org", "ok")])
def test_a_contact_that_nobody_can_write_to(workspace, monkeypatch, given, verdict):
    monkeypatch.setenv("IMPACT_CONTACT", given)
    assert only(configured.contact(workspace)).verdict == verdict


def test_an_interface_without_its_key(workspace, monkeypatch):
    finding = only(configured.keys_of_publishers(workspace))
    assert (finding.verdict, finding.found) == ("warning", "CQC_SUBSCRIPTION_KEY is not set")
    monkeypatch.setenv("CQC_SUBSCRIPTION_KEY", "0123456789abcdef")
    assert "0123456789abcdef" not in str(only(configured.keys_of_publishers(workspace)))


@pytest.mark.parametrize("days, verdict", [(-1, "problem"), (30, "warning"), (90, "ok")])
def test_a_release_calendar_that_runs_out(workspace, monkeypatch, days, verdict):
    day = settings.now().date() + timedelta(days=days)
    calendar = embargo.Calendar((embargo.Entry(day, "Next", "confirmed", day),), frozenset())
    monkeypatch.setattr(configured, "read_calendar", lambda: calendar)
    assert only(configured.calendar(workspace)).verdict == verdict


@pytest.mark.parametrize(
    "notify, smtp, verdict",
    [
        ("", "", "warning"),
        ("file", "", "warning"),
        ("mailto:a@example.org", "", "problem"),
        ("fax:12345", "", "problem"),
        ("mailto:a@example.org", "smtp://mail.example.org", "ok"),
        ("https://hooks.example.org/secret", "", "ok"),
    ],
)
def test_alerts_that_reach_nobody(workspace, monkeypatch, notify, smtp, verdict):
    monkeypatch.setenv("IMPACT_NOTIFY", notify)
    monkeypatch.setenv("IMPACT_SMTP_URL", smtp)
    found = list(configured.notifiers(workspace))
    assert found[0].verdict == verdict
    assert "secret" not in str(found)


def test_a_history_of_runs_that_is_damaged(home):
    assert only(reached.dagster_storage(home)).verdict == "ok"
    path = home.root / "dagster" / "history" / "runs.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"SQLite format 3\x00" + b"nonsense" * 1000)
    finding = only(reached.dagster_storage(home))
    assert finding.verdict == "problem" and "runs.db" in finding.found


def test_a_database_that_answers_and_one_that_does_not(workspace, monkeypatch, postgres: Server):
    assert only(reached.postgres(workspace)).verdict == "not checked"
    monkeypatch.setenv("IMPACT_POSTGRES_URL", postgres.url)
    monkeypatch.setattr(reached, "ROLES", ("impact_no_such_role",))
    assert "impact_no_such_role" in only(reached.postgres(workspace)).found
    monkeypatch.setattr(reached, "ROLES", ("postgres",))
    assert only(reached.postgres(workspace)).verdict == "ok"
    monkeypatch.setenv("IMPACT_POSTGRES_URL", f"postgresql://impact:{PASSWORD.replace('/', '')}@127.0.0.1:1/warehouse")
    finding = only(reached.postgres(workspace))
    assert finding.verdict == "problem" and "tests" not in str(finding)
    monkeypatch.setenv("IMPACT_DAGSTER_POSTGRES_URL", postgres.url)
    assert only(reached.dagster_storage(workspace)).verdict == "ok"


def test_an_account_that_may_not_load(workspace, monkeypatch, postgres: Server):
    import psycopg

    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("create role doctor_reader login")
    monkeypatch.setenv("IMPACT_POSTGRES_URL", postgres.url_of(postgres.database(), "doctor_reader"))
    assert "may not create schemas" in next(iter(reached.postgres(workspace))).found


def test_a_server_of_emails_that_does_not_answer(workspace, monkeypatch):
    assert only(reached.mail_server(workspace)).verdict == "not checked"
    monkeypatch.setenv("IMPACT_SMTP_URL", "smtp://user:hunter2@127.0.0.1:1")
    finding = only(reached.mail_server(workspace))
    assert finding.verdict == "problem" and "hunter2" not in str(finding)


def test_publishers_that_do_not_answer_and_clocks_that_differ(workspace, monkeypatch):
    monkeypatch.setenv("IMPACT_SECONDS_BETWEEN_REQUESTS", "0.001")
    with publishing() as publisher:
        good = publisher.serve("/good", b"<html></html>")
        bad = publisher.serve("/gone", Answer(b"", status=410))
        pages = {"a": SimpleNamespace(landing_page=good), "b": SimpleNamespace(landing_page=bad)}
        monkeypatch.setattr(reached, "load_sources", lambda: pages)
        assert verdicts(reached.publishers(workspace)) == [
            ("publishers", "ok"),
            ("publishers", "warning"),
            ("clock of servers", "ok"),
        ]
        later = settings.now() + timedelta(hours=1)
        monkeypatch.setattr(settings, "now", lambda: later)
        assert ("clock of servers", "problem") in verdicts(reached.publishers(workspace))
        url = publisher.url
    gone = {"a": SimpleNamespace(landing_page=url.rpartition(":")[0] + ":1/page")}
    monkeypatch.setattr(reached, "load_sources", lambda: gone)
    silent, clock = reached.publishers(workspace)
    assert (silent.verdict, clock.verdict) == ("warning", "not checked")


def test_a_check_that_breaks_stops_no_other(workspace, monkeypatch):
    def broken(_: Workspace) -> list[Finding]:
        raise RuntimeError("out of order: postgresql://impact:hunter2@db.example/warehouse")

    monkeypatch.setattr(doctor, "HERE", {"first": broken, "Python": installed.python})
    monkeypatch.setattr(doctor, "OUTSIDE", {"servers": broken})
    first, second, offline = doctor.examine(workspace, offline=True)
    assert (first.verdict, second.verdict) == ("not checked", "ok")
    assert first.found.startswith("because the check broke") and "hunter2" not in first.found
    assert (offline.verdict, offline.found) == ("not checked", "because of --offline")


def test_the_command_fails_where_there_is_a_problem(home, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(home.root))
    monkeypatch.setattr(doctor, "HERE", {"serving": kept.serving})
    monkeypatch.setattr(doctor, "OUTSIDE", {})
    good = CliRunner().invoke(cli.app, ["doctor", "--format", "json"])
    assert (good.exit_code, [each["verdict"] for each in json.loads(good.stdout)]) == (0, ["ok"])
    shutil.rmtree(home.releases / "2026.1.0")
    bad = CliRunner().invoke(cli.app, ["doctor", "--offline"])
    assert bad.exit_code == 1 and "impact release rollback" in bad.stdout
