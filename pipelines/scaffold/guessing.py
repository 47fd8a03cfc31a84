"""What a file of an unknown series looks like: where its table is, who is in it, which month it is about.

Belongs here: guesses from the content and the name of one file. Does not belong here: asking a person
(cli.py), writing YAML and SQL (writing.py), reading for the warehouse (readers/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import Fault
from pipelines.harmonise.periods import MONTHS
from pipelines.readers import workbook
from pipelines.readers.container import unpack
from pipelines.readers.delimited import as_utf8, first_records
from pipelines.readers.frame import HEADER_WITHIN, text, tidy

FORMATS = {".csv": "csv", ".zip": "csv", ".gz": "csv", ".xlsx": "xlsx", ".xlsb": "xlsb", ".xls": "xls", ".ods": "ods"}
ODS_CODE = re.compile(r"(?=.*[A-Z])[A-Z0-9]{3,6}")
FEWEST_CODES = 5
LOOKED_AT = 5_000
MARKS = {"-": "not_applicable", "*": "suppressed", "..": "missing", "n/a": "not_applicable", "N/A": "not_applicable"}
TOTALS = ("total", "england", "-", "eng", "grand total")

Grid = list[list[str]]


@dataclass(frozen=True)
class Table:
    """One table in a file. header: index of its header row in the grid. org: index of the column with ODS codes.

    columns: header names, with the group above them where there is one. has_groups: whether there is.
    """

    sheet: str
    grid: Grid
    header: int
    org: int
    columns: list[str]
    has_groups: bool

    @property
    def body(self) -> Grid:
        """Rows under the header in which anything stands."""
        return [row for row in self.grid[self.header + 1 :] if any(row)]

    @property
    def providers(self) -> Grid:
        """Rows whose organisation looks like an ODS code and not like a total."""
        return [row for row in self.body if is_code(row[self.org])]

    def cells(self, name: str) -> list[str]:
        """The cells of a column in the providers' rows."""
        place = self.columns.index(name)
        return [row[place] for row in self.providers]

    @property
    def counts(self) -> list[str]:
        """Columns that hold numbers (or marks in their place) for the providers."""
        return [name for name in self.columns if name and _is_counted(self.cells(name))]

    @property
    def marks(self) -> dict[str, str]:
        """Marks in place of numbers, each with the status that it usually stands for."""
        found = {cell for name in self.counts for cell in self.cells(name) if cell and not _is_number(cell)}
        return {mark: MARKS.get(mark, "missing") for mark in sorted(found)}

    @property
    def totals(self) -> tuple[str, list[str]] | None:
        """The column that marks total rows and the texts in it, if there is any such row."""
        others = [row for row in self.body if not is_code(row[self.org])]
        for place, name in enumerate(self.columns):
            texts = sorted({row[place] for row in others if row[place].casefold() in TOTALS})
            if name and texts:
                return name, texts
        return None

    @property
    def filled(self) -> str | None:
        """A column that only notes around the table leave blank, if there are notes and such a column."""
        marked, texts = self.totals or ("", [])
        total = self.columns.index(marked) if marked else None
        is_note = [not is_code(row[self.org]) and (total is None or row[total] not in texts) for row in self.body]
        for place, name in enumerate(self.columns):
            if name and any(is_note) and [not row[place] for row in self.body] == is_note:
                return name
        return None

    @property
    def name_column(self) -> str | None:
        """The column with the organisations' names, if one looks like it."""
        likely = [name for name in self.columns if re.search(r"(?i)(org|provider|trust).*name|^name$", name)]
        return likely[0] if likely else None


def is_code(cell: str) -> bool:
    """Whether a cell looks like an ODS code of an organisation, and not like a total."""
    return bool(ODS_CODE.fullmatch(cell)) and cell.casefold() not in TOTALS


def look_at(path: Path, sheet: str = "") -> Table:
    """The table of this sheet, or else of the one that names most organisations.

    Raises Fault where no column holds ODS codes.
    """
    grids = [(name, grid) for name, grid in _grids(path) if sheet in ("", name)]
    tables = [table for name, grid in grids if (table := _table(name, grid))]
    if tables:
        return max(tables, key=lambda table: len({row[table.org] for row in table.providers}))
    raise Fault(
        f"file {path.name}",
        f"no column with {FEWEST_CODES} or more ODS codes on {sheet or 'any sheet'}",
        "one row for each provider, with its ODS code in a column",
        "organisations are named but not coded, or this is a file of national figures",
        "choose the provider-level file of the series; a measure without organisations cannot be linked",
    )


def format_of(path: Path) -> str:
    """What is inside, by the ending of the name. Raises Fault for an ending that no reader knows."""
    found = FORMATS.get(path.suffix.lower())
    if found:
        return found
    raise Fault(
        f"file {path.name}",
        f"the ending {path.suffix or '(none)'}",
        f"one of {', '.join(FORMATS)}",
        "another kind of file",
        "save the publisher's CSV or workbook and name that",
    )


