"""The candidate: one DuckDB file with what is marked for release, stamped, sorted and described."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date

import duckdb
import pytest
import standin

from pipelines.assets.warehouse import set_environment
from pipelines.errors import Fault
from pipelines.release import build_candidate, connect
from pipelines.release.candidate import released_models
from pipelines.release.reading import STORAGE_HEADER, storage_header, table_names
from pipelines.settings import DUCKDB_FILE
from schemas import published


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return standin.workspace(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def folder(place):
    return standin.candidate(place, "2026.1.0")


@pytest.fixture
def connection(folder):
    with connect(folder / DUCKDB_FILE) as opened:
        yield opened


def test_holds_every_promised_table_and_nothing_that_is_not_marked(connection):
    assert set(table_names(connection)) == {table.name for table in published.TABLES}
    assert "fct_maturity_responses" not in table_names(connection)


def test_release_id_is_the_last_column_of_every_released_table(connection):
    rows = connection.execute(
        "select table_name, last(column_name order by column_index) from duckdb_columns() "
        "where not internal and table_name not in ('release_info', 'dictionary') group by table_name"
    ).fetchall()
    assert {column for _, column in rows} == {"release_id"}


def test_rows_are_sorted_by_key(connection):
    rows = connection.execute("select measure_id, org_code from pub_measure_values").fetchall()
    assert rows == sorted(rows)


def test_table_comments_say_that_the_data_are_synthetic(connection):
    comments = connection.execute("select comment from duckdb_tables()").fetchall()
    assert all(comment.startswith("SYNTHETIC. ") for (comment,) in comments)
    described = connection.execute("select comment from duckdb_tables() where table_name = 'dim_source'")
    assert described.fetchone() == ("SYNTHETIC. The publisher's own words.",)


def test_nobody_else_can_look_at_what_is_not_out(tmp_path, monkeypatch):
    for name in ("IMPACT_WAREHOUSE", "IMPACT_STAGED", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "")
    place = standin.workspace(tmp_path)
    set_environment(place)
    standin.candidate(place, "2026.1.0")
    assert place.candidate.stat().st_mode & 0o077 == place.warehouse.parent.stat().st_mode & 0o077 == 0
    assert standin.published_release(place, "2026.1.0").stat().st_mode & 0o777 == 0o555


def test_published_data_are_not_called_synthetic(tmp_path):
    folder = standin.candidate(standin.workspace(tmp_path, "published"), "2026.1.0")
    with connect(folder / DUCKDB_FILE) as opened:
        comments = opened.execute("select comment from duckdb_tables()").fetchall()
        assert opened.execute("select is_synthetic from release_info").fetchone() == (False,)
    assert not any("SYNTHETIC." in comment for (comment,) in comments)
    assert not any("SYNTHETIC" in path.name for path in folder.rglob("*"))


def test_dictionary_lists_every_column_of_every_table_and_itself(connection):
    listed = connection.execute("select table_name, column_name from dictionary").fetchall()
    there = connection.execute("select table_name, column_name from duckdb_columns() where not internal").fetchall()
    assert sorted(listed) == sorted(there) and ("dictionary", "data_type") in listed


def test_dictionary_takes_dbt_descriptions_before_the_promise(connection):
    rows = dict(
        connection.execute(
            "select column_name, description from dictionary where table_name = 'pub_measure_values'"
        ).fetchall()
    )
    assert rows["data_origin"] == "It's SYNTHETIC or published."
    assert rows["org_code"] == published.ORG_CODE.meaning
    assert rows["release_id"] == published.RELEASE_ID.meaning


def test_release_info_says_whose_knowledge_it_holds(tmp_path):
    now = standin.workspace(tmp_path)
    then = replace(now, as_at=date(2026, 8, 1))
    shutil.copytree(now.warehouse.parent, then.warehouse.parent)
    folder = build_candidate(then, standin.manifest_path(now), "as-at-2026-08-01", "abc1234")
    assert folder.is_relative_to(now.base / "as-at" / "2026-08-01")
    with connect(folder / DUCKDB_FILE) as connection:
        assert connection.execute("select as_at from release_info").fetchall() == [(date(2026, 8, 1),)]


def test_release_info_says_what_the_release_is(connection):
    info = connection.execute("select * from release_info").fetchall()
    assert info == [("2026.1.0", 1, standin.BUILT_AT.replace(tzinfo=None), True, "abc1234", None)]


def test_file_is_in_the_old_storage_format_with_no_log_beside_it(folder):
    assert storage_header(folder / DUCKDB_FILE) == STORAGE_HEADER
    assert not list(folder.glob("*.wal"))


def test_candidate_is_made_afresh(place, folder):
    stray = folder / "stray.txt"
    stray.write_text("left over")
    standin.candidate(place, "2026.1.0")
    assert not stray.exists()


def test_manifest_without_a_marked_model_is_refused(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": {"a": {"config": {"meta": {}}}}}))
    with pytest.raises(Fault, match="no model goes into a release"):
        released_models(path)


def test_marked_table_that_was_not_built_is_refused(tmp_path):
    place = standin.workspace(tmp_path)
    with duckdb.connect(str(place.warehouse)) as writer:
        writer.execute("drop table core.dim_period")
    with pytest.raises(Fault, match="core.dim_period is marked for release but was not built"):
        build_candidate(place, standin.manifest_path(place), "2026.1.0", "abc1234")


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('/etc/hostname')",
        "copy (select 1) to 'out.csv'",
        "attach 'other.duckdb'",
        "set enable_external_access = true",
        "delete from dim_driver",
    ],
)
def test_readers_can_reach_nothing_but_the_file(connection, statement):
    with pytest.raises(duckdb.Error):
        connection.execute(statement)
