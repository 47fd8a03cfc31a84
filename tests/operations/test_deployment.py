"""The examples of deployment do what they say, as far as this machine can show it; the guide lists every variable."""

from __future__ import annotations

import base64
import contextlib
import http.server
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dagster import DagsterInstance, JobDefinition, execute_job, job, op, reconstructable
from typer.main import get_command
from typer.testing import CliRunner

from pipelines import cli, executing, settings
from pipelines.settings import PROJECT_ROOT
from tests.postgres import Server

GUIDE = PROJECT_ROOT / "pipelines" / "operations" / "README.md"
EXAMPLES = GUIDE.with_name("deployment")
UNITS = sorted((EXAMPLES / "systemd").iterdir())
VARIABLE = re.compile(r"\b(?:IMPACT|CQC)_[A-Z_]+\b|\bSOURCE_DATE_EPOCH\b")
READ_FROM = ("*.py", "*.yml", "*.yaml")


def variables_of_the_code() -> set[str]:
    """Every variable that code, configuration and source YAMLs name; SQL and tests read none."""
    places = [PROJECT_ROOT / "dagster.yaml"]
    for folder in ("pipelines", "schemas", "sources", "dbt_project"):
        places += [path for kind in READ_FROM for path in (PROJECT_ROOT / folder).rglob(kind)]
    made = {"target", "logs"}
    texts = [path.read_text() for path in places if not made & set(path.relative_to(PROJECT_ROOT).parts)]
    return {name for text in texts for name in VARIABLE.findall(text)}


def test_the_guide_lists_every_variable_that_is_read_and_no_other():
    table = [line for line in GUIDE.read_text().splitlines() if line.startswith("| `")]
    listed = {name for line in table for name in VARIABLE.findall(line.split("|")[1])}
    assert listed == variables_of_the_code()


def test_the_example_sets_only_what_is_read():
    given = re.findall(r"^(?:# )?([A-Z_]+)=", (EXAMPLES / "environment.example").read_text(), re.M)
    assert len(given) > 10 and set(given) <= variables_of_the_code()


def test_every_command_in_the_guide_and_in_the_examples_exists():
    texts = {path.name: path.read_text() for path in (GUIDE, EXAMPLES / "Containerfile", *UNITS)}
    found = [words for text in texts.values() for words in re.findall(r"\bimpact ((?:[a-z-]+ ?)+(?:--[a-z-]+)?)", text)]
    named = [words.split() for words in found if words.split()[0] in get_command(cli.app).commands]
    assert len(named) > 15
    for words in named:
        command = get_command(cli.app).commands[words[0]]
        options = {option for parameter in command.params for option in parameter.opts}
        options |= {
            option for each in getattr(command, "commands", {}).values() for p in each.params for option in p.opts
        }
        assert {word for word in words if word.startswith("--")} <= options, words
    starts = [words for path in UNITS for words in re.findall(r"^ExecStart=\S+/impact (\S+)", path.read_text(), re.M)]
    assert sorted(starts) == ["backup", "backup", "daemon", "web"]


@pytest.mark.parametrize(
    "words, program, given",
    [
        (["daemon"], "dagster-daemon", ["run"]),
        (["web", "--port", "3001"], "dagster", ["dev", "-h", "127.0.0.1", "-p", "3001"]),
        (["web", "--pages-only"], "dagster-webserver", ["-h", "127.0.0.1", "-p", "3000"]),
        (["web", "--read-only"], "dagster-webserver", ["-h", "127.0.0.1", "-p", "3000", "--read-only"]),
    ],
)
def test_services_become_programs_of_dagster_that_only_this_machine_reaches(
    tmp_path, monkeypatch, words, program, given
):
    started: list[list[str]] = []
    monkeypatch.setenv("IMPACT_HOME", str(tmp_path))
    monkeypatch.setattr(cli.os, "environ", os.environ.copy())
    monkeypatch.setattr(cli.os, "chdir", lambda _: None)
    monkeypatch.setattr(cli.os, "execv", lambda _, command: started.append(command))
    CliRunner().invoke(cli.app, words, catch_exceptions=False)
    path, *rest = started[0]
    assert (Path(path).name, rest) == (program, [*given, "-m", "pipelines.definitions"])
    assert Path(path).exists()


# Dagster's storage on PostgreSQL


@op
def work() -> None:
    pass


@job(executor_def=executing.one_writer)
def stored() -> None:
    work()


def job_that_is_stored() -> JobDefinition:
    return stored


def test_the_two_configurations_of_dagster_differ_in_storage_alone():
    shipped = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
    on_server = yaml.safe_load((EXAMPLES / "dagster-postgres" / "dagster.yaml").read_text())
    assert {key for key in shipped | on_server if shipped.get(key) != on_server.get(key)} == {"storage"}


