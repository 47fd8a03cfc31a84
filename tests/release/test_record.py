"""The record: every indicator of a release, assured in all its sections, and its figures as tidy rows."""

from __future__ import annotations

import pytest
import standin

from pipelines.release import connect
from pipelines.release.record import read_record
from pipelines.release.values import COLUMNS, read_values
from pipelines.settings import DUCKDB_FILE

ASSURED = (
    *("name", "description", "rationale", "numerator_definition", "denominator_definition", "exposure"),
    *("methodology", "frequency", "interpretation", "limitations", "perverse_incentive", "review_date"),
)
"""Clarity, rationale, data, construction, presentation and interpretation, risks."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return standin.candidate(standin.workspace(tmp_path_factory.mktemp("home")), "2026.1.0")


@pytest.fixture(scope="module")
def record(folder):
    return read_record(folder)


def _rows(folder, record, indicator_id):
    with connect(folder / DUCKDB_FILE) as connection:
        return read_values(connection, record.indicator(indicator_id))


def test_measures_come_before_the_maturity_and_evidence_of_each_driver(record):
    ids = [indicator.indicator_id for indicator in record.indicators]
    assert ids[:2] == ["m0", "m1"]
    assert ids[9:] == [f"{kind}_d{i}" for kind in ("maturity", "evidence") for i in range(5)]


def test_every_section_of_the_assurance_is_written(record):
    assert [(i.indicator_id, name) for i in record.indicators for name in ASSURED if not getattr(i, name)] == []


def test_words_by_rule_name_the_driver_they_are_about(record):
    assert "What driver 3 asks for." in record.indicator("maturity_d3").description


def test_figures_have_the_columns_that_every_output_relies_on(folder, record):
    for indicator in record.indicators:
        with connect(folder / DUCKDB_FILE) as connection:
            assert read_values(connection, indicator).columns == list(COLUMNS)


def test_a_proportion_has_the_intervals_that_wilson_gives(folder, record):
    """10 of 30, by hand: centre (10 + z²/2) / (30 + z²), half width z √(10·20/30 + z²/4) / (30 + z²); z = 1.959964
    gives 0.352252 ± 0.159947, and z = 3.090232 gives 0.373576 ± 0.235110."""
    row = _rows(folder, record, "m0").filter(area_code="R1").to_dicts()[0]
    assert (row["lower_95"], row["upper_95"]) == pytest.approx((19.2305, 51.2199), abs=1e-3)
    assert (row["lower_998"], row["upper_998"]) == pytest.approx((13.8466, 60.8686), abs=1e-3)


def test_no_figure_means_no_interval_and_a_letter(folder, record):
    row = _rows(folder, record, "m0").filter(area_code="R9").to_dicts()[0]
    assert [row[name] for name in ("value", "lower_95", "upper_998")] == [None, None, None]
    assert (row["value_status"], row["note"]) == ("suppressed", "c")


def test_a_score_has_no_interval(folder, record):
    rows = _rows(folder, record, "m8")
    assert rows["value"].null_count() < rows.height
    assert rows["lower_95"].null_count() == rows.height


def test_england_has_no_parent_and_a_trust_has_its_region(folder, record):
    areas = {row["area_code"]: row for row in _rows(folder, record, "m0").to_dicts()}
    assert (areas["ENG"]["area_type"], areas["ENG"]["parent_code"]) == ("england", None)
    assert (areas["R1"]["parent_code"], areas["R1"]["parent_name"]) == ("Y56", "London")


def test_maturity_of_all_organisations_is_that_of_england(folder, record):
    rows = _rows(folder, record, "maturity_d0").to_dicts()
    assert [(row["area_code"], row["period_key"], row["value"]) for row in rows] == [("ENG", "2026", 3.0)]
