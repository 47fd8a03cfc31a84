"""Broken input, one by one: each is a five-part error or a rejected row, and what was good stays.

Each test takes a good file of the SYNTHETIC sample into a workspace, then a broken one of the same edition.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from pipelines import staging
from pipelines.errors import PARTS
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store import arrivals, parquet, snapshots

SURVEY, SICKNESS, ATTENDANCES = "nhs_staff_survey", "sickness_absence", "ae_four_hour"
NATIONAL, BENCHMARK = "nhs_staff_survey_national", "nhs_staff_survey_benchmark"
RTT, ODS, RETURNS = "rtt_full_extract", "ods_trusts", "impact_self_assessment"
FILES = {
    SURVEY: "nhs_staff_survey/NSS25 detailed spreadsheets organisational results.xlsx",
    NATIONAL: "nhs_staff_survey_national/NSS25 detailed spreadsheets national results.xlsx",
    BENCHMARK: "nhs_staff_survey_benchmark/NSS-Benchmark-report-excel-data-for-2021-2025.xlsx",
    SICKNESS: "sickness_absence/NHS Sickness Absence rates CSV, March 2026.csv",
    ATTENDANCES: "ae_four_hour/Monthly-AE-March-2026.csv",
}


def take(path: Path, source_id: str, workspace: Workspace) -> staging.StagedSource:
    source = load_sources()[source_id]
    snapshots.take(arrivals.look_into(path.parent, [source]).claimed, workspace.raw)
    return staging.stage_source(source, workspace)


@pytest.fixture
def held(sample: Path, workspace: Workspace, tmp_path: Path) -> Callable[[str], Path]:
    """Takes the good file of a source in, and returns a writable copy of it to break."""

    def prepare(source_id: str) -> Path:
        take(_copied(sample / FILES[source_id], tmp_path / "good"), source_id, workspace)
        return _copied(sample / FILES[source_id], tmp_path / "broken")

    return prepare


def _copied(path: Path, folder: Path) -> Path:
    return Path(shutil.copy(path, _folder(folder)))


def _folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path


def refused(path: Path, source_id: str, workspace: Workspace) -> str:
    """The reason of the one refusal; the good vintage must still be the newest accepted one."""
    result = take(path, source_id, workspace)
    assert (result.count("accepted"), result.count("refused")) == (1, 1)
    (reason,) = [note.reason for note in result.notes.values() if note.reason]
    labels = {"todo": "to do"}
    assert all(f"\n  {labels.get(part, part)}" in reason for part in PARTS)
    rows = pl.read_parquet(workspace.staged / source_id / "*.parquet")
    assert rows.height > 0 and rows["vintage_rank"].unique().to_list() == [1]
    return reason


def rejected(path: Path, source_id: str, workspace: Workspace) -> pl.DataFrame:
    """The rejected rows of the newest file, which was not refused otherwise."""
    result = take(path, source_id, workspace)
    newest = list(result.notes)[-1]
    assert result.notes[newest].outcome != "refused"
    return pl.read_parquet(parquet.rejects_path(workspace, newest))


def test_truncated_workbook(held, workspace):
    path = held(SURVEY)
    path.write_bytes(path.read_bytes()[:-4000])
    assert "not a whole file" in refused(path, SURVEY, workspace)


def test_html_error_page_named_csv(held, workspace):
    path = held(SICKNESS)
    path.write_text("<!DOCTYPE html><html><head><title>403 Forbidden</title></head></html>")
    assert "a web page" in refused(path, SICKNESS, workspace)


def test_renamed_header(held, workspace):
    path = held(SICKNESS)
    path.write_text(path.read_text().replace("FTE_DAYS_LOST", "FTE_DAYS_SICK", 1))
    reason = refused(path, SICKNESS, workspace)
    assert "lacks FTE_DAYS_LOST" in reason and "row 1" in reason


def change_workbook(path: Path, change: Callable[[openpyxl.Workbook], None]) -> None:
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)


def test_missing_sheet(held, workspace):
    path = held(SURVEY)
    change_workbook(path, lambda book: book.remove(book["THEMES"]))
    assert "no sheet for THEMES" in refused(path, SURVEY, workspace)


def test_sheet_with_another_range_of_questions_is_read(held, workspace):
    path = held(NATIONAL)

    def other_range(book: openpyxl.Workbook) -> None:
        book["YOUR MANAGERS Q9"].title = "YOUR MANAGERS Q9a-9i"

    change_workbook(path, other_range)
    result = take(path, NATIONAL, workspace)
    assert (result.count("accepted"), result.total("rows_rejected")) == (2, 0)
    assert {note.rows_accepted for note in result.notes.values()} == {5_222}


def test_renamed_sheet_of_the_survey(held, workspace):
    path = held(NATIONAL)

    def other_name(book: openpyxl.Workbook) -> None:
        book["YOUR MANAGERS Q9"].title = "LINE MANAGERS Q9"

    change_workbook(path, other_name)
    assert "no sheet for YOUR MANAGERS Q.*" in refused(path, NATIONAL, workspace)


def test_one_of_several_sheets_of_the_survey_is_missing(held, workspace):
    path = held(NATIONAL)
    change_workbook(path, lambda book: book.remove(book["HEALTH WELLBEING SAFETY Q18-22"]))
    assert "nothing for q19a, q19b, q19c, q19d, q20a, q20b" in refused(path, NATIONAL, workspace)


def test_question_under_another_number(held, workspace):
    path = held(NATIONAL)

    def renumber(book: openpyxl.Workbook) -> None:
        for cell in book["YOUR ORGANISATION Q25-26"][1]:
            if str(cell.value).startswith("Q26a - "):
                cell.value = cell.value.replace("Q26a", "Q27a")

    change_workbook(path, renumber)
    assert "nothing for q26a" in refused(path, NATIONAL, workspace)


def test_survey_of_a_year_that_the_concordance_does_not_know(held, workspace):
    path = held(NATIONAL)
    result = take(path.rename(path.with_name(path.name.replace("NSS25", "NSS19"))), NATIONAL, workspace)
    (reason,) = result.reasons
    assert "edition 2019, of which the reference list survey_question says nothing" in reason


def test_a_dash_is_suppressed_unless_a_question_is_crossed_with_itself(held, workspace):
    path = held(NATIONAL)

    def hide(book: openpyxl.Workbook) -> None:
        book["YOUR TEAM Q7"]["E8"] = "-"

    change_workbook(path, hide)
    take(path, NATIONAL, workspace)
    newest = pl.read_parquet(workspace.staged / NATIONAL / "*.parquet").filter(vintage_rank=1)
    counts = dict(newest.group_by("value_status").len().iter_rows())
    assert counts == {"observed": 5_222 - 43, "not_applicable": 6 * 7, "suppressed": 1}


def test_fractions_where_percentages_were(held, workspace):
    path = held(NATIONAL)

    def to_fractions(book: openpyxl.Workbook) -> None:
        sheet = book["YOUR MANAGERS Q9"]
        for column in sheet.iter_cols(min_row=5, min_col=5):
            for cell in column[1:] if column[0].value.startswith("% ") else ():
                cell.value = cell.value / 100

    change_workbook(path, to_fractions)
    reason = refused(path, NATIONAL, workspace)
    assert "column `value`: q9a" in reason and "fractions of 1" in reason


def test_percentages_where_fractions_were(held, workspace):
    path = held(BENCHMARK)

    def to_percentages(book: openpyxl.Workbook) -> None:
        for sheet in book.worksheets[2:]:
            for cell in (cell for row in sheet.iter_rows(min_row=2) for cell in row):
                if isinstance(cell.value, float) and sheet.cell(1, cell.column).value.startswith("q"):
                    cell.value = cell.value * 100

    change_workbook(path, to_percentages)
    assert "a percentage from 0 to 100" in refused(path, BENCHMARK, workspace)


def test_a_new_sheet_is_reported_and_the_file_is_taken(held, workspace):
    path = held(SURVEY)
    change_workbook(path, lambda book: book.create_sheet("ARTIFICIAL INTELLIGENCE Q36"))
    result = take(path, SURVEY, workspace)
    first, changed = result.notes.values()
    assert first.notes == () and changed.outcome == "accepted"
    assert changed.notes == (
        "sheets that are not read, and that the source YAML does not know: ARTIFICIAL INTELLIGENCE Q36",
    )


def test_value_out_of_range_in_one_cell(held, workspace):
    path = held(SURVEY)

    def raise_score(book: openpyxl.Workbook) -> None:
        book["THEMES"]["G6"] = 68.4

    change_workbook(path, raise_score)
    rows = rejected(path, SURVEY, workspace)
    assert rows.select("source_sheet", "source_row", "column", "found", "expected").rows() == [
        ("THEMES", 6, "value", "68.4", "a score from 0 to 10")
    ]


def test_values_out_of_range_in_a_whole_column(held, workspace):
    path = held(SURVEY)

    def to_percent(book: openpyxl.Workbook) -> None:
        for name in ("THEMES", "PEOPLE PROMISE ELEMENTS"):
            for row in book[name].iter_rows(min_row=6, min_col=7):
                for cell in row[::2]:
                    cell.value = cell.value * 10 if isinstance(cell.value, float) else cell.value

    change_workbook(path, to_percent)
    reason = refused(path, SURVEY, workspace)
    assert "a score from 0 to 10" in reason and 'sheet "THEMES", row 6' in reason


def test_duplicate_organisation_row(held, workspace):
    path = held(SICKNESS)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[5]]) + "\n")
    rows = rejected(path, SICKNESS, workspace)
    assert rows["source_row"].to_list() == [6, len(lines) + 1]
    assert set(rows["expected"]) == {"one row for each period_end, org_code"}


def test_another_month_under_this_name(held, sample, workspace):
    path = held(SICKNESS)
    shutil.copy(sample / FILES[SICKNESS].replace("March 2026", "February 2026"), path)
    assert "2026-02-28" in refused(path, SICKNESS, workspace)


def test_booked_appointments_left_out(held, workspace):
    path = held(ATTENDANCES)
    frame = pl.read_csv(path, infer_schema=False)
    frame.drop(name for name in frame.columns if "Booked" in name).write_csv(path)
    reason = refused(path, ATTENDANCES, workspace)
    assert "nothing for attendances_booked_other" in reason and "every sum would be too small" in reason


def test_total_row_missing(held, workspace):
    path = held(ATTENDANCES)
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    assert "0 total rows" in refused(path, ATTENDANCES, workspace)


def test_row_lost_from_the_middle(held, workspace):
    path = held(ATTENDANCES)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:5] + lines[6:]) + "\n")
    assert "rows that add up to" in refused(path, ATTENDANCES, workspace)


def test_zip_bomb(tmp_path, workspace):
    path = _folder(tmp_path / "in") / "Full-CSV-data-file-Jan26-ZIP-4M-bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("20260131-RTT-January-2026-full-extract.csv", b"0" * 100_000_000)
    result = take(path, RTT, workspace)
    (reason,) = [note.reason for note in result.notes.values()]
    assert "zip bomb" in reason and "100,000,000 bytes" in reason


@pytest.fixture
def inbox(sample: Path, workspace: Workspace, tmp_path: Path) -> Path:
    """An inbox with one good return, in a workspace that knows the sample's trusts."""
    take(sample / "ods_trusts" / "etr_2026-04.csv", ODS, workspace)
    first = min((sample / "submissions").glob("*.xlsx"))
    return Path(shutil.copy(first, _folder(tmp_path / "inbox") / "return.xlsx"))


