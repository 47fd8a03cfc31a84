"""The workbook: what its cells say, that it keeps to the checklist, and that the checklist can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.workbook import Workbook

from pipelines.release import workbook
from pipelines.release.record import read_record
from pipelines.release.workbook_check import CHECKS, workbook_faults
from pipelines.release.workbook_tables import SHEETS, Column


@pytest.fixture(scope="module")
def book(served_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook of the served sample, written again."""
    release = served_sample / "serving" / "current"
    folder = tmp_path_factory.mktemp("book")
    (folder / "nhs_impact_warehouse.duckdb").symlink_to((release / "nhs_impact_warehouse.duckdb").resolve())
    return workbook.write_workbook(folder, read_record(folder))


@pytest.fixture(scope="module")
def small_book(served_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the first rows of each table, quick to read again and again."""
    folder = tmp_path_factory.mktemp("small")
    file = served_sample / "serving" / "current" / "nhs_impact_warehouse.duckdb"
    (folder / file.name).symlink_to(file.resolve())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbook, "SHEETS", tuple(replace(sheet, sql=f"{sheet.sql} limit 30") for sheet in SHEETS))
        return workbook.write_workbook(folder, read_record(folder))


FIGURE = Column("value", "Figure", 1)


@pytest.mark.parametrize(
    ("value", "status", "printed"),
    [
        (0.0, "observed", 0.0),
        (12.34, "observed", 12.3),
        (None, "suppressed", "[c]"),
        (None, "not_applicable", "[z]"),
        (None, "not_rated", "[z]"),
        (None, "not_collected", "[x]"),
        (None, "observed", "[x]"),
        (12.34, "provisional", "12.3 [p]"),
        (12.34, "revised", "12.3 [r]"),
        (13.0, "suppressed", 13.0),
    ],
)
def test_a_cell_is_a_figure_or_the_letter_that_says_why_not(value: float, status: str, printed: object) -> None:
    assert workbook._cell(value, FIGURE, status) == printed


def test_the_workbook_of_the_sample_keeps_to_the_checklist_and_says_synthetic(book: Path) -> None:
    assert workbook_faults(book) == []
    assert "SYNTHETIC" in book.name
    assert all("SYNTHETIC" in sheet["A1"].value for sheet in openpyxl.load_workbook(book).worksheets)


def test_the_same_release_gives_the_same_bytes(book: Path) -> None:
    before = book.read_bytes()
    folder = book.parent.parent
    assert workbook.write_workbook(folder, read_record(folder)).read_bytes() == before


def test_cells_are_those_of_the_released_tables(book: Path, served_sample: Path) -> None:
    import duckdb

    file = served_sample / "serving" / "current" / "nhs_impact_warehouse.duckdb"
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        told = connection.execute(
            "select value from pub_measure_values where measure_id = 'sickness_absence' "
            "and period_type = 'financial_year' and org_code = 'ZX002' order by period_key desc limit 1"
        ).fetchone()
    sheet = openpyxl.load_workbook(book)["Outcomes"]
    rows = [[cell.value for cell in row] for row in sheet[sheet.tables["outcomes"].ref]]
    place = next(place for place, name in enumerate(rows[0]) if name.startswith("Sickness absence rate (percent)"))
    (row,) = [row for row in rows if row[0] == "ZX002"]
    assert row[place] == round(told[0], 2)


def _merge(book: Workbook) -> None:
    book["England"].merge_cells("A20:B20")


def _unmark(book: Workbook) -> None:
    book["England"].tables.clear()


def _empty(book: Workbook) -> None:
    book["England"]["B9"] = None


def _repeat_header(book: Workbook) -> None:
    book["England"]["B5"] = book["England"]["A5"].value


def _write_below(book: Workbook) -> None:
    book["England"].cell(book["England"].max_row + 2, 1, "Source: somewhere")


def _untitle(book: Workbook) -> None:
    book["England"]["A1"] = None


def _asterisk(book: Workbook) -> None:
    book["Levels"]["F9"] = "*"


def _unexplained(book: Workbook) -> None:
    book["England"]["D9"] = "[u]"


def _lost_note(book: Workbook) -> None:
    book["England"]["A5"] = "Indicator [note 99]"


def _bare_link(book: Workbook) -> None:
    cell = book["England"]["A9"]
    cell.value, cell.hyperlink = "https://example.org", "https://example.org"


def _freeze(book: Workbook) -> None:
    book["England"].freeze_panes = "B2"


def _comment(book: Workbook) -> None:
    book["England"]["A9"].comment = Comment("floats", "nobody")


def _hide(book: Workbook) -> None:
    book["England"].row_dimensions[9].hidden = True


def _footer(book: Workbook) -> None:
    book["England"].oddFooter.center.text = "Page &P"


def _fill(book: Workbook) -> None:
    book["England"]["D9"].fill = PatternFill("solid", fgColor="FF0000")


def _forget_author(book: Workbook) -> None:
    book.properties.creator = None


def _move_cursor(book: Workbook) -> None:
    book["Cover"].sheet_view.selection[0].activeCell = "C7"


def _open_elsewhere(book: Workbook) -> None:
    book.active = 3


def _blank_sheet(book: Workbook) -> None:
    book.create_sheet("Sheet1")


DAMAGE: dict[str, list[Callable[[Workbook], None]]] = {
    "tables_are_tables": [_unmark, _blank_sheet],
    "cells_are_whole": [_merge],
    "cells_are_filled": [_empty],
    "headers_are_one_row": [_repeat_header],
    "nothing_below_tables": [_write_below],
    "titles_are_first": [_untitle],
    "symbols_are_shorthand": [_asterisk],
    "shorthand_is_explained": [_unexplained],
    "notes_are_there": [_lost_note],
    "links_have_words": [_bare_link],
    "nothing_floats": [_freeze, _comment, _hide, _footer],
    "colour_says_nothing": [_fill],
    "properties_are_set": [_forget_author],
    "reading_begins_at_the_top": [_move_cursor, _open_elsewhere, _blank_sheet],
}


def test_every_line_of_the_checklist_is_shown_failing(small_book: Path) -> None:
    assert set(DAMAGE) == {check.__name__ for check in CHECKS}
    for check in CHECKS:
        for damage in DAMAGE[check.__name__]:
            opened = openpyxl.load_workbook(small_book)
            assert list(check(opened)) == []
            damage(opened)
            assert list(check(opened)), f"{check.__name__} does not see {damage.__name__}"