def test_runs_are_kept_on_the_server_that_a_variable_names(tmp_path, monkeypatch, postgres: Server):
    import psycopg

    database = postgres.database()
    monkeypatch.setenv("IMPACT_HOME", str(tmp_path / "home"))
    for name in ("IMPACT_ORIGIN", "IMPACT_DAGSTER_DIR", "DAGSTER_HOME", "IMPACT_FROM", "IMPACT_SUBMISSIONS"):
        monkeypatch.setenv(name, "")
    cli._set_environment("published", None, None, False)
    assert os.environ["DAGSTER_HOME"] == str(PROJECT_ROOT)
    monkeypatch.setenv("IMPACT_DAGSTER_POSTGRES_URL", postgres.url_of(database))
    cli._set_environment("published", None, None, False)
    assert os.environ["DAGSTER_HOME"] == str(settings.dagster_folder()) != str(PROJECT_ROOT)
    with (
        DagsterInstance.get() as instance,
        execute_job(reconstructable(job_that_is_stored), instance) as result,
    ):
        assert result.success
        run_id = result.run_id
    with psycopg.connect(postgres.url_of(database)) as connection:
        runs = connection.execute("select run_id, status from runs").fetchall()
        events = connection.execute("select count(*) from event_logs where run_id = %s", [run_id]).fetchone()
    assert runs == [(run_id, "SUCCESS")] and events[0] > 5
    assert not list((tmp_path / "home" / "dagster").rglob("*.db"))


# systemd


def test_units_are_ones_that_systemd_understands(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine (apt-get install systemd)")
    for path in UNITS:
        text = (
            path.read_text().replace("/opt/impact/.venv/bin/impact", "/bin/true").replace("/opt/impact", str(tmp_path))
        )
        (tmp_path / path.name).write_text(text)
    files = [str(tmp_path / path.name) for path in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "impact-" in line]
    assert (done.returncode, ours) == (0, [])


# nginx


class Dagster(http.server.BaseHTTPRequestHandler):
    """Stands in for the web interface: says what reached it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"dagster, authorization: {self.headers.get('Authorization')}".encode())

    def log_message(self, *_: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[str]:
    """The example, with other ports and without certificates; the address of the first, `{}` for its server's name."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not on this machine (apt-get install nginx-light)")
    web = tmp_path / "serving" / ".web" / "1"
    web.mkdir(parents=True)
    (web / "index.html").write_text("release 2026.1.0")
    (web / ".secret").write_text("hidden")
    (tmp_path / "serving" / "web").symlink_to(".web/1")
    secret = subprocess.run(["openssl", "passwd", "-apr1", "right"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "operators").write_text(f"operator:{secret}")
    behind, port = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dagster), free_port()
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    text = (EXAMPLES / "nginx" / "impact.conf").read_text()
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port}",
        "127.0.0.1:3000": f"127.0.0.1:{behind.server_port}",
        "/etc/impact/operators": str(tmp_path / "operators"),
        "/srv/impact/home/serving/web": str(tmp_path / "serving" / "web"),
    }.items():
        assert old in text
        text = text.replace(old, new)
    text = re.sub(r"^\s*ssl_.*$", "", text, flags=re.M)
    user = "user root;" if os.getuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(
        f"{user} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} http {{ access_log off; "
        + "".join(f"{each}_temp_path {tmp_path}/{each}; " for each in ("client_body", "proxy"))
        + "".join(f"{each}_temp_path {tmp_path}/{each}; " for each in ("fastcgi", "uwsgi", "scgi"))
        + f"{text} }}"
    )
    words = [program, "-p", str(tmp_path), "-e", f"{tmp_path}/error.log", "-c", str(tmp_path / "nginx.conf")]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    running = subprocess.Popen(words)
    _wait_for(port)
    yield f"http://127.0.0.1:{port}"
    running.terminate()
    running.wait()
    behind.shutdown()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
            return
        time.sleep(0.05)
    raise AssertionError("nginx did not begin to listen")


def ask(address: str, host: str, path: str = "/", password: str | None = None, method: str = "GET") -> tuple[int, str]:
    request = urllib.request.Request(f"{address}{path}", headers={"Host": host}, method=method)
    if password:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"operator:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_nobody_reaches_dagster_without_a_password(proxied):
    operators, readers = "dagster.impact.example.org", "impact.example.org"
    assert ask(proxied, operators)[0] == 401
    assert ask(proxied, operators, "/graphql", method="POST")[0] == 401
    assert ask(proxied, operators, password="wrong")[0] == 401
    assert ask(proxied, operators, password="right") == (200, "dagster, authorization: None")
    assert ask(proxied, readers) == (200, "release 2026.1.0")
    assert ask(proxied, readers, "/.secret")[0] == 404
    assert ask(proxied, readers, method="POST")[0] in (403, 405)