def test_workbook_for_an_unknown_organisation(inbox, workspace):
    def other_code(book: openpyxl.Workbook) -> None:
        for row in book["Submission"].iter_rows():
            if row[0].value == "ODS code":
                row[1].value = "QQ999"

    change_workbook(inbox, other_code)
    rows = rejected(inbox, RETURNS, workspace)
    assert rows.height == 22 and set(rows["found"]) == {"QQ999"}
    assert set(rows["expected"]) == {"an organisation in the loaded ODS editions or the staff survey"}


def test_return_with_a_formula(inbox, workspace):
    def formula(book: openpyxl.Workbook) -> None:
        book["Answers"]["C5"] = "=1+2"

    change_workbook(inbox, formula)
    assert "cell C5" in _only_reason(inbox, workspace)


def test_return_with_macros(inbox, workspace):
    content = inbox.read_bytes()
    inbox.unlink()
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    path = inbox.with_name("return.xlsm")
    path.write_bytes(stream.getvalue())
    assert "macros" in _only_reason(path, workspace)


def test_return_with_a_label_removed(inbox, workspace):
    def forget(book: openpyxl.Workbook) -> None:
        for row in book["Submission"].iter_rows():
            if row[0].value == "Sharing scope":
                row[0].value = "Scope?"

    change_workbook(inbox, forget)
    assert "no label Sharing scope" in _only_reason(inbox, workspace)


