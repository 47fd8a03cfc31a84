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

from pipelines.release import wording
from pipelines.release.marks import file_mark, title_mark
from pipelines.release.reading import connect, release_info, row_counts, rows
from pipelines.settings import DUCKDB_FILE
from schemas import published

DRIVER_TABLES = {"maturity": "pub_driver_maturity", "evidence": "pub_driver_evidence"}
"""Where the figures of the indicators of a driver are, by kind."""

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
    """One published indicator: something that has figures in this release, and what is assured of it.

    kind: outcome or survey_item (measures), maturity (a driver's self-assessment) or evidence (what staff say of a
    driver). driver_id: the driver it is about, or evidence of, if it is. rationale: why it is measured.
    interpretation: what it shows and what it does not. perverse_incentive: what it may tempt to.
    methodology: how it is made. frequency: how often new figures come. interval_method: wilson or none.
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
    rationale: str | None
    interpretation: str | None
    perverse_incentive: str | None
    methodology: str | None
    frequency: str | None
    interval_method: str


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
        return file_mark(self.is_synthetic)

    @property
    def mark(self) -> str:
        """What every title of synthetic data begins with."""
        return title_mark(self.is_synthetic)

    @property
    def summary(self) -> str:
        """What the release is, that synthetic figures are invented, and what standing it has."""
        invented = "Every figure is invented. " if self.is_synthetic else ""
        words = (self.policy[name] for name in ("notice", "status_words"))
        return f"{self.mark}{invented}{self.policy['subtitle']}. {' '.join(words)}"

    @property
    def licence(self) -> dict[str, str | None]:
        """Name, title and url; invented figures are under no publisher's licence and have no url."""
        return self.policy["licence_of_invented_figures" if self.is_synthetic else "licence"]

    def indicator(self, indicator_id: str) -> Indicator:
        """The indicator of that id; KeyError if this release has none."""
        return {indicator.indicator_id: indicator for indicator in self.indicators}[indicator_id]


def read_record(folder: Path) -> Record:
    """The record of a candidate or release. Reads its DuckDB file and the policy, nothing else."""
    with connect(folder / DUCKDB_FILE) as connection:
        info = release_info(connection)
        sources, drivers = _sources(connection), _drivers(connection)
        return Record(
            release_id=str(info["release_id"]),
            schema_version=int(str(info["schema_version"])),
            built_at=info["built_at"],
            is_synthetic=bool(info["is_synthetic"]),
            code_version=str(info["code_version"]),
            policy=read_policy(),
            drivers=drivers,
            indicators=_indicators(connection, sources, drivers),
            sources=tuple(sources.values()),
            tables=_tables(connection),
        )


def read_policy(path: Path = POLICY) -> dict[str, Any]:
    """The release policy: what the head of profession decides, and a statistician can edit."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _drivers(connection: duckdb.DuckDBPyConnection) -> tuple[Driver, ...]:
    found = rows(connection, "select driver_id, label, definition from dim_driver order by sort_order nulls last")
    return tuple(Driver(**row) for row in found)


def _sources(connection: duckdb.DuckDBPyConnection) -> dict[str, Source]:
    names = ", ".join(Source.__annotations__)
    found = rows(connection, f"select {names} from dim_source order by source_id")
    return {row["source_id"]: Source(**row) for row in found}


def _indicators(
    connection: duckdb.DuckDBPyConnection, sources: dict[str, Source], drivers: tuple[Driver, ...]
) -> tuple[Indicator, ...]:
    """Measures by kind, domain and id, then each driver's maturity and evidence in the order of the diagram."""
    by_id = {driver.driver_id: driver for driver in drivers}
    measures = [_measure(row, sources, by_id.get(row["driver_id"])) for row in _measure_rows(connection)]
    return (*measures, *(_of_driver(*found, sources) for found in _driver_figures(connection, drivers)))


def _measure_rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return rows(
        connection,
        "select measure_id as indicator_id, measure_name as name, measure_kind as kind, outcome_domain as domain, * "
        "from dim_measure where measure_id in (select measure_id from pub_measure_values) "
        "order by kind, domain, indicator_id",
    )


def _measure(row: dict[str, Any], sources: dict[str, Source], driver: Driver | None) -> Indicator:
    """A release from before a column of words existed has null there."""
    source = sources[row["source_id"]]
    facts = {name: row.get(name) for name in ("unit", "annual_rule", "interval_method")}
    own = {name: row.get(name) for name in Indicator.__annotations__}
    derived = {
        "source": source,
        "methodology": wording.methodology(facts),
        "frequency": wording.frequency(source.cadence),
        "interval_method": row.get("interval_method") or "none",
    }
    return Indicator(**wording.completed(own | derived, wording.of_kind(row["kind"], driver)))


def _driver_figures(connection: duckdb.DuckDBPyConnection, drivers: tuple[Driver, ...]) -> list[tuple[str, Driver]]:
    """Kind and driver of what has figures beside the measures."""
    found = []
    for kind, table in DRIVER_TABLES.items():
        with_figures = {row["driver_id"] for row in rows(connection, f"select distinct driver_id from {table}")}
        found += [(kind, driver) for driver in drivers if driver.driver_id in with_figures]
    return found


def _of_driver(kind: str, driver: Driver, sources: dict[str, Source]) -> Indicator:
    words = wording.of_kind(kind, driver)
    source = sources[words.pop("source_id")]
    return Indicator(
        **words,
        indicator_id=f"{kind}_{driver.driver_id}",
        kind=kind,
        driver_id=driver.driver_id,
        source=source,
        frequency=wording.frequency(source.cadence),
        interval_method="none",
    )


def _tables(connection: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    columns: dict[str, list[Column]] = {}
    sql = (
        "select table_name, column_name as name, data_type as type, comment as description "
        "from duckdb_columns() where not internal order by table_name, column_index"
    )
    for row in rows(connection, sql):
        columns.setdefault(row.pop("table_name"), []).append(Column(**row))
    described = rows(connection, "select table_name, comment from duckdb_tables()")
    comments = {row["table_name"]: row["comment"] for row in described}
    counts = row_counts(connection).items()
    return tuple(Table(name, comments[name], tuple(columns[name]), _key(name), count) for name, count in counts)


def _key(table: str) -> tuple[str, ...]:
    promised = published.table(table)
    return promised.key if promised else ()
