"""The metadata record of one release: everything that its documents, pages and machine-readable descriptions say of it.

Belongs here: reading the record out of the candidate and the release policy, once. Does not belong here: figures (the
candidate's tables) and wording of pages (templates). No output has metadata of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipelines.release.reading import connect, release_info
from pipelines.settings import DUCKDB_FILE
from schemas import published

POLICY = Path(__file__).with_name("policy") / "release.yml"


@dataclass(frozen=True)
class Driver:
    """One primary driver of NHS IMPACT, in the order of the driver diagram."""

    driver_id: str
    label: str
    definition: str


@dataclass(frozen=True)
class Source:
    """One source, in its publisher's words for itself."""

    source_id: str
    source_name: str
    publisher: str
    landing_page: str | None
    licence: str | None
    attribution: str | None
    cadence: str | None
    is_restricted: bool


@dataclass(frozen=True)
class Indicator:
    """One published indicator: a measure that has figures in this release.

    kind: outcome or survey_item. driver_id: the driver it is evidence of, if it is.
    """

    indicator_id: str
    name: str
    kind: str
    domain: str
    driver_id: str | None
    unit: str
    polarity: str
    description: str
    numerator_definition: str | None
    denominator_definition: str | None
    exposure: str
    limitations: str | None
    overlap_rule: str | None
    review_date: date | None
    source: Source


@dataclass(frozen=True)
class Column:
    """One column of a released table."""

    name: str
    type: str
    description: str | None


@dataclass(frozen=True)
class Table:
    """One released table. key: the columns that identify a row, empty where none are promised."""

    name: str
    description: str | None
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Record:
    """One release. `policy` is release.yml: title, publisher, contact, status, licence. `built_at` is UTC."""

    release_id: str
    schema_version: int
    built_at: datetime
    is_synthetic: bool
    code_version: str
    policy: dict[str, Any]
    drivers: tuple[Driver, ...]
    indicators: tuple[Indicator, ...]
    sources: tuple[Source, ...]
    tables: tuple[Table, ...]

    @property
    def suffix(self) -> str:
        """What every file name of synthetic data ends with."""
        return "_SYNTHETIC" if self.is_synthetic else ""

    def indicator(self, indicator_id: str) -> Indicator:
        """The indicator of that id; KeyError if this release has none."""
        return {indicator.indicator_id: indicator for indicator in self.indicators}[indicator_id]


def read_record(folder: Path) -> Record:
    """The record of a candidate or release. Reads its DuckDB file and the policy, nothing else."""
    with connect(folder / DUCKDB_FILE) as connection:
        info = release_info(connection)
        sources = _sources(connection)
        return Record(
            release_id=str(info["release_id"]),
            schema_version=int(str(info["schema_version"])),
            built_at=info["built_at"],
            is_synthetic=bool(info["is_synthetic"]),
            code_version=str(info["code_version"]),
            policy=read_policy(),
            drivers=_drivers(connection),
            indicators=_indicators(connection, sources),
            sources=tuple(sources.values()),
            tables=_tables(connection),
        )


def read_policy(path: Path = POLICY) -> dict[str, Any]:
    """The release policy: what the head of profession decides, and a statistician can edit."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows of a select, each by column name."""
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _drivers(connection: duckdb.DuckDBPyConnection) -> tuple[Driver, ...]:
    found = rows(connection, "select driver_id, label, definition from dim_driver order by sort_order nulls last")
    return tuple(Driver(**row) for row in found)


def _sources(connection: duckdb.DuckDBPyConnection) -> dict[str, Source]:
    names = ", ".join(Source.__annotations__)
    found = rows(connection, f"select {names} from dim_source order by source_id")
    return {row["source_id"]: Source(**row) for row in found}


def _indicators(connection: duckdb.DuckDBPyConnection, sources: dict[str, Source]) -> tuple[Indicator, ...]:
    found = rows(
        connection,
        "select measure_id as indicator_id, measure_name as name, measure_kind as kind, outcome_domain as domain, "
        "driver_id, unit, polarity, description, numerator_definition, denominator_definition, exposure, "
        "limitations, overlap_rule, review_date, source_id from dim_measure "
        "where measure_id in (select measure_id from pub_measure_values) order by kind, domain, indicator_id",
    )
    return tuple(Indicator(source=sources[row.pop("source_id")], **row) for row in found)


def _tables(connection: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    columns: dict[str, list[Column]] = {}
    sql = (
        "select table_name, column_name as name, data_type as type, comment as description "
        "from duckdb_columns() where not internal order by table_name, column_index"
    )
    for row in rows(connection, sql):
        columns.setdefault(row.pop("table_name"), []).append(Column(**row))
    found = rows(connection, "select table_name, comment from duckdb_tables() where not internal order by table_name")
    return tuple(
        Table(row["table_name"], row["comment"], tuple(columns[row["table_name"]]), *_promise(connection, row))
        for row in found
    )


def _promise(connection: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> tuple[tuple[str, ...], int]:
    promised = published.table(row["table_name"])
    counted = connection.execute(f'select count(*) from "{row["table_name"]}"').fetchone()
    return (promised.key if promised else ()), counted[0] if counted else 0
