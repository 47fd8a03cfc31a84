"""Writes the files of the dbt project that follow from `sources/*.yml`, the shapes and the models themselves.

Belongs here: dbt's list of staged and registry tables, and the union of all measure models. Does not belong here:
anything a person should decide. `impact sync --check` fails where a file is not what this module would write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipelines.editions.tables import REGISTRY
from pipelines.registry import load_sources
from pipelines.settings import DBT_PROJECT_DIR
from schemas.fields import FIELDS, PROVENANCE
from schemas.ingest.shapes import SHAPES
from schemas.source import Source

WRITTEN_BY = "Written by `impact sync`; do not edit."
STAGED_TABLES = Path("models/staging/sources.yml")
GATHERED = Path("models/intermediate/measures/int_measures__gathered.sql")
ENDS_AS_MEASURE = re.compile(r"^    \{\{ measure_columns\(\) \}\}", re.MULTILINE)
TABLES_HEAD = f"""# {WRITTEN_BY} It follows from sources/*.yml and schemas/.
sources:
  - name: staged
    description: >-
      Accepted rows, one parquet file for each edition and vintage, and one file without rows that fixes the columns.
    config:
      meta:
        external_location: >-
          read_parquet('{{{{ env_var('IMPACT_STAGED') | replace("'", "''") }}}}/{{name}}/*.parquet', union_by_name=true)
    tables:
"""
GATHERED_HEAD = f"""-- {WRITTEN_BY} Every model that ends in the long shape of a measure, one below the other.
"""


def write(project: Path = DBT_PROJECT_DIR) -> list[Path]:
    """Writes what differs, and returns it."""
    changed = []
    for place, content in expected(project).items():
        path = project / place
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            changed.append(place)
    return changed


def drifted(project: Path = DBT_PROJECT_DIR) -> list[Path]:
    """The files that are not what `write` would make of them."""
    return [
        place
        for place, content in expected(project).items()
        if not (project / place).exists() or (project / place).read_text(encoding="utf-8") != content
    ]


def expected(project: Path = DBT_PROJECT_DIR) -> dict[Path, str]:
    """Every file that follows from others, by its place in the dbt project."""
    tables = [_source_table(source) for source in load_sources().values()]
    tables += [_registry_table(name, *registered) for name, registered in REGISTRY.items()]
    return {STAGED_TABLES: TABLES_HEAD + "".join(tables), GATHERED: GATHERED_HEAD + _union(measure_models(project))}


def measure_models(project: Path = DBT_PROJECT_DIR) -> list[str]:
    """Names of the models that end in the long shape of a measure, in alphabetical order."""
    paths = sorted((project / "models").rglob("*.sql"))
    own = (GATHERED.stem, "int_measures__unioned")
    return sorted(p.stem for p in paths if p.stem not in own and ENDS_AS_MEASURE.search(p.read_text(encoding="utf-8")))


def _source_table(source: Source) -> str:
    columns = (*PROVENANCE, *SHAPES[source.shape].columns)
    return _table(source.source_id, source.source_name, {name: _quoted(FIELDS[name].meaning) for name in columns})


def _registry_table(name: str, description: str, schema: pl.Schema) -> str:
    return _table(name, description, {column: f"\"{{{{ doc('{column}') }}}}\"" for column in schema})


def _table(name: str, description: str, columns: dict[str, str]) -> str:
    lines = [f"      - name: {name}", f"        description: {description}", "        columns:"]
    for column, meaning in columns.items():
        lines += [f"          - name: {column}", f"            description: {meaning}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return f'"{text}"' if ":" in text else text


def _union(models: Iterable[str]) -> str:
    parts = [f"select\n    {{{{ measure_columns() }}}}\nfrom {{{{ ref('{model}') }}}}\n" for model in models]
    return "\nunion all\n\n".join(parts)
