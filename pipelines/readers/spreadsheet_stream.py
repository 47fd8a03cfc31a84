"""Reads tables of OpenDocument spreadsheets while they are being unpacked, in little memory.

Belongs here: cutting the stream into sheets, rows and cells, and what a cell says. Does not belong here:
limits of unpacking (container.py), types and meaning, forms and question grids (workbook.py).

CQC's ratings unpack to 839 MB of markup, but most cells repeat: each different piece of markup is understood
once and remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from html import unescape
from itertools import chain, zip_longest

import polars as pl

from pipelines.errors import Fault
from pipelines.readers.container import cut_short, unpacked
from pipelines.readers.frame import HEADER_WITHIN, ROW, SHEET, find_header, unique_names
from pipelines.readers.spreadsheet_cell import cell_texts
from pipelines.readers.workbook import refuse_cut_sheet, wanted_sheets
from schemas.source import Layout

CONTENT = "content.xml"
ROW_START, ROW_END = b"<table:table-row", b"</table:table-row>"
CELL_START, COVERED_CELL = b"<table:table-cell", b"table:covered-table-cell"
DOCUMENT_END = b"</office:document-content>"
SHEET_START = re.compile(rb'<table:table\s[^>]*?table:name="([^"]*)"')
ROWS_REPEATED = re.compile(rb'table:number-rows-repeated="(\d+)"')
MAX_ROWS = 1_048_576
ROWS_AT_ONCE = 16_384
MAX_REMEMBERED = 150_000
MAX_ROW_BYTES = 64 * 1024**2

Row = list[str]


class Cells(dict[bytes, tuple[str, ...]]):
    """Texts of a cell by its markup; a repeated cell has several, all the same."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def __missing__(self, markup: bytes) -> tuple[str, ...]:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        texts = self[markup] = cell_texts(markup, self.where)
        return texts


class Sheet:
    """Collects the records of one sheet; rows with nothing in them are left out but counted."""

    def __init__(self, name: str, header: Sequence[str], where: str) -> None:
        self.name = name
        self.place = f'{where}, sheet "{name}"'
        self._wanted = header
        self._head: list[Row] = []
        self._header: Row | None = None
        self._last_used = self._read = 0
        self._rows: list[Row] = []
        self._numbers: list[int] = []
        self._frames: list[pl.DataFrame] = []

    def take(self, row: Row, times: int) -> None:
        """The next row, or as many that are alike. Raises Fault where there are more than a sheet can hold."""
        if times < 1:
            raise cut_short(self.place, "a row that is there 0 times")
        first = self._read + 1
        self._read += times
        if not "".join(row).strip():
            self._take_blank(times)
            return
        if self._read > MAX_ROWS:
            raise cut_short(self.place, f"{self._read:,} rows with something in them")
        self._last_used = self._read
        for number in range(first, self._read + 1):
            self._add(row, number)

    def _take_blank(self, times: int) -> None:
        if self._header is None and self._head:
            self._head += [[] for _ in range(min(times, HEADER_WITHIN))]

    def _add(self, row: Row, number: int) -> None:
        if self._header is None:
            self._head.append(row)
            self._numbers.append(number)
            if len(self._head) >= HEADER_WITHIN:
                self._find_header()
            return
        self._rows.append(row)
        self._numbers.append(number)
        if len(self._rows) == ROWS_AT_ONCE:
            self._flush()

    def _find_header(self) -> None:
        start = find_header(self._head, self._wanted, self.place)
        used = [index for index, row in enumerate(self._head) if row]
        after = [place for place, index in enumerate(used) if index > start]
        self._header = self._head[start]
        self._rows = [self._head[used[place]] for place in after]
        self._numbers = [self._numbers[place] for place in after]

    def _flush(self) -> None:
        if not self._rows:
            return
        width = len(self._header or [])
        columns = list(zip_longest(*self._rows, [""] * width, fillvalue=""))
        series = [pl.Series(f"{i}", cells[:-1], dtype=pl.String) for i, cells in enumerate(columns)]
        self._frames.append(pl.DataFrame([*series, pl.Series(ROW, self._numbers, dtype=pl.Int32)]))
        self._rows, self._numbers = [], []

    def frame(self) -> pl.DataFrame:
        """All records under the header. Raises Fault where there is no header, or the sheet was cut off."""
        if self._header is None:
            self._find_header()
        refuse_cut_sheet(self.place, self._last_used)
        self._flush()
        names = unique_names(self._header or [])
        empty = pl.DataFrame(schema={**{f"{i}": pl.String for i in range(len(names))}, ROW: pl.Int32})
        frame = pl.concat([empty, *self._frames], how="diagonal")
        return _named(frame, self._header or []).with_columns(pl.lit(self.name, dtype=pl.String).alias(SHEET))


