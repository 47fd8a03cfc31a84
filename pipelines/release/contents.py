"""Opening the files of a release down to their texts and figures, for the leak scan.

Belongs here: what stands where in a file of each kind. Does not belong here: what is looked for (leaks.py).
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import SEEK_END, TextIOWrapper
from pathlib import Path
from typing import IO
from urllib.parse import unquote

import duckdb
import polars as pl
from polars import selectors

from pipelines.release.export import table_of
from pipelines.release.reading import identifier, literal
from pipelines.settings import DUCKDB_FILE
from schemas import published

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PART = 1 << 21
"""Letters, or bytes, of a large file that are read at once."""
OVERLAP = 1 << 13
LONGEST = OVERLAP // 8
"""Letters of a text that are looked for. Each may be four bytes, and a part may begin half an overlap later."""
LONG = (1_000_000_000, 9_999_999_999)
"""The whole numbers that are as long as an NHS number."""
COMMENTS = (
    "select table_name as place, concat_ws(' ', table_name, comment, sql) as words from duckdb_tables() "
    "union all select table_name || '.' || column_name, concat_ws(' ', column_name, comment, column_default) "
    "from duckdb_columns() where not internal "
    "union all select view_name, concat_ws(' ', view_name, comment, sql) from duckdb_views() where not internal "
    "union all select schema_name, concat_ws(' ', schema_name, comment) from duckdb_schemas() where not internal "
    "order by all"
)
"""Comments and definitions, wherever a DuckDB file may hold them."""
STRANGE = (
    "select schema_name || '.' || table_name from duckdb_tables() where schema_name <> 'main' "
    "union all select function_name from duckdb_functions() where not internal "
    "union all select type_name from duckdb_types() where not internal "
    "union all select sequence_name from duckdb_sequences() "
    "union all select view_name from duckdb_views() where not internal order by all"
)
"""What a DuckDB file may hold beside tables, and no release does."""
ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})")
QUOTED = re.compile(r"%[0-9A-Fa-f]{2}")
INLINE = re.compile(r"</?(?:a|abbr|b|bdi|code|em|i|mark|r|small|span|strong|sub|sup|t|tspan|u|wbr)\b[^<>]*>")
"""Marks that stand inside a line: of pages, of drawings, and of the texts of a workbook."""
EMBEDDED = re.compile(r"data:[a-z]+/[a-z0-9.+-]+;(?:[a-z0-9=-]+;)*base64,", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A text and where it stands. is_raw: bytes that are no text, read as if each were a letter."""

    place: str
    text: str
    is_raw: bool = False


def plain(file: IO[bytes], is_whole: bool = False) -> Iterator[str | None]:
    """A text as its reader sees it: without the escapes of HTML, JSON and web addresses. None where it is not UTF-8.

    Some lines at a time, unless it is to be whole: nothing that is looked for goes over the end of a line.
    """
    lines = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        while read := "".join(lines.readlines(-1 if is_whole else PART)):
            yield None if "\0" in read else _unescaped(read)
    except UnicodeDecodeError:
        yield None


def _unescaped(text: str) -> str:
    if "&" in text:
        text = html.unescape(text)
    if "\\u" in text:
        text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return unquote(text) if QUOTED.search(text) else text


def raw(path: Path) -> Iterator[str]:
    """The bytes of a file as if each were a letter, in parts that overlap."""
    end = b""
    with path.open("rb") as file:
        while read := file.read(PART):
            yield (end + read).decode("latin-1")
            end = (end + read)[-OVERLAP:]


def in_one_line(text: str) -> str:
    """A text without the marks inside a line, and with single spaces."""
    return " ".join(INLINE.sub("", text).split())


