"""Building the candidate: one DuckDB file with every released table, taken from the file that dbt built.

Belongs here: copying, stamping with the release's id, and carrying descriptions over. Does not belong here:
choosing what is released (`meta: {release: true}` in dbt), computing (dbt), what is withheld of it (disclosure.py),
judging (gate.py).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.errors import Fault
from pipelines.registry import load_sources
from pipelines.release.difference import write_difference
from pipelines.release.disclosure import Control
from pipelines.release.marks import title_mark
from pipelines.release.reading import STORAGE_HEADER, STORAGE_VERSION, identifier, lean, literal, storage_header
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store.snapshots import make_private
from schemas import published


@dataclass(frozen=True)
class Model:
    """A dbt model that goes into releases, with its descriptions."""

    name: str
    schema: str
    description: str
    columns: dict[str, str]


@dataclass(frozen=True)
class Stamp:
    """What a release says of itself in `release_info`. `built_at` is UTC without a zone.

    as_at: the day whose knowledge it holds; None for all that is known.
    """

    release_id: str
    built_at: datetime
    is_synthetic: bool
    code_version: str
    as_at: date | None = None


def build_candidate(
    workspace: Workspace,
    manifest_path: Path,
    release_id: str,
    code_version: str,
    built_at: datetime | None = None,
) -> Path:
    """Make the candidate folder afresh and return it.

    manifest_path: dbt's `manifest.json`. built_at: `settings.built_at()` unless given; an aware time.
    Raises Fault where nothing is marked for release, or a marked table was not built.
    """
    models = released_models(manifest_path)
    moment = (built_at or settings.built_at()).astimezone(UTC).replace(tzinfo=None, microsecond=0)
    stamp = Stamp(release_id, moment, workspace.origin == "synthetic", code_version, workspace.as_at)
    shutil.rmtree(workspace.candidate, ignore_errors=True)
    # Nobody else looks at figures before they are out.
    make_private(workspace.candidate)
    target = workspace.candidate / DUCKDB_FILE
    with duckdb.connect(config=lean(workspace.warehouse.parent / "spill")) as connection:
        connection.execute(f"attach {literal(workspace.warehouse)} as build (read_only)")
        connection.execute(f"attach {literal(target)} as candidate (storage_version {literal(STORAGE_VERSION)})")
        control = Control(connection, load_sources())
        for model in models:
            _copy(connection, model, stamp, control)
        _write_release_info(connection, stamp)
        _write_changes(connection, workspace, stamp)
        _write_dictionary(connection, stamp)
        connection.execute("checkpoint candidate")
        connection.execute("detach candidate")
    control.keep(workspace)
    _require_readable(target)
    return workspace.candidate


def released_models(manifest_path: Path) -> list[Model]:
    """The models that dbt's manifest marks `release: true`, by name. Raises Fault if there are none."""
    nodes = json.loads(Path(manifest_path).read_text(encoding="utf-8"))["nodes"].values()
    marked = [node for node in nodes if node.get("config", {}).get("meta", {}).get("release") is True]
    if not marked:
        raise Fault(
            where=f"dbt manifest {Path(manifest_path).name}: no model goes into a release",
            found=f"{len(nodes)} nodes, none with release: true",
            expected="at least one model with `meta: {release: true}`",
            likely="the manifest is that of another project, or the marts were left out of the parse",
            todo="run dbt build for the whole project and give its target/manifest.json",
        )
    return sorted((_model(node) for node in marked), key=lambda model: model.name)


def _model(node: dict) -> Model:
    columns = {name: column.get("description") or "" for name, column in node.get("columns", {}).items()}
    return Model(node["alias"], node["schema"], node.get("description") or "", columns)


def _copy(connection: duckdb.DuckDBPyConnection, model: Model, stamp: Stamp, control: Control) -> None:
    order = ", ".join(f"{identifier(name)} nulls last" for name in _sorting(connection, model))
    connection.execute(
        f"create table candidate.{identifier(model.name)} as "
        f"select *, {literal(stamp.release_id)} as release_id "
        f"from {control.rows(model.name, model.schema)} order by {order}"
    )
    _describe(connection, model.name, model.description, model.columns, stamp)