def _named(frame: pl.DataFrame, header: Row) -> pl.DataFrame:
    """Columns under their names, blanks where rows were short; a column with neither name nor text is left out."""
    columns = [name for name in frame.columns if name != ROW]
    names = dict(zip(columns, unique_names([*header, *[""] * (len(columns) - len(header))]), strict=True))
    beyond = columns[len(header) :]
    frame = frame.with_columns(pl.col(beyond).fill_null(""))
    unused = [name for name in beyond if not (frame[name] != "").any()]
    return frame.drop(unused).rename({name: names[name] for name in columns if name not in unused})


def read_tables(content: bytes, layout: Layout, where: str, edition: str) -> pl.DataFrame:
    """One row per record of every wanted sheet, all text. Raises Fault."""
    patterns = layout.sheets_of(edition)
    names: list[str] = []
    sheets: list[Sheet] = []
    cells = Cells(where)
    current: Sheet | None = None
    for tag, row, after in _rows(unpacked(content, CONTENT, where), where):
        if current and tag is not None:
            current.take(_texts(row, cells), _times(tag))
        for match in SHEET_START.finditer(after):
            names.append(unescape(match[1].decode(errors="replace")))
            is_wanted = not patterns or any(re.fullmatch(pattern, names[-1]) for pattern in patterns)
            current = Sheet(names[-1], layout.header, where) if is_wanted else None
            sheets += [current] if current else []
    wanted_sheets(names, patterns, where)
    return pl.concat([sheet.frame() for sheet in sheets], how="diagonal")


def _rows(chunks: Iterable[bytes], where: str) -> Iterator[tuple[bytes | None, list[bytes], bytes]]:
    """Of each row: its tag, the markup of its cells, and what follows it; at first, what precedes all rows.

    Raises Fault where the document ends too early or holds markup that spreadsheet programs do not write.
    """
    pieces = _pieces(chunks, where)
    after = next(pieces)
    yield None, [], after
    for piece in pieces:
        if b"<!" in piece:
            raise _odd(where, "comments or declarations between the rows")
        row, end, after = piece.partition(ROW_END)
        if not end:
            row, _, after = piece.partition(b"/>")
        if COVERED_CELL in row:
            row = row.replace(COVERED_CELL, CELL_START[1:])
        tag, *cells = row.split(CELL_START)
        if not end and b">" in row:
            raise _odd(where, "a table inside a cell")
        yield tag, cells, after
    if DOCUMENT_END not in after:
        raise cut_short(where, f"{CONTENT} without its end")


def _pieces(chunks: Iterable[bytes], where: str) -> Iterator[bytes]:
    """The markup from the start of one row to the start of the next."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(ROW_START)
        yield from whole
        if len(rest) > MAX_ROW_BYTES:
            raise _odd(where, f"a row of more than {MAX_ROW_BYTES:,} bytes")
    yield rest


def _texts(row: list[bytes], cells: Cells) -> Row:
    """The texts of a row without the blank cells at its end, of which CQC's rows have thousands."""
    texts = [cells[markup] for markup in row]
    while texts and not texts[-1][0]:
        texts.pop()
    return list(chain.from_iterable(texts))


@lru_cache(maxsize=1024)
def _times(tag: bytes) -> int:
    match = ROWS_REPEATED.search(tag)
    # Python converts no number of thousands of digits; twelve are more than any sheet holds.
    return int(match[1][:12]) if match else 1


def _odd(where: str, found: str) -> Fault:
    return Fault(
        where,
        f"{found} in {CONTENT}",
        "sheets, rows and cells as spreadsheet programs write them",
        "a file made by a program, or tampered with",
        "open it in a spreadsheet program, save it again under its name, and report this",
    )
