"""The documentation of the dbt project as it was when a release was made: dbt's own page, in one file.

Belongs here: what of dbt's manifest goes into the page, the types of columns, and where the page lies. Does not belong
here: descriptions (dbt_project/models). It lies beside the releases, not in them: it says how tables are computed, also
those that nobody may see, and no figure.

`dbt docs generate --static` puts two texts into dbt's page. That costs a start of dbt and leaves paths of the machine
in it, so the same texts are put in here: the manifest of the build without what only this machine knows, and the types
of columns in the place of dbt's catalog.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipelines.errors import Fault
from pipelines.release.marks import title_mark
from pipelines.release.reading import connect, release_info, rows
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store.whole import replace_text

PAGE = "index.html"
PLACES = {"manifest": '"MANIFEST.JSON INLINE DATA"', "catalog": '"CATALOG.JSON INLINE DATA"'}
HEAD = "<head>"
# The page holds all that it needs. Nothing that dbt may add to it can ask anybody for anything.
POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline' "
    "'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; font-src data:; connect-src 'none'; form-action 'none'\">"
)
PROJECT = "nhs_impact"
RESOURCES = ("nodes", "sources", "exposures", "metrics", "semantic_models", "macros")
GRAPH = ("groups", "parent_map", "child_map", "group_map")
EMPTY = ("selectors", "disabled", "saved_queries", "unit_tests", "functions")
"""Parts of a manifest that the page expects. Unit tests are made of invented rows, so they are left out."""
KEPT = (
    *("unique_id", "name", "alias", "label", "resource_type", "type", "package_name", "fqn", "path"),
    *("original_file_path", "database", "schema", "identifier", "source_name", "source_description", "loader"),
    *("description", "columns", "tags", "docs", "group", "access", "language", "raw_code", "macro_sql", "arguments"),
    *("refs", "sources", "metrics", "depends_on", "contract", "test_metadata", "column_name", "attached_node"),
    *("file_key_name", "owner", "maturity", "url", "type_params", "filter", "model", "entities", "dimensions"),
    *("measures", "defaults", "primary_entity"),
)
OF_CONFIG = ("contract", "enabled", "materialized", "severity")
OVERVIEW = "doc.dbt.__overview__"
WORDS = """# {mark}How the tables of release {release_id} are computed

One page for each table with its columns, what it is made of and its code; for each test, each output that reads tables
(exposures), and each metric. The button at the lower right draws what comes from what. Figures stand nowhere in it:
they are in the release. Code: {code_version}.
"""


def page_path(workspace: Workspace, version: str) -> Path:
    """Where the page of a release lies."""
    return workspace.docs / version / PAGE


def find_page(workspace: Workspace, version: str) -> Path:
    """The page of a release. Raises Fault where there is none."""
    path = page_path(workspace, version)
    if path.exists():
        return path
    raise Fault(
        where=f"documentation of release {version}",
        found="no such page",
        expected=f"{PAGE} in the folder docs/{version}",
        likely="the release was made before there were such pages, or elsewhere",
        todo="give a release that `impact releases` lists and that was made here",
    )


def write_model_docs(workspace: Workspace, manifest: Path) -> Path:
    """Write the page of the candidate and return it. manifest: dbt's, of the build.

    Raises Fault where dbt's page has no place for one of the two texts.
    """
    with connect(workspace.candidate / DUCKDB_FILE) as connection:
        info = release_info(connection)
    told = _manifest(json.loads(manifest.read_text(encoding="utf-8")), info)
    page = _filled(_dbts_page(), {"manifest": told, "catalog": _catalog(told, workspace.warehouse)})
    return replace_text(page_path(workspace, info["release_id"]), page)


def _dbts_page() -> str:
    return (files("dbt.task.docs") / "index.html").read_text(encoding="utf-8")


def _filled(page: str, texts: dict[str, dict[str, Any]]) -> str:
    lacking = [place for place in (HEAD, *PLACES.values()) if page.count(place) != 1]
    if lacking:
        raise _not_the_page(lacking)
    page = page.replace(HEAD, HEAD + POLICY)
    for name, content in texts.items():
        # What closes an element would end the script that holds the text.
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).replace("</", "<\\/")
        page = page.replace(PLACES[name], text.replace("<!--", "<\\u0021--"))
    return page


def _not_the_page(lacking: Iterable[str]) -> Fault:
    return Fault(
        where="the page of dbt's documentation",
        found=f"not exactly one place for {', '.join(lacking)}",
        expected="dbt's own page with a place for the manifest and one for the catalog",
        likely="another version of dbt-core is installed",
        todo="install the version that uv.lock names, or correct PLACES in pipelines/release/modeldocs.py",
    )


def _manifest(built: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    """What may be told of a manifest. Everything that only this machine knows, and every clock, is left out."""
    parts = {name: _resources(built.get(name, {})) for name in RESOURCES}
    known = {unique_id for part in parts.values() for unique_id in part}
    graph = {name: built.get(name, {}) for name in GRAPH}
    for name in ("parent_map", "child_map"):
        graph[name] = {
            one: [other for other in graph[name][one] if other in known] for one in graph[name] if one in known
        }
    metadata = {
        "project_name": PROJECT,
        "adapter_type": built["metadata"]["adapter_type"],
        "dbt_version": built["metadata"]["dbt_version"],
        "generated_at": info["built_at"].isoformat(),
        "send_anonymous_usage_stats": False,
    }
    docs = {OVERVIEW: _overview(built["docs"][OVERVIEW], info)}
    return {"metadata": metadata, **parts, **graph, **{name: {} for name in EMPTY}, "docs": docs}


def _resources(found: dict[str, Any]) -> dict[str, Any]:
    own = {unique_id: one for unique_id, one in found.items() if one["package_name"] == PROJECT}
    return {unique_id: _kept(one) for unique_id, one in own.items()}


def _kept(one: dict[str, Any]) -> dict[str, Any]:
    config = one.get("config", {})
    told = {name: one[name] for name in KEPT if name in one}
    return told | {"meta": {}, "config": {name: config[name] for name in OF_CONFIG if name in config}}


def _overview(block: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    mark = title_mark(info["is_synthetic"])
    words = WORDS.format(mark=mark, release_id=info["release_id"], code_version=info["code_version"])
    return {name: block[name] for name in ("name", "package_name", "unique_id", "resource_type")} | {
        "block_contents": words
    }


def _catalog(manifest: dict[str, Any], warehouse: Path) -> dict[str, Any]:
    """Types of columns as they were built, in the form of dbt's catalog. No count of rows, and no figure."""
    built: dict[tuple[str, str], dict[str, Any]] = {}
    with connect(warehouse) as connection:
        for row in rows(connection, "select * from duckdb_columns() where not internal order by column_index"):
            name, place = row["column_name"], (row["schema_name"], row["table_name"])
            column = {"name": name, "type": row["data_type"], "index": row["column_index"], "comment": None}
            built.setdefault(place, {})[name] = column
    nodes = {
        unique_id: _entry(node, built[node["schema"], node["alias"]])
        for unique_id, node in manifest["nodes"].items()
        if (node["schema"], node.get("alias")) in built
    }
    return {"metadata": {}, "nodes": nodes, "sources": {}, "errors": None}


def _entry(node: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    kind = node["config"].get("materialized", "")
    place = {"schema": node["schema"], "name": node["alias"], "database": "", "comment": None, "owner": None}
    return {"unique_id": node["unique_id"], "metadata": {"type": kind, **place}, "columns": columns, "stats": {}}
