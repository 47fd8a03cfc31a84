"""The kits, each run as an analyst runs it: what it prints is what the release says by an independent query."""

from __future__ import annotations

import ast
import csv
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import psycopg
import pytest

from pipelines.clients import Route
from pipelines.clients.kits import TEMPLATES, cookbook, questions, write_kits
from pipelines.errors import Fault
from pipelines.release import connect
from pipelines.release.web.serving import server
from pipelines.serving import sandbox
from pipelines.serving.roles import READER
from pipelines.settings import DUCKDB_FILE
from tests.clients.conftest import run
from tests.clients.reading_output import same, sections
from tests.postgres import PASSWORD

MEASURE = "cqc_overall"
"""Some organisations have no rating: their status says so."""
OVER_HTTP = {"with_api.py", "with_api.R"}
PYTHON = sorted({path.stem for path in TEMPLATES.rglob("with_*.py.j2")} - OVER_HTTP)
R = sorted({path.stem for path in TEMPLATES.rglob("with_*.R.j2")} - OVER_HTTP)
R_PACKAGES = {"with_duckdb.R": ("DBI", "duckdb"), "with_postgres.R": ("DBI", "RPostgreSQL"), "with_csv.R": ()}


@pytest.fixture(scope="module")
def release(current: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(current / DUCKDB_FILE) as connection:
        yield connection


@pytest.fixture(scope="module")
def unrated(release) -> str:
    """An organisation whose newest rating is missing, and the rest of what scripts print."""
    found = release.execute(
        "select min(org_code) from pub_measure_values where measure_id = ? and value_status = 'not_rated'", [MEASURE]
    ).fetchone()
    return found[0]


@pytest.fixture(scope="module")
def expected(release, unrated) -> dict[str, list[tuple]]:
    """By title. Written without a look at the kits: other clauses, and medians from sorted lists."""
    associations = release.execute(f"""
        from (select * from pub_driver_outcome_association where measure_id = '{MEASURE}')
        select driver_id, n, rho, rho_low, rho_high, q_value
        where exposure_id = driver_id and (basis, organisation_type, alignment) =
            ('staff_survey_evidence', 'all', 'same_year') and exposure_kind = 'driver'
            and is_circular = false and insufficient_reason is null
        order by all
    """).fetchall()
    maturity = release.execute("""
        select driver_id, n_shared, n_eligible, 100.0 * n_shared / n_eligible, median_level, value_status
        from pub_driver_maturity
        where round_key = '2025-26' and concat(organisation_type, region_code, org_code) = 'allall'
        order by driver_id
    """).fetchall()
    figures = release.execute(f"""
        select period_type, period_key, value, value_status from pub_measure_values
        where measure_id = '{MEASURE}' and org_code = '{unrated}' and period_type not in ('month') order by all
    """).fetchall()
    return {
        f"Drivers and {MEASURE}: positive rho goes with a better outcome": associations,
        "Self-assessed maturity, and how many of the eligible shared": maturity,
        f"{MEASURE} of {unrated}": figures,
        f"{MEASURE}: organisations, those with a figure, and the median of those": _spread(release),
    }


def _spread(release) -> list[tuple]:
    periods: dict[tuple, list[float | None]] = {}
    for *period, value in release.execute(f"""
        select period_type, period_key, value from pub_measure_values
        where measure_id = '{MEASURE}' and org_code not in ('ENG') and period_type not in ('month') order by all
    """).fetchall():
        periods.setdefault(tuple(period), []).append(value)
    return [(*period, len(values), *_known(values)) for period, values in periods.items()]


def _known(values: list[float | None]) -> tuple[int, float]:
    known = sorted(value for value in values if value is not None)
    middle = known[(len(known) - 1) // 2 : len(known) // 2 + 1]
    return len(known), sum(middle) / len(middle)


def test_what_is_expected_holds_something_without_a_value(expected):
    associations, maturity, figures, spread = expected.values()
    assert len(associations) == len(maturity) == 5
    assert any(value is None and status == "not_rated" for *_, value, status in figures)
    assert any(organisations > known for *_, organisations, known, _ in spread)


def assert_says(printed: str, release, expected) -> None:
    ((version,),) = release.execute("select release_id from release_info").fetchall()
    assert printed.startswith(f"release {version}, SYNTHETIC: every figure is invented\n")
    found = sections(printed)
    assert found.keys() == expected.keys()
    for title, rows in expected.items():
        assert same(found[title][1:], rows), f"{title}\n{printed}"


@pytest.mark.parametrize("script", PYTHON)
def test_each_python_script_prints_what_the_release_says(kits, release, expected, unrated, script):
    printed = run(sys.executable, kits / "python" / script, unrated, MEASURE)
    assert_says(printed, release, expected)


def require_r(*packages: str) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed (apt-get install r-base-core r-cran-dbi r-cran-rpostgresql)")
    for package in packages:
        test = f"quit(status = !requireNamespace('{package}', quietly = TRUE))"
        if subprocess.run(["Rscript", "-e", test], capture_output=True, check=False).returncode:
            pytest.skip(f"R's package {package} is not installed")


@pytest.mark.parametrize("script", R)
def test_each_r_script_prints_what_the_release_says(kits, release, expected, unrated, script):
    require_r(*R_PACKAGES[script])
    assert_says(run("Rscript", kits / "r" / script, unrated, MEASURE), release, expected)


def test_r_understands_every_script(kits):
    """Also those whose packages are not to be had here."""
    require_r()
    for script in sorted((kits / "r").glob("*.R")):
        run("Rscript", "-e", f"invisible(parse('{script}'))")


@pytest.fixture(scope="module")
def address(served_sample: Path) -> Iterator[str]:
    """Where `impact release serve` serves the pages."""
    with server(served_sample / "serving" / "web", 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@pytest.mark.parametrize("script", ["python/with_api.py", "r/with_api.R"])
def test_the_interface_is_read_over_http(kits, address, expected, unrated, script):
    if script.endswith(".R"):
        require_r()
    program = "Rscript" if script.endswith(".R") else sys.executable
    printed = run(program, kits / script, address, MEASURE, unrated)
    rows = [line.split() for line in printed.strip().split("\n\n")[-1].splitlines()]
    assert "SYNTHETIC" in printed.splitlines()[0]
    assert same(rows[-len(expected[f"{MEASURE} of {unrated}"]) :], expected[f"{MEASURE} of {unrated}"])


def test_scripts_carry_the_safe_settings(kits):
    for script in ("with_duckdb.py", "with_pandas_duckdb.py", "with_ibis_duckdb.py"):
        (literal,) = re.findall(r"^SETTINGS = (\{.*?\})$", (kits / "python" / script).read_text(), re.DOTALL | re.M)
        assert ast.literal_eval(literal) == sandbox.CONFIG
    in_r = (kits / "r" / "with_duckdb.R").read_text()
    assert all(f"{name} = " in in_r for name in sandbox.CONFIG)


SELECTS = [(question, select) for question, selects in cookbook(questions()) for select in selects]


@pytest.fixture(scope="module")
def server_side(database) -> Iterator[psycopg.Connection]:
    words = {"host": database.host, "dbname": database.database, "user": database.user, "password": PASSWORD}
    with psycopg.connect(**words, options="-c search_path=published") as connection:
        yield connection


def test_duckdb_and_postgres_give_the_same_answer_to_each_question(release, server_side):
    """Rows as a whole, in any order: a server sorts text by its own collation."""
    assert len(SELECTS) > 25
    for question, select in SELECTS:
        here = release.execute(select).fetchall()
        there = server_side.execute(select).fetchall()
        assert sorted(map(repr, here)) == sorted(map(repr, there)), f"{question}\n{select}"


def test_the_cookbook_is_the_section_of_the_readme(kits, release):
    text = (kits / "sql" / "cookbook.sql").read_text()
    assert questions() in (kits / "sql" / "cookbook.md").read_text()
    statements = [statement.query.strip() for statement in release.extract_statements(text)]
    assert [re.sub(r"^--.*\n", "", one, flags=re.M).strip().rstrip(";") for one in statements] == [
        select for _, select in SELECTS
    ]
    release.execute(text)


def test_every_file_says_synthetic_and_none_the_password(kits):
    files = [path for path in kits.rglob("*") if path.is_file()]
    assert len(files) >= 23
    for path in files:
        assert "SYNTHETIC" in path.name or b"SYNTHETIC" in path.read_bytes(), path
        assert PASSWORD.encode() not in path.read_bytes(), path


def test_without_a_database_there_is_nothing_about_one(current, tmp_path):
    written = write_kits(tmp_path, current)
    folders = {path.relative_to(tmp_path).parts[0] for path in written}
    assert folders == {"README.md", "sql", "python", "r", "excel", "powerbi", "superset"}
    assert not [path for path in written if "postgres" in path.name]
    assert "PostgreSQL: host" not in (tmp_path / "README.md").read_text()


def test_kits_of_nothing_are_a_fault(tmp_path):
    with pytest.raises(Fault, match="no release that is being served"):
        write_kits(tmp_path / "kits", tmp_path / "serving" / "current")


@pytest.mark.parametrize(
    ("url", "host", "port", "user"),
    [
        ("postgresql://reader:pass%40word@db.example.nhs.uk:6432/impact", "db.example.nhs.uk", 6432, "reader"),
        ("postgres://db.example.nhs.uk/impact", "db.example.nhs.uk", 5432, "impact_reader"),
        ("postgresql://a:b@/impact?host=/run/postgresql&password=c", "/run/postgresql", 5432, "a"),
        ("postgresql:///impact?host=db&port=6432&user=someone", "db", 6432, "someone"),
    ],
)
def test_a_route_keeps_no_password(url, host, port, user):
    route = Route.to_postgres(url)
    assert (route.host, route.port, route.database, route.user) == (host, port, "impact", user)
    assert "word" not in repr(route) and ":b@" not in repr(route) and "password" not in repr(route)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/impact",
        "postgresql://host",
        "host:5432/impact",
        "postgresql:///impact",
        "postgresql://host:x/impact",
    ],
)
def test_what_is_no_address_of_a_database_is_a_fault(url):
    with pytest.raises(Fault, match="URL of the PostgreSQL database") as refused:
        Route.to_postgres(url)
    assert "secret" not in str(refused.value)


def test_power_bi_finds_server_and_database(tmp_path, current):
    """The keys are those of Microsoft's page on PBIDS files; Power BI itself was not to be had."""
    write_kits(tmp_path, current, Route.to_postgres("postgresql://db.example.nhs.uk:6432/impact"))
    (found,) = (tmp_path / "powerbi").glob("*.pbids")
    content = json.loads(found.read_text())
    assert content.keys() == {"version", "connections"} and content["version"] == "0.1"
    (connection,) = content["connections"]
    assert connection.keys() == {"details", "options", "mode"} and connection["mode"] in ("Import", "DirectQuery")
    assert connection["details"]["protocol"] == "postgresql"
    assert connection["details"]["address"] == {"server": "db.example.nhs.uk:6432", "database": "impact"}


def test_power_query_names_files_that_are_there(kits, current):
    text = (kits / "powerbi" / "parquet.pq").read_text()
    (place,), (suffix,) = re.findall(r'Place = "(.*)"', text), re.findall(r'name & "(.*?)"', text)
    assert {(Path(place) / f"{name}{suffix}").is_file() for name in re.findall(r'= Read\("(\w+)"\)', text)} == {True}


def test_tableau_finds_a_connection_for_each_relation(kits, database, release):
    """Names hang together, and the table is there; Tableau itself was not to be had."""
    root = ElementTree.parse(kits / "tableau" / "nhs_impact.tds").getroot()
    (named,) = root.iter("named-connection")
    (inner,) = named
    assert (root.tag, inner.get("class"), inner.get("password")) == ("datasource", "postgres", None)
    assert (inner.get("server"), inner.get("dbname"), inner.get("username")) == (
        database.host,
        database.database,
        READER,
    )
    tables = {name for (name,) in release.execute("select table_name from duckdb_tables()").fetchall()}
    for relation in root.iter("relation"):
        assert relation.get("connection") == named.get("name")
        assert relation.get("table") in {f"[published].[{table}]" for table in tables}


def test_odbc_reads_as_excel_and_power_bi_would(kits, release, monkeypatch, tmp_path):
    """Through Debian's psqlODBC: figures whole, what is missing empty, and nothing can be written."""
    require_odbc()
    monkeypatch.setenv("ODBCINI", str(kits / "odbc" / "odbc.ini"))
    select = f"select org_code, value, value_status from pub_measure_values where measure_id = '{MEASURE}' order by 1"
    rows = list(csv.reader(_isql(select).splitlines(), delimiter="|"))
    expected = release.execute(select).fetchall()
    assert sorted((code, float(value) if value else None, status) for code, value, status in rows) == sorted(expected)
    assert "read-only transaction" in _isql("create table mine (a int)")


def _isql(sql: str) -> str:
    words = ["isql", "nhs_impact", READER, PASSWORD, "-b", "-v", "-d|"]
    done = subprocess.run(words, input=f"{sql}\n", capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def require_odbc() -> None:
    found = shutil.which("isql") and "[PostgreSQL Unicode]" in subprocess.getoutput("odbcinst -q -d")
    if not found:
        pytest.skip("psqlODBC is not installed (apt-get install odbc-postgresql unixodbc)")