def _sorting(connection: duckdb.DuckDBPyConnection, model: Model) -> list[str]:
    """The key that is promised, else all columns, so that equal data always give the same order."""
    try:
        columns = _columns(connection, f"build.{identifier(model.schema)}.{identifier(model.name)}")
    except duckdb.CatalogException as error:
        raise _not_built(model) from error
    promised = published.table(model.name)
    key = [name for name in promised.key if name in columns] if promised else []
    return key or columns


def _not_built(model: Model) -> Fault:
    return Fault(
        where=f"table {model.schema}.{model.name} is marked for release but was not built",
        found="no such table in the build file",
        expected="every model with `meta: {release: true}`",
        likely="dbt built a selection, or the manifest belongs to another build",
        todo="run dbt build for the whole project, then build the candidate again",
    )


def _describe(
    connection: duckdb.DuckDBPyConnection, name: str, description: str, columns: dict[str, str], stamp: Stamp
) -> None:
    """Write the comments of a table; where dbt describes nothing, the promise's own words are used."""
    promised = published.table(name)
    words = {column.name: column.meaning for column in promised.columns} if promised else {}
    words |= {column: text for column, text in columns.items() if text}
    words.setdefault("release_id", published.RELEASE_ID.meaning)
    grain = f"One row: {promised.grain}." if promised else ""
    table = f"candidate.main.{identifier(name)}"
    comments = [f"comment on table {table} is {literal(title_mark(stamp.is_synthetic) + (description or grain))}"]
    comments += [
        f"comment on column {table}.{identifier(column)} is {literal(words[column])}"
        for column in _columns(connection, table)
        if column in words
    ]
    connection.execute("; ".join(comments))


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [column[0] for column in connection.execute(f"select * from {table} limit 0").description]


def _write_release_info(connection: duckdb.DuckDBPyConnection, stamp: Stamp) -> None:
    """Literals and not parameters: DuckDB imports pandas as soon as a parameter is bound."""
    as_at = literal(stamp.as_at.isoformat()) if stamp.as_at else "null"
    connection.execute(
        f"create table candidate.release_info as select {literal(stamp.release_id)} as release_id, "
        f"{published.SCHEMA_VERSION}::integer as schema_version, "
        f"{literal(stamp.built_at.isoformat())}::timestamp as built_at, "
        f"{stamp.is_synthetic} as is_synthetic, {literal(stamp.code_version)} as code_version, "
        f"{as_at}::date as as_at"
    )
    _describe(connection, "release_info", "What this release is. One row.", {}, stamp)


def _write_changes(connection: duckdb.DuckDBPyConnection, workspace: Workspace, stamp: Stamp) -> None:
    write_difference(connection, workspace, stamp.release_id)
    _describe(connection, published.RELEASE_CHANGES.name, "", {}, stamp)


def _write_dictionary(connection: duckdb.DuckDBPyConnection, stamp: Stamp) -> None:
    """The table is there before it is filled: whether `create … as` lists itself is a matter of chance."""
    connection.execute(
        "create table candidate.dictionary "
        "(table_name varchar, column_name varchar, data_type varchar, description varchar, release_id varchar)"
    )
    connection.execute(
        "insert into candidate.dictionary "
        f"select table_name, column_name, data_type, comment as description, {literal(stamp.release_id)} as release_id "
        "from duckdb_columns() "
        "where database_name = 'candidate' order by table_name, column_index"
    )
    _describe(connection, "dictionary", "Every column of this release and what it means.", {}, stamp)


def _require_readable(path: Path) -> None:
    """Raise Fault unless older DuckDB versions can open the file, with nothing left in a log beside it."""
    log = path.with_name(path.name + ".wal")
    if storage_header(path) == STORAGE_HEADER and not log.exists():
        return
    raise Fault(
        where=f"candidate {path.name}: the file would not open everywhere",
        found=f"storage version {storage_header(path)}, log file beside it: {log.exists()}",
        expected=f"storage version {STORAGE_HEADER} ({STORAGE_VERSION}) and no log file",
        likely="another version of DuckDB is installed, or another process has the candidate open",
        todo="check the installed duckdb against pyproject.toml and build the candidate again",
    )