def _grids(path: Path) -> list[tuple[str, Grid]]:
    kind, where = format_of(path), f"file {path.name}"
    content = unpack(path, where, kind)
    if kind == "csv":
        return [("", _tidied([record for record, _ in first_records(as_utf8(content), LOOKED_AT)]))]
    return [(name, _tidied(grid)) for name, _, grid in workbook.sheets(content, (), where)]


def _tidied(grid: list[list[object]] | Grid) -> Grid:
    width = max((len(row) for row in grid), default=0)
    return [[tidy(text(cell)) for cell in row] + [""] * (width - len(row)) for row in grid]


def _table(sheet: str, grid: Grid) -> Table | None:
    org = _org_column(grid)
    if org is None:
        return None
    header = _header_row(grid, org)
    if header is None:
        return None
    names = grid[header]
    has_groups = _has_groups(grid, header)
    columns = workbook.grouped(grid, header) if has_groups else names
    return Table(sheet, grid, header, org, [tidy(name) for name in columns], has_groups)


def _org_column(grid: Grid) -> int | None:
    width = len(grid[0]) if grid else 0
    distinct = [len({row[place] for row in grid if is_code(row[place])}) for place in range(width)]
    best = max(range(width), key=lambda place: distinct[place], default=None)
    return best if best is not None and distinct[best] >= FEWEST_CODES else None


def _header_row(grid: Grid, org: int) -> int | None:
    """The nearest row above the first provider that holds names and no numbers."""
    rows = (i for i, row in enumerate(grid) if is_code(row[org]) and any(_is_number(cell) for cell in row))
    first = next(rows, 0)
    for index in range(first - 1, max(first - HEADER_WITHIN, -1), -1):
        filled = [cell for cell in grid[index] if cell]
        if len(filled) >= 3 and grid[index][org] and not any(_is_number(cell) for cell in filled):
            return index
    return None


def _has_groups(grid: Grid, header: int) -> bool:
    names = [name for name in grid[header] if name]
    above = [cell for cell in grid[header - 1] if cell] if header else []
    return len(set(names)) < len(names) and bool(above)


def _is_counted(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    numbers = [cell for cell in filled if _is_number(cell)]
    return bool(numbers) and len(numbers) + sum(cell in MARKS for cell in filled) == len(filled)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


# A month in a file name, by what stands around it. The first that fits is taken.
NAMES_OF_MONTHS = "|".join(sorted((name for name in MONTHS), key=len))
PERIODS = (
    (rf"(?i)(?<![a-z])((?:{NAMES_OF_MONTHS})[a-z]*)([ _-]?)(20\d{{2}})", r"(?P<mon>[a-z]+)\2(?P<year>\d{4})", "month"),
    (
        rf"(?i)(?<![a-z])((?:{NAMES_OF_MONTHS})[a-z]*)([ _-]?)(\d{{2}})(?!\d)",
        r"(?P<mon>[a-z]+)\2(?P<yy>\d{2})",
        "month",
    ),
    (
        r"(?i)()()(?<![a-z0-9])Q[1-4][ _-]+20\d{2}[-_/]?\d{2}(?!\d)",
        r"Q(?P<quarter>[1-4])[ _-]+(?P<year>\d{4})[-_/]?\d{2}",
        "quarter",
    ),
    (r"()()(?<!\d)20\d{2}[-_]?(?:0[1-9]|1[0-2])(?!\d)", r"(?P<year>\d{4})[-_]?(?P<month>\d{2})", "month"),
)
SUFFIX = re.compile(r"[-_ ][A-Za-z0-9]*(?:[a-z][A-Z]|[A-Z][a-z][A-Z]|\d[A-Za-z]|[A-Za-z]\d|[A-Z]{5})[A-Za-z0-9]*$")


def file_pattern(name: str) -> tuple[str, str]:
    """A pattern for this name and its like in other editions, and the kind of period that it tells.

    A suffix that looks random is left open. Raises Fault where the name tells no period.
    """
    stem, ending = name.rsplit(".", 1)
    for looks, becomes, kind in PERIODS:
        *_, found = [None, *re.finditer(looks, stem)]
        if found:
            before, after = stem[: found.start()], _lasting(stem[found.end() :])
            middle = becomes.replace(r"\2", re.escape(found.group(2)))
            rest = rf"{re.escape(after)}(?P<revised>.*revised)?.*\.{ending}"
            return f"(?i){re.escape(before)}{middle}{rest}".replace(r"\ ", " ").replace(r"\-", "-"), kind
    raise Fault(
        f"file {name}",
        "a name that tells no month or quarter",
        "a name such as Beds-March-2025.csv or Beds-Q1-2025-26.xlsx",
        "the file was renamed after it was fetched",
        "give the file the publisher's own name; an edition is known by it",
    )


def _lasting(rest: str) -> str:
    """What follows the period in a name, without a mark of revision or a suffix that looks random."""
    return SUFFIX.sub("", re.sub(r"(?i)[-_ ]?revised.*$", "", rest))