def open_candidate(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection that sees the tables of a candidate and can read its exported files."""
    connection = duckdb.connect()
    connection.execute(f"attach {literal((folder / DUCKDB_FILE).resolve())} as candidate (read_only); use candidate")
    return connection


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of the candidate, sorted; those of another schema are strange objects."""
    sql = "select table_name from duckdb_tables() where schema_name = 'main' order by all"
    return [name for (name,) in connection.execute(sql).fetchall()]


def strange_objects(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of what is no table that every reader finds: other schemas, views, macros, types, sequences."""
    return [name for (name,) in connection.execute(STRANGE).fetchall()]


def has_strange_columns(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether a column is of a type that no release has, and that nobody looks into."""
    described = connection.execute(f"select * from {table} limit 0").description or []
    return any(str(kind) not in published.PORTABLE_TYPES for _, kind, *_ in described)


def columns(connection: duckdb.DuckDBPyConnection, table: str, type_: str) -> list[str]:
    """The columns of that type."""
    described = connection.execute(f"select * from {table} limit 0").description or []
    return [name for name, kind, *_ in described if str(kind) == type_]


def texts(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[str]:
    """The distinct texts of a table, and its whole numbers that are as long as an NHS number, some lines at a time."""
    for name in columns(connection, table, "VARCHAR"):
        column = identifier(name)
        found = connection.execute(f"select distinct {column} from {table} where {column} is not null").pl()
        yield from _joined(found[name])
    for name in columns(connection, table, "BIGINT"):
        column = identifier(name)
        long = f"select distinct {column} from {table} where {column} between {LONG[0]} and {LONG[1]}"
        yield from _joined(str(number) for (number,) in connection.execute(long).fetchall())


def texts_of(frame: pl.DataFrame) -> Iterator[str]:
    """The same of a frame."""
    for column in frame.select(selectors.string(include_categorical=True).cast(pl.String)):
        yield from _joined(column.drop_nulls().unique())
    for column in frame.select(pl.col(pl.Int64)):
        yield from _joined(column.filter(column.is_between(*LONG)).unique().cast(pl.String))


def _joined(texts: Iterable[str]) -> Iterator[str]:
    """One text to a line."""
    lines: list[str] = []
    size = 0
    for text in texts:
        lines.append(text)
        size += len(text)
        if size > PART:
            yield "\n".join(lines)
            lines, size = [], 0
    if lines:
        yield "\n".join(lines)


def is_copy(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Whether an exported file holds the table it is named after, cell by cell: as many rows, the same hashes."""
    table = identifier(table_of(path))
    sql = "select count(*), sum(hash(t)) from {} as t"
    try:
        copied = connection.execute(sql.format(_reading(connection, path))).fetchone()
        return copied == connection.execute(sql.format(table)).fetchone()
    except duckdb.Error:
        return False


def _reading(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """How the cells of an exported file are read with the types of its table."""
    if path.suffix == ".parquet":
        return f"read_parquet({literal(path)})"
    described = connection.execute(f"select * from {identifier(table_of(path))} limit 0").description or []
    types = ", ".join(f"{literal(name)}: {literal(str(kind))}" for name, kind, *_ in described)
    return (
        f"read_csv({literal(path)}, header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        f"columns = {{{types}}})"
    )


def key_values(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """The free metadata of a parquet file."""
    sql = f"select decode(key) || ' ' || decode(value) from parquet_kv_metadata({literal(path)})"
    return "\n".join(text for (text,) in connection.execute(sql).fetchall())


def footer(path: Path) -> str:
    """The footer of a parquet file: its length stands before the last four bytes."""
    with path.open("rb") as file:
        file.seek(-8, SEEK_END)
        file.seek(-8 - int.from_bytes(file.read(4), "little"), SEEK_END)
        return file.read().decode("latin-1")


def first_line(path: Path) -> str:
    """The heading of a CSV file."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline()


def of_image(place: str, content: bytes) -> Iterator[Piece]:
    """The texts of a PNG file. What is no PNG is looked at as bytes."""
    if not content.startswith(PNG_HEAD):
        yield Piece(place, content.decode("latin-1"), is_raw=True)
        return
    start = len(PNG_HEAD)
    while start < len(content):
        length = int.from_bytes(content[start : start + 4], "big")
        kind, body = content[start + 4 : start + 8], content[start + 8 : start + 8 + length]
        if kind in (b"tEXt", b"iTXt", b"eXIf"):
            yield Piece(f"{place} (text)", body.decode("latin-1"))
        elif kind == b"zTXt":
            keyword, _, packed = body.partition(b"\0")
            yield Piece(f"{place} (text)", (keyword + b" " + zlib.decompress(packed[1:])).decode("latin-1"))
        start += 12 + length
