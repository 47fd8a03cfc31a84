"""The dashboard: its sections, filters and colours.

Belongs here: making Superset's layout from dashboard.yml. Does not belong here: what the charts show (charts/*.yml).
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from pipelines.clients.superset import VERSION
from pipelines.clients.superset.names import ROUTES, all_written, identifier, written
from pipelines.settings import seed_path

if TYPE_CHECKING:
    from pipelines.clients import Route

Layout = dict[str, Any]
GRID = ["ROOT_ID", "GRID_ID"]


def dashboard(route: Route) -> dict[str, Any]:
    """The dashboard for one route."""
    said = written("dashboard")
    return {
        "dashboard_title": f"{said['title']} ({ROUTES[route.kind]})",
        "description": said["description"],
        "css": "",
        "slug": f"{said['slug']}-{route.kind}",
        "uuid": identifier(route, "dashboard"),
        "position": _position(route, said),
        "metadata": _metadata(route, said),
        "published": True,
        "version": VERSION,
    }


def _position(route: Route, said: dict[str, Any]) -> Layout:
    """Rows of a title, or of charts beside each other."""
    rows = [_row(route, number, row) for number, row in enumerate(said["rows"])]
    grid = {"type": "GRID", "id": "GRID_ID", "children": [next(iter(row)) for row in rows], "parents": ["ROOT_ID"]}
    top: Layout = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": grid,
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": said["title"]}},
    }
    return top | {name: part for row in rows for name, part in row.items()}


def _row(route: Route, number: int, row: dict[str, Any]) -> Layout:
    if "title" in row:
        return _part("HEADER", f"HEADER-{number}", GRID, {"text": row["title"], "headerSize": "MEDIUM_HEADER"})
    name = f"ROW-{number}"
    parents = [*GRID, name]
    parts: Layout = {}
    for chart, width in row["charts"].items():
        parts |= _chart(route, chart, parents, width, row["height"])
    return _part("ROW", name, GRID, {"background": "BACKGROUND_TRANSPARENT"}, list(parts)) | parts


def _chart(route: Route, name: str, parents: list[str], width: int, height: int) -> Layout:
    meta = {
        "chartId": _chart_numbers()[name],
        "uuid": identifier(route, "chart", name),
        "sliceName": all_written("charts")[name]["title"],
        "width": width,
        "height": height,
    }
    return _part("CHART", f"CHART-{name}", parents, meta)


def _part(kind: str, name: str, parents: list[str], meta: Layout, children: list[str] | None = None) -> Layout:
    return {name: {"type": kind, "id": name, "children": children or [], "parents": parents, "meta": meta}}


def _chart_numbers() -> dict[str, int]:
    """Numbers that hold inside the bundle alone: Superset gives its own while it imports."""
    return {name: number for number, name in enumerate(all_written("charts"), start=1)}


def _metadata(route: Route, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "color_scheme": said["colour_scheme"],
        "label_colors": said["colours"] | _level_colours(said["level_colours"]),
        "cross_filters_enabled": False,
        "filter_bar_orientation": said["filter_bar"],
        "refresh_frequency": 0,
        "native_filter_configuration": [_filter(route, name, filter_) for name, filter_ in said["filters"].items()],
    }


def _level_colours(shades: list[str]) -> dict[str, str]:
    """A shade for each level of the instruments, lighter for lower ones."""
    with seed_path("instrument_level").open(encoding="utf-8", newline="") as stream:
        levels = [(int(row["level"]), row["label"]) for row in csv.DictReader(stream)]
    return {f"{level} {label}": shades[level - 1] for level, label in levels}


def _filter(route: Route, name: str, said: dict[str, Any]) -> dict[str, Any]:
    outside = [number for chart, number in _chart_numbers().items() if chart not in said["charts"]]
    state = {"value": said["value"], "label": ", ".join(said["value"])} if "value" in said else {}
    chosen = {"filters": [{"col": said["column"], "op": "IN", "val": said["value"]}]} if "value" in said else {}
    return {
        "id": f"NATIVE_FILTER-{name}",
        "name": said["title"],
        "description": said["description"],
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "targets": [{"datasetUuid": identifier(route, "dataset", said["dataset"]), "column": {"name": said["column"]}}],
        "controlValues": {
            "multiSelect": False,
            "enableEmptyFilter": True,
            "defaultToFirstItem": "value" not in said,
            "sortAscending": said.get("ascending", True),
            "inverseSelection": False,
            "searchAllOptions": False,
        },
        "requiredFirst": "value" not in said,
        "sortMetric": None,
        "defaultDataMask": {"extraFormData": chosen, "filterState": state, "ownState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": outside},
    }
