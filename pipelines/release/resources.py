"""The data files of a release and what their columns are: what Data Package, CSVW and DCAT describe.

Belongs here: which files there are, their columns, types, keys and hashes. Does not belong here: how a standard says it
(packaging.py, csvw.py, dcat.py). Charts' tables under `site/` are described by the pages that they belong to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.release import fingertips
from pipelines.release.api import API
from pipelines.release.record import Record
from schemas import published
from schemas.interface import FINGERTIPS, FINGERTIPS_METADATA, INDICATOR_VALUES, REVISIONS
from schemas.published import Column, Reference, Table

MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "duckdb": "application/vnd.duckdb"}


@dataclass(frozen=True)
class Resource:
    """One data file. path: from the release's folder. columns: those promised with their limits, others nullable.

    key: identifies a row and is never null; empty where none is promised so. references: to other released tables.
    """

    name: str
    path: str
    title: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...]
    bytes: int
    sha256: str

    @property
    def format(self) -> str:
        """csv or parquet."""
        return self.path.rsplit(".", 1)[-1]

    @property
    def media_type(self) -> str:
        """The media type of its format."""
        return MEDIA_TYPES[self.format]


def data_resources(candidate: Path, record: Record) -> list[Resource]:
    """Every CSV and parquet file of the candidate meant for reuse: tables, revisions, interface, Fingertips' export."""
    mark = "SYNTHETIC. " if record.is_synthetic else ""
    found = [*_tables(record), *_revisions(candidate, record), *_indicators(record), *_fingertips()]
    return [_resource(candidate, path, name, mark, *said) for path, name, said in found]


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


Said = tuple[str, str, Table]
"""Title, description and columns with their key."""


def _tables(record: Record) -> Iterator[tuple[str, str, Said]]:
    for table in record.tables:
        said = (table.name, table.description or "", _promised(record, table.name))
        for form in ("csv", "parquet"):
            yield f"{form}/{table.name}{record.suffix}.{form}", _named(table.name, form), said


def _revisions(candidate: Path, record: Record) -> Iterator[tuple[str, str, Said]]:
    said = ("What differs from the last release", f"One row: {REVISIONS.grain}.", REVISIONS)
    for form in ("csv", "parquet"):
        path = f"{REVISIONS.name}{record.suffix}.{form}"
        if (candidate / path).exists():
            yield path, _named(REVISIONS.name, form), said


def _indicators(record: Record) -> Iterator[tuple[str, str, Said]]:
    for indicator in record.indicators:
        said = (indicator.name, indicator.description, INDICATOR_VALUES)
        for form in ("csv", "parquet"):
            path = API / "indicators" / indicator.indicator_id / f"data.{form}"
            yield path.as_posix(), _named(f"indicator_{indicator.indicator_id}", form), said


def _fingertips() -> Iterator[tuple[str, str, Said]]:
    for path, table in ((fingertips.DATA, FINGERTIPS), (fingertips.METADATA, FINGERTIPS_METADATA)):
        yield path.as_posix(), table.name, (f"Fingertips' shape: {path.stem}", f"One row: {table.grain}.", table)


def _named(name: str, form: str) -> str:
    """Names are unique: that of the CSV file is the plain one, to which references lead."""
    return name if form == "csv" else f"{name}.{form}"


def _promised(record: Record, name: str) -> Table:
    """The table as released: all its columns, of which those not promised have a type and a meaning only."""
    (released,) = (table for table in record.tables if table.name == name)
    promised = published.table(name)
    limits = {column.name: column for column in promised.columns} if promised else {}
    columns = tuple(
        limits.get(column.name) or Column(column.name, column.type, column.description or "", nullable=True)
        for column in released.columns
    )
    return Table(name, "", columns, released.key)


def _resource(candidate: Path, path: str, name: str, mark: str, title: str, description: str, table: Table) -> Resource:
    file = candidate / path
    return Resource(
        name=name,
        path=path,
        title=mark + title,
        description=description,
        columns=table.columns,
        key=_key(table),
        references=_references(table),
        bytes=file.stat().st_size,
        sha256=sha256(file),
    )


def _key(table: Table) -> tuple[str, ...]:
    """A promised key may hold nulls, which count as values here and in none of the standards."""
    columns = {column.name: column for column in table.columns}
    return () if any(columns[name].nullable for name in table.key) else table.key


def _references(table: Table) -> tuple[Reference, ...]:
    """Those without exemptions, to a column that is the whole key of its table: no standard can say any other."""
    return tuple(
        reference
        for reference in published.REFERENCES
        if reference.table == table.name and not reference.exempt and _is_key(reference)
    )


def _is_key(reference: Reference) -> bool:
    target = published.table(reference.target)
    return target is not None and target.key == (reference.target_column,)
