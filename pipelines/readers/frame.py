"""What every reader hands on: text cells with the publisher's own column names and the place of each row.

Belongs here: the reader's frame, finding a header by its content, and naming what was found instead.
Does not belong here: opening files, or giving cells a type (pipelines/harmonise/).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence

import polars as pl

from pipelines.errors import Fault

ROW, SHEET = "@row", "@sheet"
QUESTION, OPTION, VALUE, NAME = "@question", "@option", "@value", "@name"
HEADER_WITHIN = 60

Cell = object


def text(cell: Cell) -> str:
    """A cell as text: dates in ISO form, whole floats without a decimal point, numbers in full precision."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)


def tidy(name: Cell) -> str:
    """A header without doubled or outer white space."""
    return re.sub(r"\s+", " ", text(name)).strip()


def plain(name: Cell) -> str:
    """A header for comparison: tidy, and in one case."""
    return tidy(name).casefold()


def day_in_words(words: str | None) -> str | None:
    """A day such as '13th November 2025' in ISO form; None for what is no day."""
    plain_words = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", words or "")
    for pattern in ("%d %B %Y", "%d %b %Y", "%d/%m/%Y", "%Y-%m-%d"):
        try:
            return dt.datetime.strptime(plain_words, pattern).date().isoformat()
        except ValueError:
            continue
    return None


def find_header(rows: Iterable[Sequence[Cell]], wanted: Sequence[str], where: str) -> int:
    """Index of the first row that holds all the wanted names, among the first rows of a sheet or file.

    Raises Fault that names the row which came nearest and what it lacks.
    """
    needed = {plain(name): name for name in wanted}
    best, best_row = -1, 0
    lacking = list(wanted)
    for index, row in enumerate(rows):
        if index >= HEADER_WITHIN:
            break
        present = {plain(cell) for cell in row}
        if needed.keys() <= present:
            return index
        hits = len(needed.keys() & present)
        if hits > best:
            best, best_row = hits, index
            lacking = [name for key, name in needed.items() if key not in present]
    raise Fault(
        f"{where}, row {best_row + 1}",
        f"no header row; the nearest lacks {', '.join(lacking)}",
        f"a row with {', '.join(wanted)}",
        "the publisher renamed a column or changed the layout",
        "compare the file with `layout` and `columns` in the source YAML and add the new name there",
    )


def unique_names(cells: Sequence[Cell]) -> list[str]:
    """Header cells as column names; an empty or repeated one gets its column number."""
    seen: set[str] = set()
    names = []
    for number, cell in enumerate(cells, start=1):
        name = tidy(cell)
        if not name or name in seen:
            name = f"{name} #{number}".strip()
        seen.add(name)
        names.append(name)
    return names


def from_rows(names: list[str], rows: Sequence[Sequence[Cell]], first_row: int, sheet: str) -> pl.DataFrame:
    """Rows of cells as a frame of text; rows with nothing in them are left out.

    first_row: the number of the first row in the sheet, counted from 1.
    """
    kept = [(first_row + i, row) for i, row in enumerate(rows) if any(text(cell).strip() for cell in row)]
    columns = {name: [text(row[j]) if j < len(row) else "" for _, row in kept] for j, name in enumerate(names)}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    return frame.with_columns(
        pl.Series(ROW, [number for number, _ in kept], dtype=pl.Int32),
        pl.lit(sheet, dtype=pl.String).alias(SHEET),
    )
