"""The accessible workbook of a release: cover, contents, notes, and one table on each sheet.

Belongs here: laying tables out by the Analysis Function's guidance "Releasing statistics in spreadsheets". Does not
belong here: which tables there are (workbook_tables.py), or whether a workbook keeps to it (workbook_check.py).

A figure that is not shown is a letter in square brackets, explained above its table; CSV and parquet have no letters.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.release.reading import connect
from pipelines.release.record import Record
from pipelines.release.shorthand import LETTERS, MEANINGS
from pipelines.release.workbook_tables import DEFINITIONS, NOTES, SHEETS, Column, Sheet
from pipelines.settings import DUCKDB_FILE

if TYPE_CHECKING:
    import gptables

FOLDER = "workbook"
NAME = "nhs_impact"
NOT_AVAILABLE = "x"
SYNTHETIC = "SYNTHETIC: every figure is invented and says nothing about any organisation."
BESIDE_FIGURE = ("p", "r")
"""Letters that say more about a figure; all others stand where there is none."""
ACROSS_DECIMALS = 2
LINE_HEIGHT = 18
"""In points, of the largest text on the cover."""
CHARACTERS_IN_LINE = 80


def write_workbook(candidate: Path, record: Record) -> Path:
    """Write `workbook/nhs_impact.xlsx` into the candidate and return its path. A table without rows has no sheet."""
    import pandas as pd
    from gptables import produce_workbook

    path = candidate / FOLDER / f"{NAME}{record.suffix}.xlsx"
    path.parent.mkdir(exist_ok=True)
    frames = [*_frames(candidate), (DEFINITIONS, _definitions(record))]
    written = {sheet.label: _gptable(sheet, frame, record) for sheet, frame in frames if not frame.is_empty()}
    empty = [sheet.title for sheet, frame in frames if frame.is_empty()]
    used = _used_notes(sheet for sheet, frame in frames if not frame.is_empty())
    cover = _cover(record, empty)
    workbook = produce_workbook(
        str(path),
        written,
        cover=cover,
        contentsheet_options={"title": record.mark + "Contents", "column_names": ["Sheet", "What it holds"]},
        notes_table=pd.DataFrame({"Note reference": used, "Note text": [NOTES[key] for key in used]}),
        notesheet_options={"title": record.mark + "Notes"},
    )
    _stretch(workbook.get_worksheet_by_name("Cover"), cover)
    workbook.set_properties(_properties(record))
    workbook.close()
    return path


def _frames(candidate: Path) -> list[tuple[Sheet, pl.DataFrame]]:
    with connect(candidate / DUCKDB_FILE) as connection:
        return [(sheet, connection.execute(sheet.sql).pl()) for sheet in SHEETS]


def _definitions(record: Record) -> pl.DataFrame:
    """One row: indicator. Identifiers of units and directions are put in words."""
    found = [
        {column.name: getattr(indicator, column.name, None) for column in DEFINITIONS.columns}
        | {
            "unit": indicator.unit.replace("_", " "),
            "polarity": indicator.polarity.replace("_", " "),
            "source_name": indicator.source.source_name,
        }
        for indicator in record.indicators
    ]
    return pl.DataFrame(found, infer_schema_length=None)


def _gptable(sheet: Sheet, frame: pl.DataFrame, record: Record) -> gptables.GPTable:
    from gptables import GPTable

    columns, cells = _across(sheet, frame) if sheet.is_across else (sheet.columns, _cells(sheet.columns, frame))
    return GPTable(
        table=_table(columns, cells),
        table_name=sheet.label.lower(),
        title=record.mark + sheet.title,
        subtitles=[f"Release {record.release_id}, {record.built_at:%d %B %Y}"],
        instructions="This sheet has one table. Notes are on the sheet Notes; definitions on the sheet Indicators.",
        scope=f"Covers: {sheet.scope}.",
        legend=_legend(cells),
        table_notes={place: f"$${column.note}$$" for place, column in enumerate(columns) if column.note},
        index_columns={},
        additional_formatting=_formats(columns),
    )


def _table(columns: tuple[Column, ...], cells: list[list[Any]]) -> Any:
    """The cells as the pandas frame that gptables demands; figures and letters share columns of objects."""
    import pandas as pd

    names = [column.heading for column in columns]
    return pd.DataFrame(dict(zip(names, zip(*cells, strict=True), strict=True)), columns=names, dtype=object)


def _cells(columns: tuple[Column, ...], frame: pl.DataFrame) -> list[list[Any]]:
    """Rows of what is printed in each cell; none is empty."""
    return [[_cell(row[column.name], column, row.get("value_status")) for column in columns] for row in _rows(frame)]


def _rows(frame: pl.DataFrame) -> Iterable[dict[str, Any]]:
    return frame.iter_rows(named=True)


def _cell(value: Any, column: Column, status: str | None) -> Any:
    """A figure, rounded; a text; or the letter that says why there is none."""
    letter = LETTERS.get(status or "", "")
    if value is None:
        return f"[{letter or NOT_AVAILABLE}]"
    if column.decimals is None:
        return str(value)
    figure = round(value, column.decimals) if column.decimals else round(value)
    return f"{figure:.{column.decimals}f} [{letter}]" if letter in BESIDE_FIGURE else figure


def _across(sheet: Sheet, frame: pl.DataFrame) -> tuple[tuple[Column, ...], list[list[Any]]]:
    """One row for each organisation, one column for each indicator; a figure that nobody published is not available."""
    headings = frame["heading"].unique(maintain_order=True).to_list()
    figure = Column("value", "Figure", ACROSS_DECIMALS)
    shown: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in _rows(frame.sort("org_code", maintain_order=True)):
        organisation = tuple(row[column.name] or f"[{NOT_AVAILABLE}]" for column in sheet.columns)
        shown.setdefault(organisation, {})[row["heading"]] = _cell(row["value"], figure, row["value_status"])
    columns = (*sheet.columns, *(Column(heading, heading, ACROSS_DECIMALS, "period") for heading in headings))
    cells = [
        [*organisation, *(found.get(heading, f"[{NOT_AVAILABLE}]") for heading in headings)]
        for organisation, found in shown.items()
    ]
    return columns, cells


def _legend(cells: list[list[Any]]) -> list[str]:
    """What the letters of this table mean; only those it has."""
    texts = {cell for row in cells for cell in row if isinstance(cell, str) and cell.endswith("]")}
    used = {letter for letter in MEANINGS if any(text.endswith(f"[{letter}]") for text in texts)}
    if not used:
        return []
    return ["Shorthand in this table: " + "; ".join(f"[{key}] {MEANINGS[key]}" for key in sorted(used)) + "."]


def _formats(columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """Figures with the same number of decimals all the way down."""
    wanted: dict[str, list[int]] = {}
    for place, column in enumerate(columns):
        if column.decimals is not None:
            shape = "#,##0" + ("." + "0" * column.decimals if column.decimals else "")
            wanted.setdefault(shape, []).append(place)
    return [
        {"column": {"columns": places, "format": {"num_format": shape, "align": "right"}}}
        for shape, places in wanted.items()
    ]


def _used_notes(sheets: Iterable[Sheet]) -> list[str]:
    """Notes in the order in which sheets refer to them."""
    keys = [
        key
        for sheet in sheets
        for key in [*(column.note for column in sheet.columns), "period" if sheet.is_across else None]
        if key
    ]
    return list(dict.fromkeys(keys))


def _cover(record: Record, empty: list[str]) -> gptables.Cover:
    from gptables import Cover

    policy = record.policy
    left_out = [f"Left out, because this release has nothing to show in them: {'; '.join(empty)}."] if empty else []
    return Cover(
        cover_label="Cover",
        title=record.mark + policy["title"],
        intro=[
            policy["subtitle"] + ".",
            policy["notice"],
            policy["status_words"],
            f"Release {record.release_id}, built on {record.built_at:%d %B %Y}.",
            *([SYNTHETIC] if record.is_synthetic else []),
        ],
        about=[
            "An association between maturity and an outcome is no evidence that one brings about the other.",
            "A letter in square brackets stands where there is no figure, or says more about one. It is explained "
            "above each table. All figures, unrounded and without letters, are in the CSV and parquet files.",
            *left_out,
            f"Licence: {policy['licence']['title']}, {policy['licence']['url']}",
        ],
        contact=[policy["contact"] or "No contact has been named yet."],
    )


def _stretch(sheet: Any, cover: gptables.Cover) -> None:
    """Rows as high as their wrapped text: not every program does this when it opens a file."""
    headings = [cover.title, ""]
    for row, text in enumerate([*headings, *cover.intro, "", *cover.about, "", *cover.contact]):
        sheet.set_row(row, LINE_HEIGHT * (1 + len(text) // CHARACTERS_IN_LINE))


def _properties(record: Record) -> dict[str, Any]:
    """All of them at once: a second call would put the clock's time back."""
    return {
        "title": record.mark + record.policy["title"],
        "subject": record.policy["subtitle"],
        "author": record.policy["publisher"],
        "company": record.policy["publisher"],
        "category": record.policy["status"],
        "keywords": "NHS IMPACT, maturity, outcomes",
        "comments": f"Release {record.release_id}",
        "created": record.built_at,
    }
