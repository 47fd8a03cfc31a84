"""Charts: Superset's own settings with the dataset that they read.

Belongs here: making the chart from its data file. Does not belong here: which there are, and what they show
(charts/*.yml).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.clients.superset import VERSION
from pipelines.clients.superset.names import all_written, identifier

if TYPE_CHECKING:
    from pipelines.clients import Route


def charts(route: Route) -> dict[str, dict[str, Any]]:
    """Every chart for one route, by name."""
    return {name: _chart(route, name, said) for name, said in all_written("charts").items()}


def _chart(route: Route, name: str, said: dict[str, Any]) -> dict[str, Any]:
    filters = [_filter(column, value) for column, value in said.get("where", {}).items()]
    filters += [_empty(column) for column in said.get("without", [])]
    return {
        "slice_name": said["title"],
        "description": said["description"],
        "viz_type": said["kind"],
        "params": said["params"] | {"viz_type": said["kind"], "adhoc_filters": filters},
        "cache_timeout": None,
        "uuid": identifier(route, "chart", name),
        "version": VERSION,
        "dataset_uuid": identifier(route, "dataset", said["dataset"]),
    }


def _filter(column: str, value: str | list[str]) -> dict[str, Any]:
    return {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": column,
        "operator": "IN" if isinstance(value, list) else "==",
        "comparator": value,
    }


def _empty(column: str) -> dict[str, Any]:
    return {"clause": "WHERE", "expressionType": "SIMPLE", "subject": column, "operator": "IS NULL", "comparator": None}
