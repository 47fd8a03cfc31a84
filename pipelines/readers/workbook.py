"""Reads sheets of xlsx, xlsb and ods workbooks into frames of text cells.

Belongs here: choosing sheets, finding headers, the question grid of survey workbooks.
Does not belong here: unpacking and safety (container.py), forms (submission.py), types and meaning.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from pipelines.errors import Fault
from pipelines.readers import unread
from pipelines.readers.frame import (
    OPTION,
    QUESTION,
    ROW,
    SHEET,
    VALUE,
    Cell,
    day_in_words,
    find_header,
    from_rows,
    plain,
    text,
    tidy,
    unique_names,
)
from schemas.source import Layout

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

# Programs that save a sheet stop without a word at these numbers of rows.
ROW_LIMITS = (65_536, 1_048_576)
DAYS = ("published_on", "revised_on")

Grid = list[list[Cell]]


def read_tables(content: bytes, layout: Layout, where: str, edition: str) -> pl.DataFrame:
    """One row per record of every wanted sheet, all text. Raises Fault."""
    frames = []
    for sheet, first_row, grid in sheets(content, layout.sheets_of(edition), where):
        start = find_header(grid, layout.header, f'{where}, sheet "{sheet}"')
        names = unique_names(grouped(grid, start) if layout.group_row else grid[start])
        frame = from_rows(names, grid[start + 1 :], first_row + start + 1, sheet)
        frames.append(frame.with_columns(_labelled(grid[:start], layout)))
    return pl.concat(frames, how="diagonal")


def grouped(grid: Grid, header: int) -> list[Cell]:
    """Header cells with the group that stands above them, or above the nearest cell to their left."""
    groups, group = [], ""
    above = grid[header - 1] if header else []
    for column in range(len(grid[header])):
        group = tidy(above[column] if column < len(above) else "") or group
        groups.append(group)
    return [
        f"{group}: {tidy(cell)}" if group and tidy(cell) else cell
        for group, cell in zip(groups, grid[header], strict=True)
    ]


def _labelled(above: Grid, layout: Layout) -> list[pl.Expr]:
    """What stands to the right of each wanted label above the header, as a column; null where nothing does."""
    beside = {plain(cell): row[place + 1 :] for row in above for place, cell in enumerate(row) if plain(cell)}
    columns = []
    for name, label in layout.labels.items():
        cells = [tidy(cell) for cell in beside.get(plain(label), []) if tidy(cell)]
        value = cells[0] if cells else None
        columns.append(pl.lit(day_in_words(value) if name in DAYS else value, dtype=pl.String).alias(f"@{name}"))
    return columns


def read_question_grid(content: bytes, layout: Layout, where: str, edition: str) -> pl.DataFrame:
    """One row per organisation, question and response option of every wanted sheet, all text.

    The question stands above the first of its response columns and holds until the next one.
    Raises Fault.
    """
    frames = []
    for sheet, first_row, grid in sheets(content, layout.sheets_of(edition), where):
        place = f'{where}, sheet "{sheet}"'
        start = find_header(grid, layout.header, place)
        questions = _questions_above(grid[:start], len(grid[start]), place)
        frames.append(_melt(grid[start:], questions, first_row + start, sheet))
    return pl.concat(frames, how="diagonal")


def sheets(content: bytes, patterns: Sequence[str], where: str) -> Iterator[tuple[str, int, Grid]]:
    """Name, number of the first used row and cells of each sheet that a pattern matches.

    No pattern means all sheets. Raises Fault where a pattern matches none, or a sheet ends at a row limit.
    """
    book = open_workbook(content, where)
    for name in wanted_sheets(book.sheet_names, patterns, where):
        sheet = book.get_sheet_by_name(name)
        grid = _without_padding(sheet.to_python(skip_empty_area=True))
        top = sheet.start[0] if sheet.start else 0
        refuse_cut_sheet(f'{where}, sheet "{name}"', top + len(grid))
        yield name, top + 1, grid


def open_workbook(content: bytes, where: str) -> CalamineWorkbook:
    """The workbook, or a Fault that says that it cannot be read."""
    from python_calamine import CalamineError, CalamineWorkbook, ZipError

    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except BaseException as error:
        # The library panics over some damage; a panic of Rust is no Exception, and has no name to import.
        if not isinstance(error, (CalamineError, ZipError, OSError)) and type(error).__name__ != "PanicException":
            raise
        raise Fault(
            where,
            f"a workbook that cannot be read: {error}",
            "a complete workbook",
            "an interrupted download or a damaged file",
            "open it in a spreadsheet program; fetch it again if that fails too",
            quotes_file=True,
        ) from error


def wanted_sheets(names: list[str], patterns: Sequence[str], where: str) -> list[str]:
    """The names that a pattern matches, or all where there is none. Raises Fault where a pattern matches none."""
    if not patterns:
        return names
    matched = {pattern: [name for name in names if re.fullmatch(pattern, name)] for pattern in patterns}
    missing = [pattern for pattern, hits in matched.items() if not hits]
    if missing:
        raise Fault(
            where,
            f"no sheet for {'; '.join(missing)}. There are: {'; '.join(names)}",
            f"a sheet for each of: {'; '.join(patterns)}",
            "the publisher renamed or dropped a sheet, or this is another of its workbooks",
            "correct the patterns in the source YAML, or fetch the right workbook",
            quotes_file=True,
        )
    chosen = {name for hits in matched.values() for name in hits}
    unread.tell(name for name in names if name not in chosen)
    return [name for name in names if name in chosen]


def _without_padding(grid: Grid) -> Grid:
    while grid and not any(text(cell).strip() for cell in grid[-1]):
        grid.pop()
    return grid


def refuse_cut_sheet(where: str, rows: int) -> None:
    """Raises Fault where the last used row is the last that a kind of sheet can hold."""
    if rows not in ROW_LIMITS:
        return
    raise Fault(
        where,
        f"exactly {rows:,} rows, the most that a sheet of this kind can hold",
        "a sheet that ends before the limit",
        "somebody opened the file in a spreadsheet program and saved it, which cut it short",
        "fetch the publisher's own file; this copy is truncated",
    )


def _questions_above(rows: Grid, width: int, where: str) -> list[str]:
    """Question text of every column, from the row above the header that holds most texts; '' for id columns."""
    top = max(rows, key=lambda row: sum(bool(plain(cell)) for cell in row[1:]), default=[])
    filled, current = [""], ""
    for column in range(1, width):
        cell = text(top[column]).strip() if column < len(top) else ""
        current = cell or current
        filled.append(current)
    if not current:
        raise Fault(
            where,
            "no question text above the header row",
            "a question above each group of response columns",
            "the publisher changed the layout",
            "compare the sheet with `layout` in the source YAML",
        )
    return filled


def _melt(grid: Grid, questions: list[str], header_row: int, sheet: str) -> pl.DataFrame:
    names = unique_names(grid[0])
    first = next(index for index, question in enumerate(questions) if question)
    body = [(header_row + i, row) for i, row in enumerate(grid[1:], start=1) if text(row[0]).strip()]
    ids = {name: [text(row[j]) for _, row in body] for j, name in enumerate(names[:first])}
    keys = pl.DataFrame({**ids, ROW: [number for number, _ in body]}, schema_overrides={ROW: pl.Int32})
    parts = [
        keys.with_columns(
            pl.lit(questions[j]).alias(QUESTION),
            pl.lit(text(grid[0][j]).strip()).alias(OPTION),
            pl.Series(VALUE, [text(row[j]) for _, row in body], dtype=pl.String),
        )
        for j in range(first, len(names))
    ]
    return pl.concat(parts).with_columns(pl.lit(sheet).alias(SHEET))
