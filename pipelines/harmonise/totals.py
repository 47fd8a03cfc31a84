"""The publisher's own total rows: taken out of the data, and held against it.

Belongs here: finding them and adding up what they total. Does not belong here: totals that this product
computes (dbt).
"""

from __future__ import annotations

import re

import polars as pl

from pipelines.errors import Fault
from pipelines.harmonise.columns import published_name
from pipelines.readers.frame import ROW, SHEET, plain
from schemas.source import Source, Totals

# Figures are read as text and added as doubles; half a unit of the eighth significant digit is rounding.
TOLERANCE = 1e-8


def without_totals(frame: pl.DataFrame, source: Source, where: str) -> pl.DataFrame:
    """The rows that are no totals. Raises Fault where a total is absent or is not the sum of its rows."""
    if not source.totals:
        return frame
    mark = published_name(frame, source.totals.column, where, "totals")
    texts = [plain(text) for text in source.totals.texts]
    is_total = pl.col(mark).fill_null("").str.strip_chars().str.to_lowercase().is_in(texts)
    for part in frame.partition_by(SHEET, maintain_order=True):
        total, detail = part.filter(is_total), part.filter(~is_total)
        _refuse_other_than_one(total, detail, source.totals, where)
        for name in _counted(detail, source):
            _refuse_other_sum(total, detail, name, where)
    return frame.filter(~is_total)


def _refuse_other_than_one(total: pl.DataFrame, detail: pl.DataFrame, totals: Totals, where: str) -> None:
    if total.height == 1:
        return
    raise Fault(
        where,
        f"{total.height} total rows among {detail.height:,} others",
        f"one row with {' or '.join(totals.texts)} under {' or '.join(totals.column)}",
        "a file that was cut short, or another name for the total",
        "fetch the file again; if the name changed, correct `totals` in the source YAML",
    )


def _counted(detail: pl.DataFrame, source: Source) -> list[str]:
    pattern = (source.totals and source.totals.columns) or source.unpivot or ""
    return [name for name in detail.columns if re.match(pattern, name)]


def _refuse_other_sum(total: pl.DataFrame, detail: pl.DataFrame, name: str, where: str) -> None:
    stated, added = _numbers(total[name]).sum(), _numbers(detail[name]).sum()
    if abs(stated - added) <= TOLERANCE * max(abs(stated), 1):
        return
    raise Fault(
        f'{where}, column "{name}", row {total[ROW][0]}',
        f"a total of {stated:,.10g}, and rows that add up to {added:,.10g}",
        "rows that add up to the publisher's total",
        "rows were lost, repeated or changed after the publisher made the file",
        "fetch the file again from the publisher; if it still does not add up, ask the publisher",
    )


def _numbers(cells: pl.Series) -> pl.Series:
    """Cells as numbers; marks in place of a value count as nothing, as they do in the publisher's sum."""
    return cells.str.strip_chars().cast(pl.Float64, strict=False).fill_null(0)
