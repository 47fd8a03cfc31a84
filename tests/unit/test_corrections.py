"""The corrections ledger: strict, evidenced, and about sources that exist."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import polars as pl
import pytest

from pipelines.editions import tables
from pipelines.errors import Faults
from pipelines.registry import load_corrections, load_sources
from pipelines.settings import CORRECTIONS_DIR, Workspace
from schemas.corrections import Correction

REAL = "staff_survey_2024_q16c.yml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(CORRECTIONS_DIR / REAL, tmp_path / REAL)
    return tmp_path


def faults_after(folder: Path, old: str, new: str) -> str:
    path = folder / REAL
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(Faults) as caught:
        load_corrections(folder)
    return str(caught.value)


def test_shipped_entries_have_evidence_and_are_no_sources():
    entries = {entry.correction_id: entry for entry in load_corrections()}
    assert entries["staff_survey_2024_q16c"].action == "withhold"
    assert all(entry.evidence and entry.found_by for entry in entries.values())
    assert not entries.keys() & load_sources().keys()


def test_a_source_that_does_not_exist_is_reported(folder):
    reason = faults_after(folder, "source_id: nhs_staff_survey", "source_id: nhs_staff_surveys")
    assert "source_id `nhs_staff_surveys`" in reason and "nhs_staff_survey" in reason


def test_a_source_whose_models_know_no_ledger_is_reported(folder):
    assert "models apply the ledger" in faults_after(folder, "source_id: nhs_staff_survey", "source_id: ods_trusts")


def test_withholding_needs_a_guard(folder):
    assert "needs a `guard`" in faults_after(folder, "guard: {shown_values_equal: 100.0}\n", "")


def test_an_unknown_key_names_the_nearest(folder):
    assert "the nearest is `evidence`" in faults_after(folder, "evidence:", "evidense:")


REPLACE = {
    "correction_id": "one_cell",
    "source_id": "nhs_staff_survey",
    "editions": ["2024", "2025"],
    "where": {"question_id": ["q3f"], "response_option": ["Agree"]},
    "wrong": "A slip.",
    "evidence": "The publisher's letter.",
    "found_by": "somebody",
    "found_on": dt.date(2026, 1, 1),
    "action": "replace",
    "replacements": [{"org_code": "ZX001", "published": 4.5, "correct": 45.0}],
    "origin": "the publisher's letter",
    "review_date": dt.date(2027, 1, 1),
}


def test_a_replacement_is_a_row_for_each_edition_and_organisation():
    rows = list(tables._correction_rows(Correction(**REPLACE)))
    assert [(row["edition"], row["org_codes"], row["guard_value"], row["replacement_value"]) for row in rows] == [
        ("2024", "ZX001", 4.5, 45.0),
        ("2025", "ZX001", 4.5, 45.0),
    ]
    assert {row["response_options"] for row in rows} == {"Agree"} and {row["statistics"] for row in rows} == {None}


def test_a_replacement_says_where_its_value_comes_from():
    with pytest.raises(ValueError, match="origin"):
        Correction(**{**REPLACE, "origin": None})


@pytest.mark.parametrize(("origin", "entries"), [("published", len(load_corrections())), ("synthetic", 0)])
def test_the_ledger_is_about_published_files_only(origin, entries, tmp_path):
    workspace = Workspace(tmp_path, origin)
    tables.write_registry(workspace, {}, [])
    rows = pl.read_parquet(workspace.staged / "registry_corrections" / "all.parquet")
    assert rows["correction_id"].n_unique() == entries
