"""The gate's look at earlier releases: it refuses what they make disclosive, and knows every table it must look at."""

from __future__ import annotations

import datetime as dt
import re

import duckdb
import polars as pl
import pytest
import standin
import yaml

from pipelines.release import connect, examinations, run_gate
from pipelines.release.differencing import CELLS, FIGURES, MINIMUM, disclosive
from pipelines.settings import DBT_PROJECT_DIR, DUCKDB_FILE, Workspace
from pipelines.store import shown

CHECK = "differencing:all tables"
RESTS_ON = "int_maturity__reportable"
NO_FIGURE = {
    "dim_period": "names the round of five organisations or more, never a figure",
    "pub_maturity_responses": "only of organisations that may be named",
}


@pytest.fixture
def place(tmp_path) -> Workspace:
    made = standin.workspace(tmp_path)
    standin.candidate(made, "2026.2.0")
    return made


def remember(place: Workspace, version: str, more: int) -> None:
    """As if that release had counted some organisations more than the candidate does, in one item of one round."""
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        cells = connection.execute(f"select * from {CELLS} where group_key = 'v1|2026|i0'").pl()
    others = cells.head(more).with_columns(member_key=pl.lit("S") + pl.col("member_key"))
    shown.folder(place).mkdir(exist_ok=True)
    path = shown.folder(place) / f"{version}.parquet"
    pl.concat([cells, others]).select(shown.COLUMNS.names()).write_parquet(path)


@pytest.mark.parametrize(("more", "expected"), [(0, 0), (1, 1), (4, 1), (5, 0)])
def test_a_figure_that_an_earlier_release_gives_away_is_found(place, more, expected):
    remember(place, "2026.1.0", more)
    with connect(place.candidate / DUCKDB_FILE) as connection:
        assert disclosive(place, connection)["pub_maturity_items"] == expected


def test_the_gate_refuses_it_and_does_not_say_whose_it_is(place, monkeypatch):
    monkeypatch.setattr(examinations, "MAKERS", (examinations.disclosure, examinations.leaks))
    remember(place, "2026.1.0", 1)
    result = run_gate(place)
    assert {check.check_id for check in result.checks if check.outcome == "failed"} == {CHECK}
    (fault,) = result.faults
    assert "pub_maturity_items" in fault.found and "SR0" not in (place.candidate / "gate.json").read_text()
    report = (place.candidate / "evidence" / "differencing.json").read_text()
    assert "SR0" not in report and "i0" not in report


def test_a_figure_of_which_nobody_knows_who_is_behind_it_is_found(place):
    with duckdb.connect(str(place.warehouse)) as connection:
        connection.execute(f"delete from {CELLS} where table_name = 'pub_maturity_items'")
    with connect(place.candidate / DUCKDB_FILE) as connection:
        assert disclosive(place, connection)["pub_maturity_items"] == 4


def test_every_release_counts_and_the_newest_comes_first(place):
    for version, more in (("2026.9.0", 0), ("2026.10.0", 1)):
        remember(place, version, more)
    history = shown.history(place)
    assert history.group_by("release_rank").len().sort("release_rank").rows() == [(1, 21), (2, 20)]


def test_what_was_known_on_an_earlier_day_has_no_releases(place):
    remember(place, "2026.1.0", 1)
    assert shown.history(Workspace(place.root, place.origin, dt.date(2026, 5, 1))).height == 0


def test_the_least_number_is_that_of_the_models():
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text())
    assert project["vars"]["minimum_sharing_organisations"] == MINIMUM


def models() -> dict[str, str]:
    paths = [path for kind in ("*.sql", "*.py") for path in (DBT_PROJECT_DIR / "models").rglob(kind)]
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def released() -> set[str]:
    files = [yaml.safe_load(path.read_text()) for path in (DBT_PROJECT_DIR / "models" / "marts").rglob("*.yml")]
    listed = [model for content in files for model in content.get("models", [])]
    return {model["name"] for model in listed if model.get("config", {}).get("meta", {}).get("release")}


def test_every_released_table_that_rests_on_self_assessments_is_looked_at():
    refs = {name: set(re.findall(r"ref\(['\"](\w+)['\"]\)", text)) for name, text in models().items()}
    resting, size = {RESTS_ON}, 0
    while len(resting) > size:
        size = len(resting)
        resting |= {name for name, used in refs.items() if used & resting}
    assert resting & released() == FIGURES.keys() | NO_FIGURE.keys()
