"""What the pages show of an indicator: the figures of one period, and England's through all periods of that type.

Belongs here: choosing the period, and writing figures and their codes as text. Does not belong here: the figures
themselves (values.py; the interface, api.py, is written before and keeps them), or the pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from pipelines.release.api import read_figures
from pipelines.release.record import Indicator
from pipelines.release.shorthand import LETTERS, MEANINGS
from pipelines.release.site.chart_variation import funnel_rows
from pipelines.release.site.pages import Site
from pipelines.release.site.phrases import count, number, period

ENGLAND = "england"
MARGINS = (ENGLAND, "region", "type")
"""Area types that are no organisation."""

IS_ORGANISATION = ~pl.col("area_type").is_in(MARGINS)


@dataclass(frozen=True)
class Newest:
    """The newest figures of one indicator.

    rows: of values.COLUMNS, all areas in the period shown. england: England's, all periods of the same type, by
    period. last: the last row of each organisation in any period of that type. funnel: rows of
    chart_variation.funnel_rows, in the period shown; none where there is no funnel.
    """

    indicator: Indicator
    rows: pl.DataFrame
    england: pl.DataFrame
    last: pl.DataFrame
    funnel: pl.DataFrame
    period: str

    @cached_property
    def organisations(self) -> pl.DataFrame:
        """The organisations in the period shown, by name."""
        return self.rows.filter(IS_ORGANISATION).sort(pl.col("area_name").str.to_uppercase(), "area_code")

    @cached_property
    def bands(self) -> dict[str, str]:
        """Where each organisation of the funnel lies against the 95 % limits, by code."""
        return dict(self.funnel.select("org_code", "band").iter_rows())

    @cached_property
    def england_now(self) -> dict | None:
        """England's row in the period shown; None where there is no figure for England."""
        found = self.rows.filter(pl.col("area_type") == ENGLAND)
        return found.row(0, named=True) if found.height else None


def newest(site: Site, indicator: Indicator) -> Newest:
    """The newest figures of an indicator: of the period of its funnel, or where it has none of the last to end.

    They are read once for all the pages of a site.
    """
    if indicator.indicator_id not in site.kept:
        site.kept[indicator.indicator_id] = _read(site, indicator)
    return site.kept[indicator.indicator_id]


def _read(site: Site, indicator: Indicator) -> Newest:
    values = read_figures(site.folder, indicator)
    funnel = funnel_rows(site.connection, indicator)
    last = (funnel if funnel.height else values.sort("period_end", "period_key", nulls_last=False)).row(-1, named=True)
    in_type = values.filter(pl.col("period_type") == last["period_type"])
    rows = in_type.filter(pl.col("period_key") == last["period_key"])
    england = in_type.filter(pl.col("area_type") == ENGLAND).sort("period_key")
    by_organisation = in_type.filter(IS_ORGANISATION).sort("area_code", "period_key")
    of_each = by_organisation.unique("area_code", keep="last", maintain_order=True)
    months = {"n_periods": rows["n_periods"].max()}
    return Newest(indicator, rows, england, of_each, funnel, period(last | months))


def figure(row: dict, unit: str) -> str:
    """A figure with its codes: 75.3%, 75.3% [p], or [c] where there is none."""
    letter = LETTERS[row["value_status"]]
    return " ".join(part for part in (number(row["value"], unit), f"[{letter}]" if letter else "") if part)


def interval(row: dict, unit: str) -> str:
    """The 95 % interval of a figure, or the code that says why there is none."""
    if row["lower_95"] is not None:
        return f"{number(row['lower_95'], unit)} to {number(row['upper_95'], unit)}"
    return _code(row)


def counted(row: dict, name: str) -> str:
    """A numerator or denominator, or the code that says why there is none."""
    return count(row[name]) if row[name] is not None else _code(row)


def status(row: dict) -> str:
    """The status of a figure in words."""
    letter = LETTERS[row["value_status"]]
    return MEANINGS[letter] if letter else "shown"


def _code(row: dict) -> str:
    """Where a figure is shown but what belongs to it is not, that is not available."""
    return f"[{LETTERS[row['value_status']] if row['value'] is None else 'x'}]"


def letters_in(*tables: pl.DataFrame) -> list[tuple[str, str]]:
    """The letters that tables of text use, with their meanings."""
    cells = {cell for table in tables for row in table.iter_rows() for cell in row if isinstance(cell, str)}
    codes = {cell[-3:] for cell in cells}
    return [(letter, meaning) for letter, meaning in MEANINGS.items() if f"[{letter}]" in codes]
