"""What a release says otherwise than the one before it: `revisions.csv`, `revisions.parquet`, pub_release_changes.

Belongs here: the order in which two releases are compared, and the files that come of it. Does not belong here: which
rows differ (revisions.py), why (reasons.py), what that is in sum (changes.py), or whether the release may go out with
it (movement.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from pipelines.release import movement
from pipelines.release.changes import CHANGES, EXTENT, Between, extent_sql, sum_sql, summary
from pipelines.release.comparison import columns_of, last_release, read_policy
from pipelines.release.marks import file_mark
from pipelines.release.reading import connect, identifier, literal
from pipelines.release.reasons import read_facts
from pipelines.release.revisions import DIFFERING, Sides, differing_sql
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store import explanations
from schemas import published

REVISIONS = "revisions"
TIDY = (
    "table_name, indicator_id, row_key, org_code, period_key, column_name, old_value, new_value, "
    "old_number, new_number, old_status, new_status, change, reason"
)
ORDER = "table_name, row_key, column_name nulls last"


def write_difference(connection: duckdb.DuckDBPyConnection, workspace: Workspace, release_id: str) -> None:
    """Write pub_release_changes into the attached database `candidate`, and both lists of revisions beside it.

    Called within the candidate's transaction, when the tables and release_info are there.
    """
    _create(connection)
    last = last_release(workspace, release_id)
    between = Between(last.name if last else "", release_id, published.DATA_ORIGINS[workspace.origin])
    if last is not None:
        connection.execute(f"attach {literal(last / DUCKDB_FILE)} as last (read_only)")
        _compare(connection, between, explanations.in_force(workspace, last.name))
    _write_files(connection, workspace.candidate, between)


def account(folder: Path) -> list[str]:
    """That summary of a candidate or release, and what still needs a written reason."""
    with connect(folder / DUCKDB_FILE) as connection:
        asked = [row for row in movement.movements(connection) if row["explanation"] is None]
        return summary(connection) + [
            f"needs a reason: {row['indicator_id']} in {row['table_name']}: {row['movement']}" for row in asked
        ]


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty tables: the released one; the rows that it sums up; and what each indicator had and has."""
    released = ", ".join(f"{identifier(column.name)} {column.type}" for column in published.RELEASE_CHANGES.columns)
    connection.execute(f"create table candidate.main.{CHANGES} ({released})")
    connection.execute(f"create temp table differing ({DIFFERING})")
    connection.execute(f"create temp table extent ({EXTENT})")


def _compare(connection: duckdb.DuckDBPyConnection, between: Between, explained: Mapping[str, str]) -> None:
    policy = read_policy()
    facts = read_facts(connection, policy.volatile)
    for table in policy.tables:
        sides = Sides(
            table, columns_of(connection, "candidate", table.name), columns_of(connection, "last", table.name)
        )
        if sides.has_key(sides.now):
            connection.execute(differing_sql(sides, policy, facts))
        if table.is_headline and sides.has_key(sides.now) and sides.has_key(sides.last):
            connection.execute(extent_sql(table))
    connection.execute(sum_sql(policy, facts, between, explained))


def _write_files(connection: duckdb.DuckDBPyConnection, folder: Path, between: Between) -> None:
    """`revisions.parquet` and `revisions.csv`; in the latter, lines end as RFC 4180 wants, which DuckDB cannot do."""
    mark = file_mark(between.data_origin == published.DATA_ORIGINS["synthetic"])
    releases = (
        f"nullif({literal(between.release_from)}, '') as release_from, {literal(between.release_id)} as release_to"
    )
    sql = f"select {TIDY}, {releases}, {literal(between.data_origin)} as data_origin from differing order by {ORDER}"
    stamp = f"{{data_origin: {literal(between.data_origin)}, release_id: {literal(between.release_id)}}}"
    parquet = folder / f"{REVISIONS}{mark}.parquet"
    connection.execute(f"copy ({sql}) to {literal(parquet)} (format parquet, compression zstd, kv_metadata {stamp})")
    connection.execute("drop table differing")
    # From the file and in pieces: a release that revises every figure would not fit in memory twice.
    pl.scan_parquet(parquet).sink_csv(parquet.with_suffix(".csv"), line_terminator="\r\n")
