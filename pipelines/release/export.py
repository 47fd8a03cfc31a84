"""The candidate's tables as parquet and CSV, and the README of a release.

Belongs here: file formats and file names. Does not belong here: what a table holds (candidate.py) and
which files a release consists of (manifest.py).

CSV follows RFC 4180: UTF-8 without a byte order mark, CRLF, one header row, ISO dates, a null as an empty
field, an empty text as "", and every digit of a float.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.release import marks
from pipelines.release.documents import write_csv
from pipelines.release.reading import connect, identifier, literal, release_info, row_counts, table_names
from pipelines.settings import DUCKDB_FILE

README = "README.txt"
ROWS = 1 << 15
"""That are written at once."""

_BANNER = """\
*** SYNTHETIC. Every figure in this release is invented. ***
*** It shows how the product works and says nothing about any organisation. ***

"""

_TEXT = """\
{banner}NHS IMPACT warehouse, release {release_id}
Built {built_at} UTC, schema version {schema_version}, code {code_version}.

What it is
  How mature NHS organisations are on each driver of NHS IMPACT, beside their outcomes. An association
  between the two is no evidence that one brings about the other.

How to open it
  {duckdb_file}   all tables, for DuckDB 1.3 or later; open it read-only
  parquet/   one file for each table, for Python, R, Power BI and Spark
  csv/       one file for each table, UTF-8; in Excel use Data > From Text/CSV
  The table "dictionary" says what every column means. Where a value is empty, "value_status" says why.

Tables
{tables}

Licence
{licence}
How to verify
  sha256sum -c manifest.sha256
  checks every file of this release. manifest.json says what the release was made from; gate.json and
  evidence/ say what was checked before it went out.
"""

LICENCE = (
    "  Data: Open Government Licence v3.0, https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/\n"
)
INVENTED = """\
  Invented figures, free to use. They are in the layouts of the publishers named in dim_source and hold nothing
  of theirs.
"""


def export(candidate: Path) -> list[Path]:
    """Write `parquet/`, `csv/` and README.txt into the candidate, and return what was written."""
    with connect(candidate / DUCKDB_FILE) as connection:
        info = release_info(connection)
        names = table_names(connection)
        csv = [_write_csv(connection, name, _path(candidate, name, "csv", info)) for name in names]
        readme = _write_readme(connection, candidate, info)
    return [*_write_parquet_files(candidate, names, info), *csv, readme]


def table_of(path: Path) -> str:
    """The table that an exported file holds, from its name."""
    return path.stem.removesuffix(marks.SUFFIX)


def _path(candidate: Path, table: str, suffix: str, info: dict) -> Path:
    path = candidate / suffix / f"{table}{marks.file_mark(info['is_synthetic'])}.{suffix}"
    path.parent.mkdir(exist_ok=True)
    return path


def _write_parquet_files(candidate: Path, names: tuple[str, ...], info: dict) -> list[Path]:
    """A connection of its own: DuckDB counts writing parquet as external access, which readers lack."""
    origin = marks.data_origin(info["is_synthetic"])
    metadata = f"{{data_origin: {literal(origin)}, release_id: {literal(info['release_id'])}}}"
    paths = [_path(candidate, name, "parquet", info) for name in names]
    with duckdb.connect(str((candidate / DUCKDB_FILE).resolve()), read_only=True) as connection:
        for name, path in zip(names, paths, strict=True):
            connection.execute(
                f"copy {identifier(name)} to {literal(path)} (format parquet, compression zstd, kv_metadata {metadata})"
            )
    return paths


def _write_csv(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> Path:
    """In pieces, and through polars, because DuckDB cannot end lines with CRLF."""
    return write_csv(path, connection.execute(f"select * from {identifier(name)}").pl(ROWS, lazy=True))


def _write_readme(connection: duckdb.DuckDBPyConnection, candidate: Path, info: dict) -> Path:
    tables = [f"  {name:<34}{rows:>10} rows" for name, rows in row_counts(connection).items()]
    text = _TEXT.format(
        banner=_BANNER if info["is_synthetic"] else "",
        duckdb_file=DUCKDB_FILE,
        tables="\n".join(tables),
        licence=INVENTED if info["is_synthetic"] else _licence(connection),
        **{name: info[name] for name in ("release_id", "built_at", "schema_version", "code_version")},
    )
    path = candidate / README
    path.write_text(text, encoding="utf-8")
    return path


def _licence(connection: duckdb.DuckDBPyConnection) -> str:
    """The licence and the words that publishers ask for; the gate reports where sources are missing."""
    if "dim_source" not in table_names(connection):
        return LICENCE
    rows = connection.execute(
        "select distinct attribution from dim_source where attribution is not null order by attribution"
    ).fetchall()
    return LICENCE + "".join(f"  {words}\n" for (words,) in rows)
