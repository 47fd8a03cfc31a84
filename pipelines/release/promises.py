"""What readers were promised of the tables, version by version, and what breaks such a promise.

Belongs here: the promises as data (schemas/promises/<version>.json), comparing two of them, announcements
(policy/deprecations.yml), and the gate's examination of both. Does not belong here: the promise in force
(schemas/published.py), or what is in a candidate (rules.py).

A table or column that comes breaks nothing. One that goes, or changes its name, type, key or words, breaks readers'
programs: it needs a higher SCHEMA_VERSION, and two releases that announced it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import Fault
from pipelines.release.comparison import last_release
from pipelines.release.promote import list_releases
from pipelines.release.reading import connect, literal, release_info
from pipelines.release.rules import Examination, Rule
from pipelines.settings import DUCKDB_FILE, Workspace
from schemas import published

PROMISES = Path(published.__file__).with_name("promises")
POLICY = Path(__file__).with_name("policy") / "deprecations.yml"
NOTICE = 2
"""Releases that must have announced what goes."""
UNRAISED = ", under the same schema version"
KEY = ("name", "what")

Promise = dict[str, dict[str, Any]]
"""By table: its key, and by column the type, whether it may be null, and every value it may take."""


@dataclass(frozen=True)
class Breach:
    """One thing that a reader could rely on and no longer can. kind: table or column; name: table or table.column."""

    kind: str
    name: str
    what: str


@dataclass(frozen=True)
class Deprecation:
    """One announcement; the fields are explained in the policy itself."""

    kind: str
    name: str
    announced_in: str
    gone_not_before: str
    replacement: str | None
    reason: str


def promise_of(tables: Iterable[published.Table] = published.TABLES) -> Promise:
    """The promise of these tables as plain data."""
    return {
        table.name: {
            "key": list(table.key),
            "columns": {
                column.name: {"type": column.type, "nullable": column.nullable, "allowed": list(column.allowed)}
                for column in table.columns
            },
        }
        for table in sorted(tables, key=lambda table: table.name)
    }


def read_promise(schema_version: int, folder: Path = PROMISES) -> Promise:
    """The promise of a version; FileNotFoundError where none was kept."""
    return json.loads((folder / f"{schema_version}.json").read_text(encoding="utf-8"))


def write_promise(folder: Path = PROMISES) -> Path:
    """Keeps the promise in force under its version. Raises Fault where it breaks what that version says already."""
    path = folder / f"{published.SCHEMA_VERSION}.json"
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        refuse(breaches(read_promise(published.SCHEMA_VERSION, folder), promise_of()))
    path.write_text(json.dumps(promise_of(), indent=1) + "\n", encoding="utf-8")
    return path


def breaches(old: Promise, new: Promise) -> list[Breach]:
    """What the new promise takes away from the old one, by table and column."""
    gone = [Breach("table", name, "is gone") for name in sorted(old.keys() - new)]
    return gone + [found for name in sorted(old.keys() & new) for found in _in_table(name, old[name], new[name])]


def refuse(found: list[Breach]) -> None:
    """Raises Fault where a promise is broken under the version it was made in."""
    if not found:
        return
    raise Fault(
        where=f"schemas/published.py: version {published.SCHEMA_VERSION} no longer promises what it promised",
        found="; ".join(f"{breach.kind} {breach.name} {breach.what}" for breach in found),
        expected="a table or column that comes; one that goes or changes needs a higher SCHEMA_VERSION",
        likely="a column was renamed, dropped or cast in the promise",
        todo=f"take it back; or announce it in {POLICY.name}, wait {NOTICE} releases, raise SCHEMA_VERSION, and write "
        "the new promise with `python -c 'from pipelines.release import promises; promises.write_promise()'`",
    )


def _in_table(table: str, old: dict[str, Any], new: dict[str, Any]) -> list[Breach]:
    found = []
    if old["key"] != new["key"]:
        found.append(Breach("table", table, f"has another key: {_words(old['key'])}, now {_words(new['key'])}"))
    for name, column in old["columns"].items():
        if name not in new["columns"]:
            found.append(Breach("column", f"{table}.{name}", "is gone"))
        else:
            words = _in_column(column, new["columns"][name])
            found += [Breach("column", f"{table}.{name}", what) for what in words]
    return found


def _in_column(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """A column that may be null now breaks programs; one that no longer may be does not. So with its words."""
    found = []
    if old["type"] != new["type"]:
        found.append(f"is {new['type']}, was {old['type']}")
    if new["nullable"] and not old["nullable"]:
        found.append("may be null now")
    lost = [word for word in old["allowed"] if new["allowed"] and word not in new["allowed"]]
    return [*found, f"never says {_words(lost)} now"] if lost else found


def _words(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"


@cache
def read_deprecations(path: Path = POLICY) -> tuple[Deprecation, ...]:
    """All announcements."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(Deprecation(**entry) for entry in content["deprecations"])


