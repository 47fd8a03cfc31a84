"""Parquet and CSV: the same rows as in the DuckDB file, in the promised form."""

from __future__ import annotations

import csv

import duckdb
import pytest
import standin

from pipelines.release import connect
from pipelines.release.reading import row_counts
from pipelines.settings import DUCKDB_FILE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return standin.candidate(standin.workspace(tmp_path_factory.mktemp("home")), "2026.1.0")


@pytest.fixture(scope="module")
def counts(folder):
    with connect(folder / DUCKDB_FILE) as connection:
        return row_counts(connection)


def test_every_table_is_there_in_both_formats_with_all_its_rows(folder, counts):
    for table, rows in counts.items():
        parquet = folder / "parquet" / f"{table}_SYNTHETIC.parquet"
        assert duckdb.sql(f"select count(*) from '{parquet}'").fetchone() == (rows,)
        with (folder / "csv" / f"{table}_SYNTHETIC.csv").open(encoding="utf-8", newline="") as file:
            assert sum(1 for _ in csv.reader(file)) == rows + 1


def test_parquet_carries_its_origin_and_release(folder):
    path = folder / "parquet" / "pub_measure_values_SYNTHETIC.parquet"
    rows = duckdb.sql(f"select key, value from parquet_kv_metadata('{path}')").fetchall()
    assert {(b"data_origin", b"SYNTHETIC"), (b"release_id", b"2026.1.0")} <= set(rows)
    codecs = duckdb.sql(f"select distinct compression from parquet_metadata('{path}')").fetchall()
    assert codecs == [("ZSTD",)]


def test_csv_follows_rfc_4180(folder):
    content = (folder / "csv" / "dim_measure_SYNTHETIC.csv").read_bytes()
    assert content.startswith(b"measure_id,")
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert b'm0,"Measure, ""no. 0""",' in content


def test_csv_keeps_nulls_dates_and_full_precision(folder):
    with (folder / "csv" / "fct_survey_results_SYNTHETIC.csv").open(newline="") as file:
        values = {row["value_status"]: row["value"] for row in csv.DictReader(file)}
    assert values == {"withheld": "", "observed": "0.3333333333333333"}
    with (folder / "csv" / "pub_measure_values_SYNTHETIC.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["period_start"] == "2024-04-01"


def test_readme_of_synthetic_data_claims_no_publisher(folder):
    text = (folder / "README.txt").read_text(encoding="utf-8")
    assert text.startswith("*** SYNTHETIC.")
    for words in ("2026.1.0", "sha256sum -c", "Invented figures"):
        assert words in text
    assert "Contains NHS information" not in text


def test_readme_of_published_data_gives_licence_and_attribution(tmp_path):
    folder = standin.candidate(standin.workspace(tmp_path, "published"), "2026.1.0")
    text = (folder / "README.txt").read_text(encoding="utf-8")
    assert "SYNTHETIC" not in text
    for words in ("Open Government Licence v3.0", "Contains NHS information"):
        assert words in text
