"""Opening a DuckDB file for reading only, and writing names and texts safely into SQL.

Belongs here: what every reader of a release needs. Does not belong here: writing, or knowing which release
is served (promote.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.serving.sandbox import SEALED

if TYPE_CHECKING:
    import duckdb

STORAGE_VERSION = "v1.2.0"
STORAGE_HEADER = 65
"""Bytes 12 to 20 of a file in STORAGE_VERSION: the oldest format that DuckDB 1.3 and later open."""

READER_CONFIG = SEALED
"""Read-only alone would still let a query read any file of the machine."""


def lean(spill: Path) -> dict[str, str | int | bool]:
    """How a release uses DuckDB: the machine's memory is not its own. spill: a folder that only its owner sees."""
    return {"threads": 1, "memory_limit": "200MB", "temp_directory": str(spill)}


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection that can read this file and nothing else.

    A link is followed first, so that the connection keeps to one release while the pointer moves on.
    """
    import duckdb

    return duckdb.connect(str(Path(path).resolve()), read_only=True, config=READER_CONFIG)


def storage_header(path: Path) -> int:
    """The storage version as written in the head of a DuckDB file."""
    with Path(path).open("rb") as file:
        return int.from_bytes(file.read(20)[12:20], "little")


def identifier(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A text as SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"


def table_names(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The tables of the open file, sorted by name."""
    rows = connection.execute("select table_name from duckdb_tables() order by table_name").fetchall()
    return tuple(name for (name,) in rows)


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows by table of the open file."""
    counts = {}
    for name in table_names(connection):
        counts[name] = connection.execute(f"select count(*) from {identifier(name)}").fetchone()[0]
    return counts


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows of a select, each by column name."""
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def release_info(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The one row of `release_info`, by column."""
    return rows(connection, "select * from release_info")[0]