@cache
def redirects(path: Path = POLICY) -> dict[str, str]:
    """The new id of each indicator that was renamed, by its old id; a chain of names leads to the last."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["redirects"]
    named = {entry["from"]: entry["to"] for entry in entries}
    return {old: _last_name(old, named) for old in sorted(named)}


def _last_name(name: str, named: dict[str, str]) -> str:
    seen = {name}
    while (name := named.get(name, name)) not in seen:
        seen.add(name)
    return name


def going(path: Path = POLICY) -> frozenset[str]:
    """The indicators of which it was announced that they go, or that have another id now."""
    announced = {entry.name for entry in read_deprecations(path) if entry.kind == "indicator"}
    return frozenset(announced | redirects(path).keys())


def is_noticed(breach: Breach, release_id: str, earlier: Iterable[str], announced: Iterable[Deprecation]) -> bool:
    """Whether enough releases before this one announced it, and its time has come. earlier: ids of past releases."""
    return any(
        entry.name in (breach.name, breach.name.partition(".")[0])
        and numbers(entry.gone_not_before) <= numbers(release_id)
        and not breach.what.endswith(UNRAISED)
        and sum(numbers(entry.announced_in) <= numbers(past) < numbers(release_id) for past in earlier) >= NOTICE
        for entry in announced
        if entry.kind in ("table", "column")
    )


def numbers(release_id: str) -> tuple[int, ...]:
    """A release id in a form that sorts by time."""
    return tuple(int(part) for part in release_id.split("."))


def examination(workspace: Workspace, release_id: str) -> Examination:
    """One row: promise of the last release that this one breaks, and whether that was announced in time."""
    found = since_last(workspace, release_id)
    is_synthetic = workspace.origin == "synthetic"
    past = [item.release_id for item in list_releases(workspace) if item.is_synthetic == is_synthetic] if found else []
    rows = [
        f"({literal(breach.name)}, {literal(breach.what)}, {is_noticed(breach, release_id, past, read_deprecations())})"
        for breach in found
    ]
    rule = Rule(
        "schema_promise",
        "all tables",
        f"nothing promised goes or changes without a higher schema version and {NOTICE} releases that announced it",
        "ExpectColumnValuesToBeInSet",
        {"column": "is_announced", "value_set": [True]},
    )
    values = f"(values {', '.join(rows)})" if rows else "(select '', '', true where false)"
    return Examination("schema_promise", f"select * from {values} as b(name, what, is_announced)", (rule,), KEY)


def since_last(workspace: Workspace, release_id: str) -> list[Breach]:
    """What the promise in force takes away from readers of the last release. Only what that release holds counts."""
    last = last_release(workspace, release_id)
    if last is None:
        return []
    with connect(last / DUCKDB_FILE) as connection:
        version = int(str(release_info(connection)["schema_version"]))
        held = connection.execute("select table_name, column_name from duckdb_columns() where not internal").fetchall()
    if version > published.SCHEMA_VERSION:
        return [Breach("table", "all", f"have schema version {published.SCHEMA_VERSION}, had {version}")]
    found = breaches(_held(read_promise(version), set(held)), promise_of())
    if version == published.SCHEMA_VERSION:
        return [replace(breach, what=f"{breach.what}{UNRAISED}") for breach in found]
    return found


def _held(promise: Promise, held: set[tuple[str, str]]) -> Promise:
    tables = {name for name, _ in held}
    return {
        name: table | {"columns": {key: column for key, column in table["columns"].items() if (name, key) in held}}
        for name, table in promise.items()
        if name in tables
    }
