"""The file of a release is read whole by the oldest DuckDB that the README names, and by one who holds it open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.settings import DUCKDB_FILE
from tests.clients.old_versions import VERSIONS, Reader, install, read_by_us

OLDEST = VERSIONS[0]
MOST_ROWS = 50_000
"""Of a table that is read cell by cell here. By hand, old_versions.py reads all of them."""


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the oldest version alone."""
    folder = tmp_path_factory.mktemp("duckdb")
    problem = install(OLDEST, folder)
    if problem:
        pytest.skip(f"duckdb {OLDEST} cannot be had from the package index: {problem.splitlines()[-1]}")
    return folder


def test_the_oldest_version_reads_every_table_through_the_pointer_while_it_moves(served_sample, oldest, tmp_path):
    """Whoever holds a release open stays with it; whoever opens the pointer anew gets the next."""
    first = (served_sample / "serving" / "current").resolve()
    expected = read_by_us(first / DUCKDB_FILE, MOST_ROWS)
    pointer, moved = tmp_path / "current", tmp_path / "moved"
    pointer.symlink_to(first)
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / DUCKDB_FILE).write_bytes(b"another release")
    moved.symlink_to(tmp_path / "second")
    with Reader(oldest, pointer / DUCKDB_FILE) as reader:
        assert reader.version == OLDEST
        os.replace(moved, pointer)
        assert reader.read(MOST_ROWS) == expected
    assert (pointer / DUCKDB_FILE).read_bytes() == b"another release"
    assert set(expected) > {"release_info", "dictionary", "pub_source_status"}
    assert sum(rows for rows, *_ in expected.values()) > 500_000
    for table, (rows, _, comment, commented) in expected.items():
        assert comment.startswith("SYNTHETIC. ") and commented > 0, table
        assert rows or table in ("pub_corrections", "pub_release_changes"), table
