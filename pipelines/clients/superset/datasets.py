"""Datasets: tables of the release with words for their codes, the meaning of every column, and safe metrics.

Belongs here: making the dataset from its data file. Does not belong here: which there are (datasets/*.yml), or what a
column means (dictionary.py).

A figure that cannot be added up or averaged, such as a median or a share, has a metric that is empty as soon as a cell
of a chart holds more than one row: then somebody filtered too little, and any number would be wrong.
"""

from __future__ import annotations

import csv
from functools import cache
from typing import TYPE_CHECKING, Any

from pipelines.clients.superset import VERSION
from pipelines.clients.superset.dictionary import Meaning, columns
from pipelines.clients.superset.names import SCHEMAS, all_written, identifier, written
from pipelines.settings import seed_path

if TYPE_CHECKING:
    from pipelines.clients import Route

ALONE = "Empty where a cell holds more than one row: such figures are never added up or averaged."
TIMES = ("DATE", "TIMESTAMP")
POOLED = "All types, pooled"


def datasets(route: Route) -> dict[str, dict[str, Any]]:
    """Every dataset for one route, by name."""
    return {name: _dataset(route, name, said) for name, said in all_written("datasets").items()}


def _dataset(route: Route, name: str, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "table_name": said["title"],
        "main_dttm_col": said.get("time"),
        "description": said["description"],
        "schema": SCHEMAS[route.kind],
        "catalog": None,
        "sql": query(said, SCHEMAS[route.kind]),
        "filter_select_enabled": True,
        "uuid": identifier(route, "dataset", name),
        "columns": [_column(name, meaning) for name, meaning in meanings(said).items()],
        "metrics": [_metric(metric) for metric in said["metrics"]],
        "version": VERSION,
        "database_uuid": identifier(route, "database"),
    }


def meanings(said: dict[str, Any]) -> dict[str, Meaning]:
    """The columns of a dataset in their order."""
    own = {name: Meaning(added["type"], added["description"]) for name, added in _added(said).items()}
    return {name: columns(said["table"])[name] for name in _listed(said)} | own


def query(said: dict[str, Any], schema: str) -> str:
    """The SQL of a dataset. Each of its columns is named, so that one that a release lacks is found at once."""
    listed = _listed(said)
    rows = said.get("rows")
    source = f"(\n{rows.strip()}\n)" if rows else f"{{schema}}.{said['table']}"
    picked = [f"mart.{name}" for name in listed] + [f"{added['sql']} as {name}" for name, added in _added(said).items()]
    joins = [label["join"] for label in _labels(said) if "join" in label]
    text = "\n".join(["select", ",\n".join(f"    {column}" for column in picked), f"from {source} as mart", *joins])
    return (
        text.replace("{columns}", ", ".join(listed))
        .replace("{organisation_types}", _organisation_types())
        .replace("{schema}", schema)
    )


def _listed(said: dict[str, Any]) -> list[str]:
    return said.get("columns") or list(columns(said["table"]))


def _added(said: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Columns that are not the table's own."""
    labels = {name: column for label in _labels(said) for name, column in label["columns"].items()}
    return said.get("added", {}) | labels


def _labels(said: dict[str, Any]) -> list[dict[str, Any]]:
    return [written("labels")[name] for name in said.get("labels", [])]


@cache
def _organisation_types() -> str:
    with seed_path("organisation_type").open(encoding="utf-8", newline="") as stream:
        labels = {row["organisation_type"]: row["plural_label"] for row in csv.DictReader(stream)}
    cases = [f"when '{name}' then '{label[:1].upper()}{label[1:]}'" for name, label in labels.items()]
    return f"case mart.organisation_type {' '.join(cases)} else '{POOLED}' end"


def _column(name: str, meaning: Meaning) -> dict[str, Any]:
    return {
        "column_name": name,
        "verbose_name": name.replace("_", " ").capitalize(),
        "is_dttm": meaning.type in TIMES,
        "is_active": True,
        "type": meaning.type,
        "groupby": True,
        "filterable": True,
        "expression": None,
        "description": meaning.description,
    }


def _metric(said: dict[str, str]) -> dict[str, Any]:
    if "figure" in said:
        sql, description = f"case when count(*) = 1 then max({said['figure']}) end", f"{said['title']}. {ALONE}"
    elif "sum" in said:
        sql, description = f"cast(sum({said['sum']}) as bigint)", f"{said['title']}, a count that may be added up."
    else:
        sql, description = said["sql"], said["description"]
    return {
        "metric_name": said["name"],
        "verbose_name": said["title"],
        "metric_type": None,
        "expression": sql,
        "description": description,
        "d3format": said["format"],
    }
