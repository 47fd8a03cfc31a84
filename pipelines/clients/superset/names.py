"""Names by which the parts of the bundle know each other, and the files that say what they are.

Belongs here: identifiers, and reading the data files of this folder. Does not belong here: what becomes of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import yaml

if TYPE_CHECKING:
    from pipelines.clients import Route

HERE = Path(__file__).parent
ROUTES = {"duckdb": "DuckDB file", "postgres": "PostgreSQL"}
SCHEMAS = {"duckdb": "main", "postgres": "published"}


def identifier(route: Route, kind: str, name: str = "") -> str:
    """The same for the same part each time, so that a newer bundle replaces it; another one for each route."""
    return str(uuid5(NAMESPACE_URL, f"nhs-impact-warehouse/superset/{route.kind}/{kind}/{name}"))


@cache
def written(name: str) -> dict[str, Any]:
    """What a data file of this folder says."""
    return yaml.safe_load((HERE / f"{name}.yml").read_text(encoding="utf-8"))


@cache
def all_written(folder: str) -> dict[str, dict[str, Any]]:
    """What the data files of a folder below say, by their names."""
    return {path.stem: written(f"{folder}/{path.stem}") for path in sorted((HERE / folder).glob("*.yml"))}
