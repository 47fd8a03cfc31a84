"""Superset's bundle holds what the release holds, and nothing else: its SQL runs, its charts find what they name.

Belongs here: what can be asked of the zip without Superset. Does not belong here: Superset itself (superset.py).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.clients import Route
from pipelines.clients.superset import datasets, names, write_bundle
from pipelines.release import connect
from pipelines.serving import sandbox
from pipelines.settings import DUCKDB_FILE
from tests.postgres import PASSWORD

URL = "postgresql://somebody:never-in-a-bundle@db.example.org:5433/impact"
TEMPORAL = ("DATE", "TIMESTAMP")
CAUSAL = re.compile(r"\b(because of|leads? to|causes|caused by|due to maturity|impact of|effect of)\b", re.IGNORECASE)

Files = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def served(served_sample: Path) -> Path:
    return served_sample / "serving" / "current" / DUCKDB_FILE


@pytest.fixture(scope="module")
def release(served: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(served) as connection:
        yield connection


@pytest.fixture(scope="module")
def files(served: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    return _files(write_bundle(tmp_path_factory.mktemp("bundle"), Route.to_duckdb(served)))


def _files(path: Path) -> Files:
    with zipfile.ZipFile(path) as bundle:
        return {name.split("/", 1)[1]: yaml.safe_load(bundle.read(name)) for name in bundle.namelist()}


def _of(files: Files, folder: str) -> Files:
    return {Path(name).stem: content for name, content in files.items() if name.startswith(f"{folder}/")}


def test_the_same_bytes_twice_and_the_same_names_wherever_the_file_lies(tmp_path: Path) -> None:
    places = {"first": "/srv/a.duckdb", "second": "/srv/a.duckdb", "elsewhere": "/data/b.duckdb"}
    written = [write_bundle(tmp_path / name, Route.to_duckdb(Path(place))) for name, place in places.items()]
    first, second, elsewhere = (path.read_bytes() for path in written)
    assert first == second != elsewhere
    assert (tmp_path / "first" / "README.md").is_file()
    here, there = _files(written[0]), _files(written[2])
    assert {name: file.get("uuid") for name, file in here.items()} == {k: file.get("uuid") for k, file in there.items()}


def test_the_two_routes_share_no_identifier_so_that_one_superset_takes_both(files: Files, tmp_path: Path) -> None:
    other = _files(write_bundle(tmp_path, Route.to_postgres(URL)))
    ours, theirs = ({file["uuid"] for file in each.values() if "uuid" in file} for each in (files, other))
    assert len(ours) == len(theirs) == len(files) - 1
    assert not ours & theirs


def test_no_password_and_no_account_but_the_readers(tmp_path: Path) -> None:
    path = write_bundle(tmp_path, Route.to_postgres(URL))
    assert b"never-in-a-bundle" not in path.read_bytes()
    (database,) = _of(_files(path), "databases").values()
    assert database["sqlalchemy_uri"] == "postgresql+psycopg2://somebody:XXXXXXXXXX@db.example.org:5433/impact"


def test_the_database_is_sealed_and_never_written(files: Files) -> None:
    (database,) = _of(files, "databases").values()
    assert database["extra"]["engine_params"]["connect_args"] == sandbox.CONNECT_ARGS
    allowed = [word for word in database if word.startswith("allow_") and database[word]]
    assert not allowed


def test_every_column_is_in_the_release_with_its_type_and_its_meaning_of_the_dictionary(
    files: Files, release: duckdb.DuckDBPyConnection
) -> None:
    written = dict(release.execute("select table_name || '.' || column_name, description from dictionary").fetchall())
    said = names.all_written("datasets")
    for name, dataset in _of(files, "datasets").items():
        found = {row[0]: row[1] for row in release.execute(f"describe {dataset['sql']}").fetchall()}
        assert found == {column["column_name"]: column["type"] for column in dataset["columns"]}, name
        for column in dataset["columns"]:
            known = written.get(f"{said[name]['table']}.{column['column_name']}", column["description"])
            assert column["description"] == known
            assert column["is_dttm"] == (column["type"] in TEMPORAL)


def test_every_metric_runs(files: Files, release: duckdb.DuckDBPyConnection) -> None:
    for dataset in _of(files, "datasets").values():
        metrics = ", ".join(metric["expression"] for metric in dataset["metrics"])
        assert release.execute(f"select {metrics} from ({dataset['sql']})").fetchone()


def test_postgres_answers_the_same(
    files: Files, release: duckdb.DuckDBPyConnection, database: Route, tmp_path: Path
) -> None:
    there = _of(_files(write_bundle(tmp_path, database)), "datasets")
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(database.url, user=database.user, password=PASSWORD) as server:
        for name, dataset in _of(files, "datasets").items():
            metrics = ", ".join(metric["expression"] for metric in dataset["metrics"])
            expected = release.execute(f"select count(*), {metrics} from ({dataset['sql']})").fetchone()
            asked = server.execute(f"select count(*), {metrics} from ({there[name]['sql']}) as dataset").fetchone()
            assert asked == pytest.approx(expected, nan_ok=True), name


def test_labels_lose_and_repeat_no_row(release: duckdb.DuckDBPyConnection) -> None:
    for name, said in names.all_written("datasets").items():
        if "rows" not in said:
            counted = f"select (select count(*) from ({datasets.query(said, 'main')})), count(*) from {said['table']}"
            assert len(set(release.execute(counted).fetchone())) == 1, name


def test_a_figure_is_never_added_up_or_averaged(files: Files, release: duckdb.DuckDBPyConnection) -> None:
    dataset = _of(files, "datasets")["outcome_by_level"]
    (median,) = [each["expression"] for each in dataset["metrics"] if each["metric_name"] == "median_alone"]
    rows = f"select * from ({dataset['sql']}) where outcome_median is not null order by all limit "
    one, two = (release.execute(f"select {median}, min(outcome_median) from ({rows}{n})").fetchone() for n in (1, 2))
    assert one[0] == one[1]
    assert two[0] is None


def test_a_pooled_share_is_made_of_counts_and_refuses_what_cannot_be_pooled(
    files: Files, release: duckdb.DuckDBPyConnection
) -> None:
    dataset = _of(files, "datasets")["measure_values"]
    (pooled,) = [each["expression"] for each in dataset["metrics"] if each["metric_name"] == "pooled_share"]
    ask = f"select {pooled} from ({dataset['sql']}) where measure_id = 'ae_within_4_hours' and period_key = '2025-11'"
    (england,) = release.execute(f"{ask} and org_code = 'ENG'").fetchone()
    assert release.execute(f"{ask} and org_code <> 'ENG'").fetchone() == (pytest.approx(england),)
    assert release.execute(ask).fetchone() == (None,)
    survey = f"select {pooled} from ({dataset['sql']}) where measure_id = 'q19a' and period_key = '2025'"
    assert release.execute(survey).fetchone() == (None,)


def test_the_levels_of_a_driver_add_up_to_the_whole_and_suppressed_ones_are_not_zero(
    files: Files, release: duckdb.DuckDBPyConnection
) -> None:
    sql = _of(files, "datasets")["maturity_distribution"]["sql"]
    cell = "exposure_id, round_key, instrument_version, organisation_type, region_code"
    off = f"select {cell} from ({sql}) where n_shared > 0 group by {cell} having abs(sum(share_shown) - 100) > 1e-9"
    assert release.execute(off).fetchall() == []
    (together,) = release.execute(
        f"select count(*) from ({sql}) where value_status = 'suppressed' and share_shown > 0"
    ).fetchone()
    assert together > 0


def test_charts_name_only_what_their_dataset_has(files: Files) -> None:
    known = {dataset["uuid"]: dataset for dataset in _of(files, "datasets").values()}
    for name, chart in _of(files, "charts").items():
        dataset = known[chart["dataset_uuid"]]
        assert _columns_of(chart) <= {column["column_name"] for column in dataset["columns"]}, name
        assert _metrics_of(chart) <= {metric["metric_name"] for metric in dataset["metrics"]}, name


def _columns_of(chart: dict[str, Any]) -> set[str]:
    params = chart["params"]
    named = [params.get(word) or [] for word in ("x_axis", "groupby", "all_columns", "groupbyRows", "groupbyColumns")]
    listed = [[each] if isinstance(each, str) else each for each in named]
    return {each for part in listed for each in part} | {each["subject"] for each in params["adhoc_filters"]}


def _metrics_of(chart: dict[str, Any]) -> set[str]:
    single = [chart["params"]["metric"]] if "metric" in chart["params"] else []
    return {*single, *chart["params"].get("metrics", [])}


def test_filters_reach_a_column_of_every_chart_that_they_are_for(files: Files) -> None:
    (dashboard,) = _of(files, "dashboards").values()
    columns = {
        dataset["uuid"]: {column["column_name"] for column in dataset["columns"]}
        for dataset in _of(files, "datasets").values()
    }
    charts = {chart["uuid"]: chart for chart in _of(files, "charts").values()}
    placed = {part["meta"]["chartId"]: part["meta"]["uuid"] for part in _parts(dashboard, "CHART")}
    assert set(placed.values()) == set(charts)
    for filter_ in dashboard["metadata"]["native_filter_configuration"]:
        (target,) = filter_["targets"]
        for number in set(placed) - set(filter_["scope"]["excluded"]):
            assert target["column"]["name"] in columns[charts[placed[number]]["dataset_uuid"]]


def _parts(dashboard: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [part for part in dashboard["position"].values() if isinstance(part, dict) and part["type"] == kind]


def test_bars_begin_at_zero(files: Files) -> None:
    bars = [chart for chart in _of(files, "charts").values() if chart["viz_type"] == "echarts_timeseries_bar"]
    assert bars
    assert {chart["params"]["y_axis_bounds"][0] for chart in bars} == {0}


def test_it_says_what_is_invented_as_the_release_says_it_and_claims_no_cause(files: Files) -> None:
    release = _of(files, "charts")["release"]
    template = release["params"]["handlebarsTemplate"]
    assert "{{#if this.is_synthetic}}" in template
    assert "SYNTHETIC" in template
    assert {"is_synthetic", "release_id"} <= set(release["params"]["all_columns"])
    said = [text for chart in _of(files, "charts").values() for text in (chart["slice_name"], chart["description"])]
    assert [text for text in said if CAUSAL.search(text)] == []
