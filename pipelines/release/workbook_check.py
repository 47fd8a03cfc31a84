"""Whether a workbook keeps to the Analysis Function's checklist "Releasing statistics in spreadsheets".

Belongs here: one function for each line of the checklist that a program can judge. Does not belong here: making the
workbook (workbook.py). Each function gives sentences; none means that the line holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

SHORTHAND = re.compile(r"\[([a-z]{1,3}|low)\]")
NOTE = re.compile(r"\[note (\d+)\]")
OLD_SYMBOLS = re.compile(r"^(\*+|\.\.|:|-|#|n/a)$|[¹²³†‡]")
NOTES_SHEET = "Notes"
COVER = "Cover"

Check = Callable[["Workbook"], Iterator[str]]


def workbook_faults(path: Path) -> list[str]:
    """What of the checklist does not hold in a workbook: one sentence each, in the order of the checklist."""
    from openpyxl import load_workbook

    workbook = load_workbook(path)
    return [fault for check in CHECKS for fault in check(workbook)]


def tables_are_tables(workbook: Workbook) -> Iterator[str]:
    """Every sheet but the cover has one table, marked up as such."""
    for sheet in workbook.worksheets:
        if sheet.title != COVER and len(sheet.tables) != 1:
            yield f"{sheet.title}: {len(sheet.tables)} marked tables, not one"


def cells_are_whole(workbook: Workbook) -> Iterator[str]:
    """No merged cells."""
    for sheet in workbook.worksheets:
        if sheet.merged_cells.ranges:
            yield f"{sheet.title}: merged cells {sheet.merged_cells}"


def cells_are_filled(workbook: Workbook) -> Iterator[str]:
    """No empty cell, row or column inside a table: what is not there has a letter."""
    for sheet, rows in _tables(workbook):
        empty = [cell.coordinate for row in rows for cell in row if cell.value is None or not str(cell.value).strip()]
        if empty:
            yield f"{sheet.title}: {len(empty)} empty cells, such as {empty[0]}"


def headers_are_one_row(workbook: Workbook) -> Iterator[str]:
    """One header row: its names are texts, unique, wrapped, and the row below it is no second header."""
    for sheet, rows in _tables(workbook):
        names = [cell.value for cell in rows[0]]
        if not all(isinstance(name, str) and name for name in names) or len({*names}) != len(names):
            yield f"{sheet.title}: header names are not unique texts"
        if not all(cell.alignment.wrap_text for cell in rows[0]):
            yield f"{sheet.title}: header text is not wrapped"
        if len(rows) < 2:
            yield f"{sheet.title}: a table without rows"


def nothing_below_tables(workbook: Workbook) -> Iterator[str]:
    """Everything that is said of a table stands above it."""
    for sheet, rows in _tables(workbook):
        if sheet.max_row > rows[-1][0].row or sheet.max_column > rows[0][-1].column:
            yield f"{sheet.title}: cells below or beside the table"


def titles_are_first(workbook: Workbook) -> Iterator[str]:
    """A descriptive title in A1 of every sheet, no two the same."""
    titles = [sheet["A1"].value for sheet in workbook.worksheets]
    for sheet, title in zip(workbook.worksheets, titles, strict=True):
        if not isinstance(title, str) or len(title) < len("Notes") or titles.count(title) > 1:
            yield f"{sheet.title}: no title of its own in A1"


def symbols_are_shorthand(workbook: Workbook) -> Iterator[str]:
    """No asterisks, dots, dashes or superscript in place of shorthand and notes."""
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            found = [cell.coordinate for cell in row if isinstance(cell.value, str) and OLD_SYMBOLS.search(cell.value)]
            yield from (f"{sheet.title}: a symbol for a note or a missing figure in {place}" for place in found)


def shorthand_is_explained(workbook: Workbook) -> Iterator[str]:
    """Every letter in a table is explained above it."""
    for sheet, rows in _tables(workbook):
        used = {letter for row in rows[1:] for cell in row for letter in SHORTHAND.findall(str(cell.value))}
        above = " ".join(_above(sheet, rows[0][0].row))
        unexplained = used - set(SHORTHAND.findall(above))
        if unexplained:
            yield f"{sheet.title}: [{'], ['.join(sorted(unexplained))}] not explained above the table"


def notes_are_there(workbook: Workbook) -> Iterator[str]:
    """Every note that is referred to stands on the notes sheet, and the other way round."""
    told: set[str] = set()
    asked: set[str] = set()
    for sheet, rows in _tables(workbook):
        if sheet.title == NOTES_SHEET:
            told = {str(row[0].value) for row in rows[1:]}
        else:
            texts = [*_above(sheet, rows[0][0].row), *(str(cell.value) for cell in rows[0])]
            asked |= {number for text in texts for number in NOTE.findall(text)}
    if told != asked:
        yield f"{NOTES_SHEET}: notes {sorted(told ^ asked)} are told but not asked for, or asked for but not told"


def links_have_words(workbook: Workbook) -> Iterator[str]:
    """A link shows words and not its address, unless on the cover, where the licence is named beside it."""
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.hyperlink and str(cell.value).startswith("http"):
                    yield f"{sheet.title}: a bare address as link in {cell.coordinate}"


def nothing_floats(workbook: Workbook) -> Iterator[str]:
    """No headers, footers, pictures, charts or boxes, freeze panes, filters, and nothing hidden."""
    for sheet in workbook.worksheets:
        if sheet.oddHeader.center.text or sheet.oddFooter.center.text:
            yield f"{sheet.title}: a header or footer"
        if sheet._images or sheet._charts or any(cell.comment for row in sheet.iter_rows() for cell in row):
            yield f"{sheet.title}: a picture, chart or box that floats"
        if sheet.freeze_panes or sheet.auto_filter.ref:
            yield f"{sheet.title}: frozen panes or a filter"
        hidden = [*sheet.row_dimensions.values(), *sheet.column_dimensions.values()]
        if sheet.sheet_state != "visible" or any(dimension.hidden for dimension in hidden):
            yield f"{sheet.title}: a hidden sheet, row or column"


def colour_says_nothing(workbook: Workbook) -> Iterator[str]:
    """No cell is filled, so nothing is told by colour alone."""
    for sheet in workbook.worksheets:
        if any(cell.fill.fill_type for row in sheet.iter_rows() for cell in row):
            yield f"{sheet.title}: filled cells"


def properties_are_set(workbook: Workbook) -> Iterator[str]:
    """Title, subject and author of the file."""
    properties = workbook.properties
    missing = [name for name in ("title", "subject", "creator") if not getattr(properties, name)]
    if missing:
        yield f"workbook: no {', '.join(missing)} in its properties"


def reading_begins_at_the_top(workbook: Workbook) -> Iterator[str]:
    """The file opens on its first sheet, the cover, in A1, and every sheet has content and a sensible name."""
    if workbook.sheetnames[0] != COVER or workbook.active.title != COVER:
        yield "workbook: does not open on its cover"
    for sheet in workbook.worksheets:
        if sheet.sheet_view.selection[0].activeCell != "A1":
            yield f"{sheet.title}: the cursor is not in A1"
        if sheet.max_row < 2 or re.fullmatch(r"Sheet\d*", sheet.title):
            yield f"{sheet.title}: a blank sheet, or one without a name of its own"


CHECKS: tuple[Check, ...] = (
    tables_are_tables,
    cells_are_whole,
    cells_are_filled,
    headers_are_one_row,
    nothing_below_tables,
    titles_are_first,
    symbols_are_shorthand,
    shorthand_is_explained,
    notes_are_there,
    links_have_words,
    nothing_floats,
    colour_says_nothing,
    properties_are_set,
    reading_begins_at_the_top,
)


def _tables(workbook: Workbook) -> Iterator[tuple[Worksheet, list]]:
    """Each marked table with its sheet, as rows of cells, the header first."""
    for sheet in workbook.worksheets:
        for table in sheet.tables.values():
            yield sheet, list(sheet[table.ref])


def _above(sheet: Worksheet, header: int) -> list[str]:
    """What is said above a table."""
    return [str(row[0].value) for row in sheet.iter_rows(max_row=header - 1) if row[0].value]
