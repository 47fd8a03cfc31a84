"""Copying tables of a DuckDB file into a schema of PostgreSQL in bulk, with their keys, indexes and comments.

Belongs here: types, keys, indexes, the copy. Does not belong here: which tables (contents.py), or when they are
seen (swap.py).

The schema must be new, and stays out of everybody's reach: whoever stops this half way leaves nothing that is served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import Fault
from pipelines.release.reading import identifier, literal
from pipelines.serving.server import Server, told
from schemas import published

if TYPE_CHECKING:
    import duckdb
    import psycopg

LAYOUT = 1
"""Raised when equal releases come to look different on the server: then they are copied anew."""
TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "INTEGER": "integer",
    "TIMESTAMP": "timestamp",
    "VARCHAR": "text",
}
"""By DuckDB's name; those that are promised (schemas/published.py), and no others."""
INDEXED = ("org_code", "measure_id", "question_id", "exposure_id")
"""What readers look rows up by, where it does not begin the key already."""
ROWS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class Column:
    """One column of a DuckDB table. may_be_null: whether one of its values is."""

    name: str
    type: str
    comment: str
    may_be_null: bool


@dataclass(frozen=True)
class Table:
    """One table to copy. name: on the server. source: of which relation of the DuckDB connection.

    key: columns that tell its rows from one another; empty where no such columns are known.
    """

    name: str
    source: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


def describe(connection: duckdb.DuckDBPyConnection, name: str, source: str, comments: dict[str | None, str]) -> Table:
    """What the server must know of a table. comments: by column, and of the table itself under None.

    Raises Fault where a column has a type that readers elsewhere would not get as it is.
    """
    described = connection.execute(f"describe select * from {source}").fetchall()
    nulls = connection.execute(
        "select " + ", ".join(f"count(*) > count({identifier(row[0])})" for row in described) + f" from {source}"
    ).fetchall()[0]
    columns = tuple(
        Column(row[0], _type(name, row[0], row[1]), comments.get(row[0], ""), is_null)
        for row, is_null in zip(described, nulls, strict=True)
    )
    promised = published.table(name)
    key = promised.key if promised else ()
    return Table(name, source, comments.get(None, ""), columns, key if _holds(connection, source, key) else ())


def load(
    server: Server,
    connection: psycopg.Connection,
    source: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    schema: str,
    readers: Sequence[str],
) -> None:
    """Makes the tables in a schema that is there and empty, and fills them. Raises Fault."""
    with told(server, f"loading {schema}"):
        connection.execute("".join(_create(table, schema) for table in tables) or "select")
        _copy(server, source, tables, schema)
        connection.execute("".join(_finish(table, schema, readers) for table in tables) or "select")


def _type(table: str, column: str, found: str) -> str:
    if found in TYPES:
        return TYPES[found]
    raise Fault(
        f"table {table}, column {column}: PostgreSQL would show it otherwise",
        f"type {found}",
        f"one of: {', '.join(TYPES)}",
        "a sum that was not cast: DuckDB's sums of whole numbers are HUGEINT",
        "cast the column in its dbt model",
    )


def _holds(connection: duckdb.DuckDBPyConnection, source: str, key: Sequence[str]) -> bool:
    """Whether no two rows have the same key."""
    if not key:
        return False
    names = ", ".join(map(identifier, key))
    repeated = f"select 1 from {source} group by {names} having count(*) > 1 limit 1"
    return not connection.execute(repeated).fetchall()


def _create(table: Table, schema: str) -> str:
    columns = ", ".join(f"{identifier(column.name)} {column.type}" for column in table.columns)
    return f"create table {_full(schema, table)} ({columns});\n"


def _copy(server: Server, source: duckdb.DuckDBPyConnection, tables: Sequence[Table], schema: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(server.url) as connection, connection.cursor() as cursor:
        for table in tables:
            batches = source.execute(f"select * from {table.source}").to_arrow_reader(ROWS_AT_A_TIME)
            cursor.adbc_ingest(table.name, batches, mode="append", db_schema_name=schema)
        connection.commit()


def _finish(table: Table, schema: str, readers: Sequence[str]) -> str:
    """Keys and indexes after the rows, which is faster; then what helps people and the planner."""
    name = _full(schema, table)
    lines = [*_keys(table, name), *_comments(table, name)]
    lines += [f"grant select on {name} to {', '.join(readers)}", f"analyze {name}"]
    return ";\n".join(lines) + ";\n"


def _keys(table: Table, name: str) -> Iterator[str]:
    if table.key:
        may_be_null = {column.name for column in table.columns if column.may_be_null}
        kind = "unique nulls not distinct" if may_be_null & set(table.key) else "primary key"
        yield f"alter table {name} add {kind} ({', '.join(map(identifier, table.key))})"
    for column in table.columns:
        if column.name in INDEXED and table.key[:1] != (column.name,):
            yield f"create index on {name} ({identifier(column.name)})"


def _comments(table: Table, name: str) -> Iterator[str]:
    yield f"comment on table {name} is {literal(table.comment)}"
    for column in table.columns:
        if column.comment:
            yield f"comment on column {name}.{identifier(column.name)} is {literal(column.comment)}"


def _full(schema: str, table: Table) -> str:
    return f"{identifier(schema)}.{identifier(table.name)}"


def counted(connection: psycopg.Connection, schema: str) -> dict[str, Any]:
    """Rows by table of a schema on the server."""
    named = connection.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'r' order by relname",
        [schema],
    ).fetchall()
    return {
        name: connection.execute(f"select count(*) from {identifier(schema)}.{identifier(name)}").fetchone()[0]
        for (name,) in named
    }