def test_return_with_a_level_that_is_no_level(inbox, workspace):
    def wild(book: openpyxl.Workbook) -> None:
        book["Answers"]["C5"] = 7

    change_workbook(inbox, wild)
    rows = rejected(inbox, RETURNS, workspace)
    assert rows.select("column", "found", "expected").rows() == [
        ("level", "impact-sa-1, 7", "instrument_version, level as in the reference list instrument_level")
    ]


def test_return_with_an_item_that_the_instrument_does_not_have(inbox, workspace):
    def other_item(book: openpyxl.Workbook) -> None:
        book["Answers"]["A5"] = "p9_9"

    change_workbook(inbox, other_item)
    rows = rejected(inbox, RETURNS, workspace)
    assert rows.select("source_row", "column", "found").rows() == [(5, "item_id", "impact-sa-1, p9_9")]


def test_return_on_the_template_of_another_version(inbox, workspace):
    def other_version(book: openpyxl.Workbook) -> None:
        for row in book["Submission"].iter_rows():
            if row[0].value == "Instrument version":
                row[1].value = "impact-sa-99"

    change_workbook(inbox, other_version)
    rows = rejected(inbox, RETURNS, workspace)
    assert rows["source_row"].n_unique() == 22
    assert rows.filter(pl.col("column") == "instrument_version")["expected"].unique().to_list() == [
        "instrument_version as in the reference list instrument"
    ]


