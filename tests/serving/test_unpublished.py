"""What the DuckDB file of a release holds: what is promised to be published, and nothing behind it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
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
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal order by all"
        )
        assert tables.fetchall() == sorted(("main", table.name) for table in published.TABLES)
        for what in ("views", "types", "functions"):
            assert connection.execute(f"select * from duckdb_{what}() where not internal").fetchall() == [], what
        assert connection.execute("select * from duckdb_sequences()").fetchall() == []


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
    assert _doubles_in(content, figures) == set()
    assert [text for text in texts if text.encode() in content] == []


def _doubles_in(content: bytes, figures: set[float]) -> set[float]:
    """Those of the figures that stand somewhere in the bytes, wherever they begin."""
    found: set[float] = set()
    for offset in range(8):
        values = np.frombuffer(content, dtype="<f8", offset=offset, count=(len(content) - offset) // 8)
        found.update(values[np.isin(values, np.array(sorted(figures)))].tolist())
    return found
