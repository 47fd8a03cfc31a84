"""The CSV files of a release in the words of CSV on the Web (W3C): one table group.

Belongs here: CSVW's vocabulary. Does not belong here: what is described (resources.py).
"""

from __future__ import annotations

import re
from typing import Any

from pipelines.release.documents import utc
from pipelines.release.record import Record
from pipelines.release.resources import Resource
from schemas.published import Column

TYPES = {
    "BIGINT": "integer",
    "INTEGER": "integer",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "VARCHAR": "string",
    "DATE": "date",
    "TIMESTAMP": "dateTime",
}
DIALECT = {
    "encoding": "utf-8",
    "lineTerminators": ["\r\n"],
    "quoteChar": '"',
    "doubleQuote": True,
    "delimiter": ",",
    "header": True,
    "headerRowCount": 1,
}


def table_group(record: Record, resources: list[Resource]) -> dict[str, Any]:
    """The metadata document of all CSV files together."""
    policy = record.policy
    group = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": ("SYNTHETIC. " if record.is_synthetic else "") + policy["title"],
        "dc:description": policy["subtitle"],
        "dc:publisher": policy["publisher"],
        "dc:created": utc(record.built_at),
        "dc:identifier": record.release_id,
    }
    group |= {} if record.is_synthetic else {"dc:license": {"@id": policy["licence"]["url"]}}
    files = [resource for resource in resources if resource.format == "csv"]
    paths = {resource.name: resource.path for resource in files}
    return group | {"dialect": DIALECT, "tables": [_table(resource, paths, record) for resource in files]}


def _table(resource: Resource, paths: dict[str, str], record: Record) -> dict[str, Any]:
    notes = [{"dc:type": "data origin", "dc:description": "SYNTHETIC"}] if record.is_synthetic else []
    return {
        "url": resource.path,
        "dc:title": resource.title,
        "dc:description": resource.description,
        "notes": [*notes, {"dc:type": "sha256", "dc:identifier": resource.sha256}],
        "tableSchema": _schema(resource, paths),
    }


def _schema(resource: Resource, paths: dict[str, str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"columns": [_column(column) for column in resource.columns]}
    schema |= {"primaryKey": [variable(name) for name in resource.key]} if resource.key else {}
    foreign = [
        {
            "columnReference": [reference.column],
            "reference": {"resource": paths[reference.target], "columnReference": [reference.target_column]},
        }
        for reference in resource.references
    ]
    return schema | ({"foreignKeys": foreign} if foreign else {})


def _column(column: Column) -> dict[str, Any]:
    required = {} if column.nullable else {"required": True}
    return {
        "name": variable(column.name),
        "titles": column.name,
        "dc:description": column.meaning,
        "datatype": _datatype(column),
        **required,
    }


def variable(name: str) -> str:
    """A column's name as CSVW allows it: letters, digits and underscores."""
    return re.sub(r"\W+", "_", name)


def _datatype(column: Column) -> str | dict[str, Any]:
    base = TYPES[column.type]
    words = "|".join(re.escape(word) for word in column.allowed)
    limits = {"format": words or None, "minimum": column.lowest, "maximum": column.highest}
    stated = {name: value for name, value in limits.items() if value is not None}
    return {"base": base, **stated} if stated else base
