"""Files of the dbt project that follow from others are what they should be, and a drift is seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from pipelines import sync
from pipelines.editions.tables import REGISTRY
from pipelines.registry import load_sources
from pipelines.settings import DBT_PROJECT_DIR


def copied(tmp_path: Path) -> Path:
    """The part of the dbt project that sync reads and writes."""
    return Path(shutil.copytree(DBT_PROJECT_DIR / "models", tmp_path / "project" / "models")).parent


def test_the_project_is_in_step():
    assert sync.drifted() == []


def test_a_new_measure_model_is_gathered(tmp_path):
    project = copied(tmp_path)
    folder = project / "models" / "staging" / "beds"
    folder.mkdir()
    (folder / "stg_beds__measures.sql").write_text("select\n    {{ measure_columns() }}\nfrom beds\n")
    assert sync.drifted(project) == [sync.GATHERED]
    assert sync.write(project) == [sync.GATHERED]
    assert "ref('stg_beds__measures')" in (project / sync.GATHERED).read_text()
    assert sync.drifted(project) == []


def test_every_source_is_a_table_with_described_columns(tmp_path):
    project = copied(tmp_path)
    (project / sync.STAGED_TABLES).write_text("sources: []\n")
    sync.write(project)
    (staged,) = yaml.safe_load((project / sync.STAGED_TABLES).read_text())["sources"]
    named = [table["name"] for table in staged["tables"]]
    assert named == [*load_sources(), *REGISTRY]
    assert all(column["description"] for table in staged["tables"] for column in table["columns"])
