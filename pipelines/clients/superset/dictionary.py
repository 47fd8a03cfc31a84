"""Types and meanings of released columns, as the dictionary of a release has them, without a release.

Belongs here: reading them from where they are written once. Does not belong here: any meaning of its own.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from pipelines.settings import DBT_PROJECT_DIR
from schemas import published

MARTS = DBT_PROJECT_DIR / "models" / "marts"
BLOCK = re.compile(r"{% docs (\w+) %}\n(.*?)\n{% enddocs %}", re.DOTALL)
REFERENCE = re.compile(r"{{ doc\('(\w+)'\) }}")
TYPES = {
    "string": "VARCHAR",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
"""Types of the marts' contracts, by which each engine and Superset know them."""


class Meaning(NamedTuple):
    """What a column holds."""

    type: str
    description: str


def columns(table: str) -> dict[str, Meaning]:
    """The columns of a released table in their order, with the stamp that a release puts on each row."""
    promised = {column.name: Meaning(column.type, column.meaning) for column in published.table(table).columns}
    computed = _marts().get(table, {})
    return computed | {name: meaning for name, meaning in promised.items() if name not in computed}


@cache
def _marts() -> dict[str, dict[str, Meaning]]:
    said = dict(BLOCK.findall((DBT_PROJECT_DIR / "models" / "docs.md").read_text(encoding="utf-8")))
    models = [model for path in sorted(MARTS.glob("*/*.yml")) for model in _loaded(path).get("models", [])]
    return {model["name"]: _columns(model, said) for model in models}


def _columns(model: dict[str, Any], said: dict[str, str]) -> dict[str, Meaning]:
    return {
        column["name"]: Meaning(
            TYPES[column["data_type"]], REFERENCE.sub(lambda block: said[block[1]].strip(), column["description"])
        )
        for column in model["columns"]
        if "data_type" in column
    }


def _loaded(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
