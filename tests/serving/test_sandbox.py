"""What SQL of other people can do with the DuckDB file of a release: read it, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.serving import sandbox

ALLOWED = (
    "select answer from figures",
    "with twice as (select answer * 2 as a from figures) select a from twice",
    "select table_name, comment from duckdb_tables()",
    "create temp table mine as select answer from figures",
    "create temp macro half(x) as x / 2",
    "explain select answer from figures",
)
REFUSED = (
    "from read_text('{secret}')",
    "from read_blob('{secret}')",
    "from read_csv('{secret}')",
    "from read_csv('http://127.0.0.1:9/x.csv')",
    "from read_json('{secret}')",
    "from read_parquet('{secret}')",
    "from sniff_csv('{secret}')",
    "from '{secret}'",
    "from query('from read_text(''{secret}'')')",
    "from glob('{folder}/*')",
    "copy figures to '{folder}/out.csv'",
    "copy figures to '{release}'",
    "copy figures to '/dev/stdout'",
    "copy (select 1) to '{folder}/out.parquet'",
    "export database '{folder}/all'",
    "import database '{folder}/all'",
    "attach '{folder}/other.duckdb' as other",
    "attach ':memory:' as other",
    "install httpfs",
    "load httpfs",
    "load '{folder}/own.duckdb_extension'",
    "from duckdb_secrets()",
    "create secret s (type http, bearer_token 'x')",
    "create persistent secret s (type http, bearer_token 'x')",
    "select getenv('HOME')",
    "set threads = 64",
    "set global enable_external_access = true",
    "reset memory_limit",
    "set temp_directory = '{folder}'",
    "set lock_configuration = false",
    "pragma memory_limit = '64GB'",
    "pragma profiling_output = '{folder}/profile.json'",
    "pragma log_query_path = '{folder}/log'",
    "create table mine as select 1",
    "create schema mine",
    "insert into figures values (43)",
    "update figures set answer = 43",
    "delete from figures",
    "drop table figures",
    "alter table figures add column more integer",
    "comment on table figures is 'mine'",
)
Open = Callable[[Path], duckdb.DuckDBPyConnection]


def with_config(path: Path) -> duckdb.DuckDBPyConnection:
    """What a BI tool does."""
    return duckdb.connect(str(path), **sandbox.CONNECT_ARGS)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A file in a folder with a secret."""
    (tmp_path / "secret.txt").write_text("key")
    path = tmp_path / "release.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table figures as select 42 as answer")
        connection.execute("comment on table figures is 'One figure.'")
    return path


@pytest.fixture(params=[with_config, sandbox.connect])
def connection(request: pytest.FixtureRequest, release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with request.param(release) as connection:
        yield connection


@pytest.mark.parametrize("sql", ALLOWED)
def test_plain_queries_pass(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert connection.execute(sql).fetchall() is not None


@pytest.mark.parametrize("sql", REFUSED)
def test_everything_else_is_refused(connection: duckdb.DuckDBPyConnection, release: Path, sql: str) -> None:
    folder = release.parent
    before = sorted(path.name for path in folder.rglob("*"))
    with pytest.raises(duckdb.Error):
        connection.execute(sql.format(folder=folder, release=release, secret=folder / "secret.txt")).fetchall()
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert connection.execute("select answer from figures").fetchall() == [(42,)]


def test_variables_of_the_program_are_no_tables(connection: duckdb.DuckDBPyConnection) -> None:
    import polars as pl

    secret = pl.DataFrame({"key": ["s3cr3t"]})
    with pytest.raises(duckdb.CatalogException):
        connection.execute("select key from secret")
    assert secret.height == 1


def test_a_large_sort_is_not_spilled_beside_the_release(release: Path) -> None:
    small = sandbox.CONFIG | {"memory_limit": "30MB", "threads": 1}
    with duckdb.connect(str(release), read_only=True, config=small) as connection, pytest.raises(duckdb.Error):
        connection.execute("create temp table big as select range as i, repeat('x', 100) || i as s from range(3000000)")
    assert sorted(path.name for path in release.parent.iterdir()) == ["release.duckdb", "secret.txt"]


def test_a_log_beside_the_release_is_refused_by_connect(release: Path) -> None:
    """With the settings alone this one is left to the rights on the folder."""
    sql = f"copy (select 1) to '{release}.wal'"
    with sandbox.connect(release) as connection, pytest.raises(duckdb.Error):
        connection.execute(sql)
    assert not Path(f"{release}.wal").exists()
    if os.geteuid() != 0:
        release.parent.chmod(0o555)
        with with_config(release) as connection, pytest.raises(duckdb.Error):
            connection.execute(sql)


def test_connections_of_one_process_share_the_settings(release: Path) -> None:
    with sandbox.connect(release) as first, sandbox.connect(release) as second:
        for connection in (first, second):
            with pytest.raises(duckdb.Error):
                connection.execute("set threads = 64")
            assert connection.execute("select answer from figures").fetchall() == [(42,)]
