"""The description of the static interface in OpenAPI 3.1: addresses, answers, and an example of each.

Belongs here: what a client must know. Does not belong here: writing the answers (api.py). Schemas follow from
schemas/interface.py and from the record's own classes, so that a column or field cannot be added to one alone.
"""

from __future__ import annotations

from dataclasses import fields
from types import UnionType
from typing import Any, get_args, get_type_hints

from pipelines.release.record import Indicator, Record, Source
from schemas.interface import FINGERTIPS, FINGERTIPS_METADATA, INDICATOR_VALUES
from schemas.published import DATA_ORIGINS, Column, Table

JSON_TYPES = {
    "BIGINT": {"type": "integer"},
    "INTEGER": {"type": "integer"},
    "DOUBLE": {"type": "number"},
    "BOOLEAN": {"type": "boolean"},
    "VARCHAR": {"type": "string"},
    "DATE": {"type": "string", "format": "date"},
    "TIMESTAMP": {"type": "string", "format": "date-time"},
}
PYTHON_TYPES = {
    "str": {"type": "string"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "Source": {"$ref": "#/components/schemas/Source"},
}
SAID_ONCE = ("indicator_id", "data_origin", "release_id")
"""Columns that are one text in all rows of an indicator: JSON says it at the head, and not in `data`."""
TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}
LINKS = {"type": "object", "description": "Relative to this file.", "additionalProperties": TEXT}
PARQUET = "application/vnd.apache.parquet"


def description(record: Record) -> dict[str, Any]:
    """The OpenAPI document of this release."""
    policy = record.policy
    mark = "SYNTHETIC. Every figure is invented. " if record.is_synthetic else ""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": policy["title"],
            "version": record.release_id,
            "description": f"{mark}{policy['subtitle']}. {policy['notice']} {policy['status_words']} Static files: "
            "every address is a file, there are no queries, no keys and no limits on the number of requests.",
            **({} if record.is_synthetic else {"license": _licence(policy)}),
        },
        "servers": [{"url": ".", "description": "The folder this file stands in, of one release that never changes."}],
        "paths": _paths(record),
        "components": {"schemas": schemas()},
    }


def schemas() -> dict[str, Any]:
    """The JSON Schema of each answer, by name."""
    return {
        "Source": _of_class(Source),
        "Indicator": _of_class(Indicator, **_metadata()),
        "IndicatorData": _stamped(
            indicator_id=TEXT, name=TEXT, unit=TEXT, links=LINKS, count=COUNT, data=_columns(INDICATOR_VALUES)
        ),
        "IndicatorList": _stamped(links=LINKS, count=COUNT, indicators=_list(_listed())),
        "Release": _stamped(
            **dict.fromkeys(("title", "publisher", "status", "status_words", "notice"), TEXT),
            schema_version=COUNT,
            built_at={"type": "string", "format": "date-time"},
            contact={"type": ["string", "object", "null"]},
            licence=_object(name=TEXT, title=TEXT, url=TEXT),
            links=LINKS,
            tables=_list(_object(name=TEXT, count=COUNT, links=LINKS)),
        ),
    }


def _licence(policy: dict[str, Any]) -> dict[str, str]:
    return {"name": policy["licence"]["title"], "url": policy["licence"]["url"]}


def _paths(record: Record) -> dict[str, Any]:
    return {
        "/index.json": _get("release", "This release, its documents and its tables", "Release"),
        "/indicators/index.json": _get("indicators", "Every indicator that has figures", "IndicatorList"),
        "/indicators/{indicator_id}.json": _get("indicator", "All that is said of one indicator", "Indicator", record),
        "/indicators/{indicator_id}/data.json": _get(
            "indicatorData", "Its figures, by column: lists of one length", "IndicatorData", record
        ),
        "/indicators/{indicator_id}/data.csv": _file("indicatorCsv", INDICATOR_VALUES, "text/csv", record),
        "/indicators/{indicator_id}/data.parquet": _file("indicatorParquet", INDICATOR_VALUES, PARQUET, record),
        "/fingertips/data.csv": _file("fingertipsData", FINGERTIPS, "text/csv"),
        "/fingertips/metadata.csv": _file("fingertipsMetadata", FINGERTIPS_METADATA, "text/csv"),
    }


def _get(name: str, summary: str, schema: str, record: Record | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return _path(name, summary, content, record)


def _file(name: str, table: Table, media: str, record: Record | None = None) -> dict[str, Any]:
    """Columns stand in the description: neither CSV nor parquet has a JSON Schema of its own."""
    columns = "\n".join(f"- `{column.name}` ({column.type}): {column.meaning}" for column in table.columns)
    schema = TEXT if media == "text/csv" else {}
    content = {media: {"schema": {**schema, "description": f"One row: {table.grain}.\n\n{columns}"}}}
    return _path(name, f"One row for each {table.grain}", content, record)


def _path(name: str, summary: str, content: dict[str, Any], record: Record | None) -> dict[str, Any]:
    answers = {
        "200": {"description": summary, "content": content},
        "404": {"description": "No such file. An indicator that is no longer published keeps its older releases."},
    }
    path: dict[str, Any] = {"get": {"operationId": name, "summary": summary, "responses": answers}}
    return path | ({"parameters": [_parameter(record)]} if record else {})


def _parameter(record: Record) -> dict[str, Any]:
    ids = [indicator.indicator_id for indicator in record.indicators]
    schema = {**TEXT, "enum": ids}
    return {"name": "indicator_id", "in": "path", "required": True, "schema": schema, "example": ids[0]}


def _of_class(kind: type, **more: Any) -> dict[str, Any]:
    types = get_type_hints(kind)
    own = {field.name: _of_type(types[field.name]) for field in fields(kind)}
    return _stamped(**own, **more) if more else _object(**own)


def _of_type(annotation: Any) -> dict[str, Any]:
    if not isinstance(annotation, UnionType):
        return PYTHON_TYPES[annotation.__name__]
    (plain,) = (part for part in get_args(annotation) if part is not type(None))
    return _nullable(PYTHON_TYPES[plain.__name__])


def _metadata() -> dict[str, Any]:
    span = _object(period_type=TEXT, first=TEXT, last=TEXT)
    return {"count": COUNT, "periods": _list(span), "licence": TEXT, "status": TEXT, "links": LINKS}


def _listed() -> dict[str, Any]:
    names = ("indicator_id", "name", "kind", "domain", "unit", "polarity")
    return _object(**dict.fromkeys(names, TEXT), driver_id=_nullable(TEXT), count=COUNT, links=LINKS)


def _columns(table: Table) -> dict[str, Any]:
    shown = [column for column in table.columns if column.name not in SAID_ONCE]
    return _object(**{column.name: _list(_of_column(column)) for column in shown})


def _of_column(column: Column) -> dict[str, Any]:
    schema = {**JSON_TYPES[column.type], "description": column.meaning}
    schema |= {"enum": list(column.allowed)} if column.allowed and not column.nullable else {}
    return _nullable(schema) if column.nullable else schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _stamped(**properties: Any) -> dict[str, Any]:
    origin = {**TEXT, "enum": list(DATA_ORIGINS.values())}
    return _object(release_id=TEXT, data_origin=origin, **properties)


def _object(**properties: Any) -> dict[str, Any]:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
