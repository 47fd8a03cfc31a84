"""Writes the kits into a folder, filled in for this installation and the release that it serves.

Belongs here: which files there are, and what their templates are filled with. Does not belong here: what they say
(templates/), or Superset's bundle (superset/).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.clients import Route
from pipelines.clients.superset import write_bundle
from pipelines.errors import Fault
from pipelines.release import connect
from pipelines.release.documents import write_json
from pipelines.release.marks import file_mark
from pipelines.serving import sandbox
from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT

TEMPLATES = Path(__file__).with_name("templates")
SUFFIX = ".j2"
MEASURE = "sickness_absence"
ADDRESS = "http://127.0.0.1:8000/"
"""Where `impact release serve` serves the pages."""

SECTION = re.compile(r"^## Questions and their select\n+(.*?)\n+## ", re.DOTALL | re.MULTILINE)
QUESTION = re.compile(r"^\*\*(.+?)\*\*", re.MULTILINE)
SELECT = re.compile(r"^```sql\n(.*?)\n```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Served:
    """The release for which the kits are filled in. organisation: one that has a figure, for the examples."""

    release: str
    is_synthetic: bool
    organisation: str


def write_kits(folder: Path, current: Path, postgres: Route | None = None) -> list[Path]:
    """Writes all files and returns their paths. current: the pointer to the release. Raises Fault if there is none.

    Without a PostgreSQL database the files that need one are left out.
    """
    values = _values(current, postgres)
    environment = _environment()
    kinds = ("shared", "duckdb", "postgres") if postgres else ("shared", "duckdb")
    written = []
    for kind in kinds:
        for template in sorted((TEMPLATES / kind).rglob(f"*{SUFFIX}")):
            text = environment.get_template(template.relative_to(TEMPLATES).as_posix()).render(values)
            written.append(_write(folder / template.relative_to(TEMPLATES / kind).with_suffix(""), text))
    if postgres:
        written.append(write_json(folder / "powerbi" / values["pbids"], power_bi(postgres)))
    return [*written, *_superset(folder / "superset", current, postgres)]


def questions() -> str:
    """The README's section with a select for each question: the one source of the cookbook."""
    (section,) = SECTION.findall((PROJECT_ROOT / "README.md").read_text(encoding="utf-8"))
    return section


def cookbook(section: str) -> list[tuple[str, list[str]]]:
    """Each question with its selects, in order."""
    parts = QUESTION.split(section)[1:]
    return [(question, SELECT.findall(text)) for question, text in zip(parts[::2], parts[1::2], strict=True)]


def power_bi(postgres: Route) -> dict[str, Any]:
    """Power BI's connection file.

    Source: https://learn.microsoft.com/power-bi/connect-data/desktop-data-sources, "Create a PBIDS file to get data".
    """
    address = {"server": f"{postgres.host}:{postgres.port}", "database": postgres.database}
    details = {"protocol": "postgresql", "address": address, "authentication": None, "query": None}
    return {"version": "0.1", "connections": [{"details": details, "options": {}, "mode": "Import"}]}


def _superset(folder: Path, current: Path, postgres: Route | None) -> list[Path]:
    """A bundle for each route."""
    bundles = []
    for route in (Route.to_duckdb(current / DUCKDB_FILE), postgres):
        if route:
            (folder / route.kind).mkdir(parents=True, exist_ok=True)
            bundles.append(write_bundle(folder / route.kind, route))
    return bundles


def _values(current: Path, postgres: Route | None) -> dict[str, Any]:
    served, section = _served(current), questions()
    mark = file_mark(served.is_synthetic)
    return {
        "release": served.release,
        "synthetic_sentence": " SYNTHETIC: every figure is invented." if served.is_synthetic else "",
        "mark": mark,
        "mark_words": mark.replace("_", " "),
        "file": str(current / DUCKDB_FILE),
        "parquet": str(current / "parquet"),
        "csv": str(current / "csv"),
        "workbook": str(current / "workbook" / f"nhs_impact{mark}.xlsx"),
        "address": ADDRESS,
        "settings": sandbox.CONFIG,
        "r_settings": ", ".join(f'{name} = "{_in_r(value)}"' for name, value in sandbox.CONFIG.items()),
        "organisation": served.organisation,
        "measure": MEASURE,
        "postgres": postgres,
        "pbids": f"nhs_impact{mark}.pbids",
        "questions": section,
        "cookbook": cookbook(section),
    }


def _served(current: Path) -> Served:
    if not (current / DUCKDB_FILE).exists():
        raise _nothing_served(current)
    first = "select min(org_code) from pub_measure_values where measure_id = ? and org_code <> 'ENG'"
    with connect(current / DUCKDB_FILE) as connection:
        release, is_synthetic = connection.execute("select release_id, is_synthetic from release_info").fetchall()[0]
        ((organisation,),) = connection.execute(first, [MEASURE]).fetchall()
    return Served(release, is_synthetic, organisation or "")


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.strip() + "\n", encoding="utf-8", newline="\n")
    return path


def _environment() -> Environment:
    """Templates of code: a path or a name becomes a literal of the language by a filter."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["literal"] = _literal
    made.filters["m"] = lambda text: '"' + text.replace('"', '""') + '"'
    return made


def _literal(value: object) -> str:
    """A value as Python writes it, and text as R does too."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _in_r(value: object) -> str:
    """A setting as R's duckdb takes it: text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nothing_served(current: Path) -> Fault:
    return Fault(
        str(current),
        "no release that is being served",
        "one, for the kits are filled in for it",
        "nothing was released yet",
        "run `impact refresh`, or see `impact release waiting`",
    )
