"""What is compared between two releases and how, read from policy/difference.yml.

Belongs here: which release is held against which, the shape of that policy, and columns in common. Does not belong
here: comparing (revisions.py), or judging what was found (reasons.py, movement.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipelines.release.manifest import read_manifest
from pipelines.release.promote import current_release
from pipelines.release.reading import literal
from pipelines.settings import Workspace
from schemas import published

POLICY = Path(__file__).with_name("policy") / "difference.yml"


@dataclass(frozen=True)
class Compared:
    """One table that is compared; the fields are explained in the policy itself."""

    name: str
    indicator: str | None = None
    period: str | None = None
    source: str | None = None
    sources: tuple[str, ...] = ()
    value: str | None = None
    self_assessments: bool | Mapping[str, str] = False
    pooled: bool = False
    judged_together: tuple[str, ...] = ()
    reason: str | None = None
    unit: str | None = None
    is_headline: bool = False

    @property
    def promise(self) -> published.Table:
        """What is promised of the table; its key above all."""
        promised = published.table(self.name)
        if promised is None:
            raise KeyError(self.name)
        return promised

    @property
    def figure(self) -> str | None:
        """The column whose movements count, if there is one."""
        return self.value or self.promise.value


@dataclass(frozen=True)
class Policy:
    """How releases are compared: two numbers within the tolerance are the same."""

    relative: float
    absolute: float
    volatile: tuple[str, ...]
    held_back: tuple[str, ...]
    reasons: Mapping[str, str]
    tables: tuple[Compared, ...]


@cache
def read_policy(path: Path = POLICY) -> Policy:
    """The policy in force."""
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    tolerance = content["tolerance"]
    return Policy(
        relative=float(tolerance["relative"]),
        absolute=float(tolerance["absolute"]),
        volatile=tuple(content["volatile"]),
        held_back=tuple(content["held_back"]),
        reasons=content["reasons"],
        tables=tuple(Compared(name, **_fields(entry)) for name, entry in sorted(content["tables"].items())),
    )


def _fields(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {name: tuple(entry.get(name, ())) for name in ("sources", "judged_together")}


def last_release(workspace: Workspace, release_id: str) -> Path | None:
    """The release that this one is held against: for a correction the one it corrects, else the one being served.

    None for the first of its origin, and for what was known on an earlier day, which is no release.
    """
    if workspace.as_at:
        return None
    *number, patch = release_id.split(".")
    corrected = workspace.releases / ".".join([*number, str(int(patch) - 1)])
    if int(patch) and corrected.is_dir():
        return corrected
    served = current_release(workspace)
    is_synthetic = workspace.origin == "synthetic"
    return served if served and read_manifest(served)["is_synthetic"] == is_synthetic else None


def columns_of(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> dict[str, str]:
    """Type by column of a table of an attached database, in the table's order; empty where there is no such table."""
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        f"where database_name = {literal(database)} and table_name = {literal(table)} order by column_index"
    ).fetchall()
    return dict(rows)


def common_columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The columns that the table has in both releases, in the candidate's order."""
    last = columns_of(connection, "last", table)
    return [name for name in columns_of(connection, "candidate", table) if name in last]
