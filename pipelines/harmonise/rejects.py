"""The table of rows that were not accepted, each with its place and its reason.

Belongs here: its columns and its wording. Does not belong here: deciding what is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Set

import polars as pl

from pipelines.readers.frame import ROW, SHEET

Rejects = pl.DataFrame
# The place of a row in the reader's frame: one record of the file may become many rows.
POSITION = "@position"
REPEATED = "a row that is there more than once"
HIDDEN = "a text that is not shown here, because it may be personal"
# At most six characters with a digit among them: no name, address or telephone number.
CODE_OR_DATE = r"(?=.*\d)[A-Za-z0-9._-]{1,6}|\d{4}-\d\d-\d\d|"
COLUMNS = (POSITION, ROW, SHEET, "column", "found", "expected")
SCHEMA = pl.Schema(
    {
        POSITION: pl.Int32(),
        ROW: pl.Int32(),
        SHEET: pl.String(),
        "column": pl.String(),
        "found": pl.String(),
        "expected": pl.String(),
    }
)


def none() -> Rejects:
    """No rejects."""
    return pl.DataFrame(schema=SCHEMA)


def of_rows(frame: pl.DataFrame, column: str, found: pl.Expr, expected: str) -> Rejects:
    """One reject for every row of this frame."""
    return frame.select(
        POSITION,
        ROW,
        SHEET,
        pl.lit(column).alias("column"),
        found.cast(pl.String).alias("found"),
        pl.lit(expected).alias("expected"),
    )


def discreet(rejects: Rejects, vocabulary: Set[str]) -> Rejects:
    """The same rejects for a file with personal data: of what was found only codes, dates and known words.

    Somebody may have written a name or an address into any cell.
    """
    words = rejects["found"].drop_nulls().unique().to_list()
    shown = {word: word if _is_harmless(word, vocabulary) else HIDDEN for word in words}
    return rejects.with_columns(pl.col("found").replace_strict(shown, default=None, return_dtype=pl.String))


def _is_harmless(word: str, vocabulary: Set[str]) -> bool:
    parts = word.split(", ")
    return word == REPEATED or all(part in vocabulary or re.fullmatch(CODE_OR_DATE, part) for part in parts)


def examples(rejects: Rejects, most: int = 3) -> str:
    """The first few, in words: what was found and where."""
    rejects = rejects.unique([ROW, SHEET, "column", "found"], maintain_order=True)
    rows = rejects.sort(ROW, maintain_order=True).head(most).iter_rows(named=True)
    shown = [f"{row['column']} {row['found']!r} ({_place(row)})" for row in rows]
    more = rejects.height - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def _place(row: dict[str, object]) -> str:
    sheet = f'sheet "{row[SHEET]}", ' if row[SHEET] else ""
    return f"{sheet}row {row[ROW]}"
