"""What the DuckDB file of a release holds: what is promised to be published, and nothing behind it."""

from __future__ import annotations

import struct
from pathlib import Path

import duckdb
import pytest

from pipelines.release import confidential
from pipelines.release.examinations import read_gate_policy
from pipelines.settings import DUCKDB_FILE, Workspace
from schemas import published


@pytest.fixture(scope="module")
def place(served_sample: Path) -> Workspace:
    """The sample, refreshed and served."""
    return Workspace(served_sample, "synthetic")


@pytest.fixture(scope="module")
def file(place: Workspace) -> Path:
    return (place.current / DUCKDB_FILE).resolve()


def test_there_is_nothing_but_promised_tables(file):
    with duckdb.connect(str(file), read_only=True) as connection:

        def names(what: str) -> list[str]:
            sql = f"select {what.removeprefix('duckdb_').removesuffix('s()')}_name from {what} where not internal"
            return sorted(name for (name,) in connection.execute(sql).fetchall())

        assert names("duckdb_tables()") == sorted(table.name for table in published.TABLES)
        for what in ("views", "sequences", "types", "functions"):
            columns = {
                "views": "not internal",
                "types": "not internal",
                "functions": "not internal",
                "sequences": "true",
            }
            assert connection.execute(f"select * from duckdb_{what}() where {columns[what]}").fetchall() == [], what
        assert connection.execute("select schema_name from duckdb_schemas() where not internal").fetchall() == [
            ("main",)
        ]


def test_every_row_says_its_release(file, place):
    version = place.current.resolve().name
    with duckdb.connect(str(file), read_only=True) as connection:
        for table in published.TABLES:
            found = connection.execute(f"select distinct release_id from {table.name}").fetchall()
            assert found in ([(version,)], []), table.name


def test_no_block_of_the_file_is_left_over_from_something_else(file):
    """What was deleted or rewritten would lie in a free block; nothing lies beside the file either."""
    with duckdb.connect(str(file), read_only=True) as connection:
        ((free, wal),) = connection.execute("select free_blocks, wal_size from pragma_database_size()").fetchall()
    assert (free, wal) == (0, "0 bytes")
    assert sorted(path.name for path in file.parent.glob(f"{DUCKDB_FILE}*")) == [DUCKDB_FILE]


def test_no_byte_of_the_file_is_a_withheld_figure_or_an_answer(file, place):
    """Against the build file, in which all of them are."""
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        connection.execute(f"attach '{file}' as candidate (read_only)")
        tables = confidential._tables(connection)
        policy = read_gate_policy()["leaks"]
        figures = confidential._figures(connection, policy, tables) | confidential.withheld(connection, tables)
        texts = confidential._texts(connection, policy["identifiers"], tables)
    content = file.read_bytes()
    assert len(figures) > 100 and len(texts) > 50
    assert [figure for figure in figures if struct.pack("<d", figure) in content] == []
    assert [text for text in texts if text.encode() in content] == []
