"""The survey's workbooks as published, staged alone: counts and figures against a second reading of the same files."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from pipelines import staging
from pipelines.harmonise.door import seed_path
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store import arrivals, snapshots

SOURCES = ("nhs_staff_survey", "nhs_staff_survey_national")
NATIONAL = "NSS24 detailed spreadsheets national results.xlsx"


@pytest.fixture(scope="module")
def staged(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    workspace = Workspace(tmp_path_factory.mktemp("home"), "published")
    for name in SOURCES:
        source = load_sources()[name]
        snapshots.take(arrivals.look_into(real_data / "staff_survey", [source]).claimed, workspace.raw)
        staging.stage_source(source, workspace)
    return {name: pl.read_parquet(workspace.staged / name / "*.parquet") for name in SOURCES}


@pytest.fixture(scope="module")
def grids(real_data: Path) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_path(str(real_data / "staff_survey" / NATIONAL))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names[1:]}


def test_every_cell_of_the_national_workbook_is_there(staged, grids):
    cells = [cell for grid in grids.values() for row in grid[5:] for cell in row[4:]]
    ours = staged["nhs_staff_survey_national"]
    assert (ours.height, ours.select("breakdown", "subgroup").n_unique()) == (len(cells), 171) == (134_748, 171)
    assert ours["value"].sum() == pytest.approx(sum(cell for cell in cells if cell != "-"), rel=1e-12)


def test_a_question_crossed_with_itself_is_not_suppressed(staged, grids):
    dashes = sum(cell == "-" for grid in grids.values() for row in grid[5:] for cell in row[4:])
    statuses = dict(staged["nhs_staff_survey_national"].group_by("value_status").len().iter_rows())
    assert statuses == {"observed": 134_748 - dashes, "not_applicable": dashes} and dashes == 2_446


def test_national_figures_of_the_defective_columns(staged):
    shown = staged["nhs_staff_survey_national"].filter(
        pl.col("breakdown") == "All", pl.col("question_id").str.starts_with("q16c"), pl.col("statistic") == "percent"
    )
    rounded = shown.sort("question_id")["value"].round(1).to_list()
    assert rounded == [54.1, 20.7, 6.2, 4.8, 10.1, 18.0, 22.0]


AGREE, OFTEN = ("Agree", "Strongly agree"), ("Often", "Always")


@pytest.mark.parametrize(
    ("column", "concept", "options"),
    [
        ("Burned_out_rate", "q12b", OFTEN),
        ("Emotionally_exhausting_rate", "q12a", OFTEN),
        ("Frustration_rate", "q12c", OFTEN),
        ("Stress_rate", "q11c", ("Yes",)),
        ("Enough_staff_rate", "q3i", AGREE),
        ("Time_demands_meet_rate", "q3g", AGREE),
        ("Mastery_meaning_rate", "q6a", AGREE),
        ("Membership_rate", "q7h", AGREE),
    ],
)
def test_shares_agree_with_a_derivation_by_others(staged, real_data, column, concept, options):
    """R. Badgett's derived file, all 263 organisations of 2024; his earlier years have no workbook here."""
    numbers = pl.read_csv(seed_path("survey_question")).filter(survey_year=2024, concept=concept)
    ours = staged["nhs_staff_survey"].filter(
        pl.col("question_id") == numbers["question_id"].item(), pl.col("response_option").is_in(options)
    )
    derived = pl.read_csv(real_data / "staff_survey" / "nss21-24_org_selected_measures_ebmgt.csv", infer_schema=False)
    theirs = derived.filter(pl.col("Year") == "2024").select(org_code="ODS code", theirs=pl.col(column).cast(float))
    both = ours.group_by("org_code").agg(pl.col("value").sum()).join(theirs, on="org_code")
    assert both.height == 263 and (both["value"] - both["theirs"]).abs().max() < 1e-9
