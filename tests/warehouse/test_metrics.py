"""The metrics of the dbt project give the figures that the released tables hold, and nothing where that cannot be.

MetricFlow is not installed here: each metric is worked out by a select that follows its definition. What MetricFlow
itself answers is compared by tests/benchmarks/metrics.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.release.reading import connect
from pipelines.settings import DBT_PROJECT_DIR, DUCKDB_FILE

DEFINITIONS = DBT_PROJECT_DIR / "models" / "marts" / "published" / "metrics.yml"
FUNCTIONS = {"sum": "sum({})", "count_distinct": "count(distinct {})", "average": "avg({})"}
CELL = "driver_id, round_key, instrument_version, organisation_type, region_code"
ENGLAND = (
    "select v.measure_id, v.period_type, v.period_key, v.value from pub_measure_values as v "
    "join dim_measure as m using (measure_id) where v.org_code = 'ENG' and m.unit = '{unit}'"
)
SHARES = "select driver_id, round_key, instrument_version, organisation_type, region_code, {} from pub_driver_maturity"

Project = dict[str, Any]


@pytest.fixture
def project() -> Project:
    return yaml.safe_load(DEFINITIONS.read_text())


@pytest.fixture(scope="module")
def release(served_sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(served_sample / "serving" / "current" / DUCKDB_FILE) as connection:
        yield connection


def named(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in found}


def conditions(metric: dict[str, Any]) -> list[str]:
    """The filters of a metric as SQL: columns of its own table, or of the measure."""
    given = metric.get("filter", [])
    texts = [given] if isinstance(given, str) else given
    texts = [re.sub(r"\{\{ Dimension\('measure__(\w+)'\) \}\}", r"measures.\1", text) for text in texts]
    return [re.sub(r"\{\{ Dimension\('\w+?__(\w+)'\) \}\}", r"own.\1", text) for text in texts]


def asked(project: Project, name: str, by: str) -> str:
    """A metric by some columns, as its definition says: its parts from one table, then what is made of them."""
    metrics = named(project["metrics"])
    metric = metrics[name]
    parts = [metrics[part] for part in metric["type_params"].get("metrics", [name])]
    used = {part["name"]: part["type_params"]["measure"] for part in parts}
    (model,) = [one for one in project["semantic_models"] if set(used.values()) <= set(named(one.get("measures", [])))]
    measures = {part: named(model["measures"])[measure] for part, measure in used.items()}
    worked = [f"{FUNCTIONS[one['agg']].format(one['expr'])} as {part}" for part, one in measures.items()]
    where = dict.fromkeys([text for one in (metric, *parts) for text in conditions(one)])
    table = re.fullmatch(r"ref\('(\w+)'\)", model["model"])[1]
    joined = "left join dim_measure as measures using (measure_id)" if "measures." in " ".join(where) else ""
    return (
        f"select {by}, {metric['type_params'].get('expr', name)} as told from (select {by}, {', '.join(worked)} "
        f"from {table} as own {joined} where {' and '.join(where)} group by {by})"
    )


def told(release: duckdb.DuckDBPyConnection, sql: str) -> dict[tuple, float | None]:
    return {tuple(row[:-1]): row[-1] for row in release.execute(sql).fetchall()}


@pytest.mark.parametrize(
    ("name", "unit", "least"), [("percentage_from_counts", "percent", 150), ("ratio_from_counts", "ratio", 5)]
)
def test_organisations_together_are_england(project, release, name, unit, least):
    found = told(release, asked(project, name, "measure_id, period_type, period_key"))
    published = told(release, ENGLAND.format(unit=unit))
    assert len(published) >= least
    assert {key: found.pop(key) for key in published} == pytest.approx(published, abs=1e-9)
    assert set(found.values()) <= {None}


@pytest.mark.parametrize(
    ("name", "column"), [("coverage_of_maturity", "coverage_pct"), ("share_at_or_above_3", "share_at_or_above_3")]
)
def test_shares_of_cells_are_those_published(project, release, name, column):
    found = told(release, asked(project, name, CELL))
    published = told(release, f"{SHARES.format(column)} where org_code is null")
    assert None in published.values()
    assert found == pytest.approx(published, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("percentage_from_counts", "measure_id, period_type"),
        ("percentage_from_counts", "period_type, period_key"),
        ("coverage_of_maturity", "driver_id, round_key"),
        ("share_at_or_above_3", "round_key, organisation_type, region_code"),
    ],
)
def test_what_must_not_be_added_up_is_null(project, release, name, by):
    found = told(release, asked(project, name, by))
    parts = named(project["metrics"])[name]["type_params"]
    parts["expr"] = parts["metrics"][0]
    counted = told(release, asked(project, name, by))
    mixed = [key for key, number in counted.items() if number > 1]
    assert mixed
    assert {found[key] for key in mixed} == {None}


def test_associations_are_counted_as_on_the_overview(project, release, served_sample):
    estimated = told(release, asked(project, "associations_estimated", "basis"))
    seen = told(release, asked(project, "associations_told_from_none", "basis"))
    page = (served_sample / "serving" / "current" / "site" / "index.html").read_text()
    said = [
        f"of {estimated[basis]} associations between drivers and outcomes, {seen[basis] or 'none'} stand"
        for basis in estimated
    ]
    assert len(said) == 2
    assert [text for text in said if text not in page] == []


def test_every_figure_has_one_status(project, release):
    found = told(release, asked(project, "figures", "value_status"))
    (total,) = release.execute("select count(*) from pub_measure_values where org_code <> 'ENG'").fetchone()
    assert found["suppressed",] > 0
    assert sum(found.values()) == total


def test_a_mean_of_shares_is_told_apart(project, release):
    measures = named(project["semantic_models"][1]["measures"])
    measures["figure_numerator"].update(agg="average", expr="value / 100")
    measures["figure_denominator"].update(agg="average", expr="1")
    with pytest.raises(AssertionError):
        test_organisations_together_are_england(project, release, "percentage_from_counts", "percent", 150)
