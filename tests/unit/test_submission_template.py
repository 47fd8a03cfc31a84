"""The template: whoever fills it in can read it, and what they chose comes out of the reader again."""

from __future__ import annotations

import datetime as dt
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from pipelines.errors import Fault
from pipelines.submissions import reference, template
from tests.submitting import fill_in, know_trusts, take

VERSIONS = reference.versions()


@pytest.fixture(params=VERSIONS)
def book(request, tmp_path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(template.write(reference.instrument(request.param), tmp_path / "blank.xlsx"))


def test_it_names_itself_and_its_language(book):
    said = book.properties
    assert "submission" in said.title and "instrument version" in said.subject
    assert said.language == "en-GB" and said.creator == reference.inbox_source().owner


def test_every_sheet_is_one_table_from_a1_with_a_frozen_header(book):
    assert book.sheetnames == ["Guidance", "Submission", "Answers", "Levels"]
    for sheet in book:
        (table,) = sheet.tables.values()
        assert table.ref == sheet.dimensions and table.ref.startswith("A1:") and table.headerRowCount == 1
        assert sheet.freeze_panes == "A2" and not sheet.merged_cells.ranges
        assert not any(cell.fill.fill_type for row in sheet.iter_rows() for cell in row), (
            "no colour stands for anything"
        )
        assert all(cell.alignment.wrap_text for cell in sheet[2])


def test_what_is_chosen_from_a_list_says_so_in_words(book):
    rules = [rule for sheet in book for rule in sheet.data_validations.dataValidation]
    assert sorted(rule.type for rule in rules) == ["date", "list", "list", "list"]
    for rule in rules:
        assert rule.prompt and rule.promptTitle and rule.error and rule.errorTitle
        assert rule.showInputMessage and rule.showErrorMessage
    level = next(rule for rule in book["Answers"].data_validations.dataValidation)
    assert level.formula1 == "level_choices" and "level_choices" in book.defined_names


def test_the_levels_of_the_list_are_those_of_the_instrument(book):
    version = next(row[1].value for row in book["Submission"].iter_rows() if row[0].value == "Instrument version")
    levels = [level.choice for level in reference.instrument(version).levels]
    assert [cell.value for cell in book["Levels"]["A"][1:]] == [*levels, "Not applicable"]


def test_guidance_tells_every_scope_and_how_to_withdraw(book):
    topics = [cell.value for cell in book["Guidance"]["A"]]
    scopes = [f"Sharing scope: {word.label}" for word in reference.words("sharing_scope").values()]
    assert {*scopes, "How to withdraw", "Whom to ask", "Sharing scope left empty"} <= set(topics)


# By the seeds: of the self-assessment nothing is verified, of the other the name and the questions are.
@pytest.mark.parametrize(
    ("version", "unconfirmed", "has_drivers"),
    [
        ("impact-sa-1", "the wording of the name, the questions, the levels.", True),
        ("provider-capability-1", "the wording of the levels.", False),
    ],
)
def test_guidance_fits_the_instrument(version, unconfirmed, has_drivers, tmp_path):
    book = openpyxl.load_workbook(template.write(reference.instrument(version), tmp_path / "blank.xlsx"))
    said = {row[0].value: row[1].value for row in book["Guidance"].iter_rows(min_row=2)}
    assert said["About the wording"] == f"Not yet confirmed by NHS England: {unconfirmed}"
    assert ("driver" in " ".join([*said, *said.values()]).lower()) == has_drivers


def test_nothing_is_said_of_the_wording_where_all_of_it_is_verified(tmp_path):
    instrument = replace(reference.instrument("impact-sa-1"), unconfirmed=())
    book = openpyxl.load_workbook(template.write(instrument, tmp_path / "blank.xlsx"))
    assert "About the wording" not in [cell.value for cell in book["Guidance"]["A"]]


def test_nobody_else_is_asked_to_share_more_than_they_say(book):
    scope = next(row[1].value for row in book["Submission"].iter_rows() if row[0].value == "Sharing scope")
    assert scope == "Private"


def test_the_same_seeds_give_the_same_bytes(tmp_path):
    first, second = (
        template.write(reference.instrument(VERSIONS[0]), tmp_path / name) for name in ("a.xlsx", "b.xlsx")
    )
    assert first.read_bytes() == second.read_bytes()
    assert zipfile.ZipFile(first).testzip() is None


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_filled_in_is_what_is_staged(version, tmp_path, workspace):
    know_trusts(tmp_path / "ods", workspace)
    (tmp_path / "inbox").mkdir()
    fill_in(tmp_path / "inbox" / "filled.xlsx", version, sharing_scope="National named")
    result = take(tmp_path / "inbox", workspace)
    rows = pl.read_parquet(workspace.staged / result.source_id / "*.parquet")
    instrument = reference.instrument(version)
    chosen = [instrument.levels[turn % len(instrument.levels)].level for turn in range(len(instrument.items))]
    assert rows.select("item_id", "level").rows() == [
        (item.item_id, level) for item, level in zip(instrument.items, chosen, strict=True)
    ]
    said = ("org_code", "assessment_date", "submission_status", "sharing_scope")
    assert rows.select(said).unique().rows() == [("ZX001", dt.date(2025, 6, 1), "board_approved", "national_named")]


def test_an_unknown_instrument_is_answered_with_those_that_are_known():
    with pytest.raises(Fault, match="impact-sa-1, provider-capability-1"):
        reference.instrument("impact-sa-99")


def test_a_blank_date_cell_takes_a_date(tmp_path, workspace):
    """A spreadsheet stores what is typed into the cell as a date, not as a text."""
    know_trusts(tmp_path / "ods", workspace)
    (tmp_path / "inbox").mkdir()
    fill_in(Path(tmp_path / "inbox" / "filled.xlsx"), assessment_date=dt.datetime(2025, 6, 1))
    rows = pl.read_parquet(workspace.staged / take(tmp_path / "inbox", workspace).source_id / "*.parquet")
    assert rows["assessment_date"].unique().to_list() == [dt.date(2025, 6, 1)]