def test_return_that_answers_an_item_twice(inbox, workspace):
    def twice(book: openpyxl.Workbook) -> None:
        book["Answers"]["A6"] = book["Answers"]["A5"].value

    change_workbook(inbox, twice)
    rows = rejected(inbox, RETURNS, workspace)
    assert rows["source_row"].to_list() == [5, 6] and set(rows["found"]) == {"a row that is there more than once"}


@pytest.mark.parametrize(
    ("written", "level"), [("3 - Progressing", 3), ("progressing", 3), ("3 - Starting", None), ("Not applicable", None)]
)
def test_return_with_a_level_by_its_name(written, level, inbox, workspace):
    """A name that belongs to another number is rejected; `Not applicable` is an answer without a level."""

    def by_name(book: openpyxl.Workbook) -> None:
        book["Answers"]["C5"] = written

    change_workbook(inbox, by_name)
    result = take(inbox, RETURNS, workspace)
    rows = pl.read_parquet(workspace.staged / RETURNS / "*.parquet").filter(pl.col("source_row") == 5)
    assert rows["level"].to_list() == ([] if written == "3 - Starting" else [level])
    assert result.total("rows_rejected") == (1 if written == "3 - Starting" else 0)


def _only_reason(path: Path, workspace: Workspace) -> str:
    result = take(path, RETURNS, workspace)
    (reason,) = [note.reason for note in result.notes.values() if note.reason]
    return reason
