"""Reads the workbook that one organisation fills in: a form and a list of answers.

Belongs here: finding labels and answers. Does not belong here: which labels there are (source YAML), and
contact details or comments, which are never read.
"""

from __future__ import annotations

import polars as pl

from pipelines.errors import Fault
from pipelines.readers.frame import Cell, plain, text
from pipelines.readers.workbook import Grid, read_tables, sheets
from schemas.source import Layout


def read_form(content: bytes, layout: Layout, where: str, edition: str) -> pl.DataFrame:
    """One row per answer, with the form's values beside it, all text. Raises Fault."""
    answers = read_tables(content, layout, where, edition)
    details = _details(content, layout, where)
    # Only what the YAML names leaves this function: comments stay in raw/.
    kept = [name for name in answers.columns if name in layout.header or name.startswith("@")]
    return answers.select(kept).with_columns(
        pl.lit(value, dtype=pl.String).alias(label) for label, value in details.items()
    )


def _details(content: bytes, layout: Layout, where: str) -> dict[str, str]:
    ((name, _, grid),) = sheets(content, (layout.form_sheet or "",), where)
    given = _values_beside_labels(grid)
    missing = [label for label in layout.form_labels if plain(label) not in given]
    if missing:
        raise Fault(
            f'{where}, sheet "{name}"',
            f"no label {', '.join(missing)}",
            f"the labels {', '.join(layout.form_labels)}, each with its value in the next cell",
            "rows of the template were deleted or renamed",
            "ask the author to copy the answers into a blank template",
        )
    wanted = (*layout.form_labels, *layout.optional_labels)
    return {label: given[plain(label)] for label in wanted if plain(label) in given}


def _values_beside_labels(grid: Grid) -> dict[str, str]:
    return {plain(row[0]): _beside(row) for row in grid if row and plain(row[0])}


def _beside(row: list[Cell]) -> str:
    return text(row[1]).strip() if len(row) > 1 else ""
