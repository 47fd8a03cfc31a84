"""Reads the file of a release with other versions of DuckDB, each from the package index and in a folder of its own.

By hand, with all versions and every table:

    python -m tests.clients.old_versions RELEASE/nhs_impact_warehouse.duckdb [VERSION …]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

VERSIONS = ("1.3.2", "1.4.4", "1.5.6", "2.0.0")
READ = '''
import json, sys
import duckdb

TEXT = "concat_ws('|', {cells})"
CHECKSUM = "select count(*), sum(md5_number_lower(" + TEXT + ")::hugeint)::varchar from {table}"
COUNT = "select count(*), null from {table}"
CELL = "coalesce({column}::varchar, '(null)')"


def said(connection, most_rows):
    """By table: rows, checksum over all cells as text, its comment, and how many of its columns have one.

    Tables of more rows are counted only.
    """
    found = {}
    tables = connection.execute("select table_name, comment, estimated_size from duckdb_tables()").fetchall()
    for table, comment, size in tables:
        of_columns = "select column_name, comment from duckdb_columns() where table_name = ? order by column_index"
        columns = connection.execute(of_columns, [table]).fetchall()
        cells = ", ".join(CELL.format(column=column) for column, _ in columns)
        select = COUNT if size > most_rows else CHECKSUM.format(cells=cells, table="{table}")
        (row,) = connection.execute(select.format(table=table)).fetchall()
        found[table] = [*row, comment, sum(bool(comment) for _, comment in columns)]
    return found


if __name__ == "__main__":
    connection = duckdb.connect(sys.argv[1], read_only=True, config={"threads": 1})
    connection.execute("set enable_progress_bar = false")
    print(duckdb.__version__, flush=True)
    for line in sys.stdin:
        print(json.dumps(said(connection, int(line))), flush=True)
'''
"""A program that reads the file again for each line that it is sent: the most rows of a table that are read whole."""
EVERY_ROW = 10**9


class Reader:
    """A process with another version of DuckDB that holds a file open."""

    def __init__(self, packages: Path, file: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(packages)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", READ, str(file)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self._line().strip()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()

    def read(self, most_rows: int = EVERY_ROW) -> dict[str, list]:
        """What the file holds now, by table."""
        self.process.stdin.write(f"{most_rows}\n")
        self.process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        return self.process.stdout.readline()


def install(version: str, folder: Path) -> str:
    """Puts that version into a folder. Returns why it could not, or nothing."""
    words = ["uv", "pip", "install", "-q", "--no-deps", "--target", str(folder), f"duckdb=={version}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stderr.strip() or "uv failed") if done.returncode else ""


def read_by_us(file: Path, most_rows: int = EVERY_ROW) -> dict[str, list]:
    """The same by the version that this project uses."""
    program: dict[str, object] = {"__name__": "reading"}
    exec(READ, program)
    with duckdb.connect(str(file), read_only=True, config={"threads": 1}) as connection:
        return json.loads(json.dumps(program["said"](connection, most_rows)))


def main(file: Path, versions: tuple[str, ...]) -> None:
    """One line a version: what it read, and whether that is what we read."""
    ours = read_by_us(file)
    for version in versions:
        with tempfile.TemporaryDirectory() as folder:
            problem = install(version, Path(folder))
            if problem:
                print(f"{version}: not installed: {problem.splitlines()[-1]}")
                continue
            with Reader(Path(folder), file) as reader:
                found = reader.read()
        rows = sum(count for count, *_ in found.values())
        print(f"{reader.version}: {len(found)} tables, {rows:,} rows: {'equal' if found == ours else 'NOT EQUAL'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(sys.argv[2:]) or VERSIONS)
