"""What scripts of the kits print, as rows: pandas, polars, R and plain Python each draw a table in their own way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MISSING = {"-", "null", "<NA>", "NA"}
TYPES = {"str", "i32", "i64", "u32", "f64", "---"}
BARS = str.maketrans("│┆", "  ")
FIRST_OF_A_RULE = set("┌╞└╡")
ROUNDED = 0.0005 + 1e-9
"""What a number may lose when it is printed with three decimals."""


def sections(text: str) -> dict[str, list[list[str]]]:
    """The rows below each title, header first. A title is a line after an empty one."""
    found: dict[str, list[list[str]]] = {}
    for block in text.split("\n\n")[1:]:
        title, *lines = block.strip().splitlines()
        cells = [line.translate(BARS).split() for line in lines if not FIRST_OF_A_RULE & set(line)]
        found[title] = [row for row in cells if row and not set(row) <= TYPES and not row[0].startswith("shape:")]
    return found


def same(printed: list[list[str]], expected: Iterable[tuple[Any, ...]]) -> bool:
    """Whether these are the rows, in this order, each number to the three decimals that are printed."""
    expected = list(expected)
    return len(printed) == len(expected) and all(map(_same_row, printed, expected))


def _same_row(printed: list[str], expected: tuple[Any, ...]) -> bool:
    return len(printed) == len(expected) and all(map(_same_cell, printed, expected))


def _same_cell(printed: str, expected: object) -> bool:
    if expected is None:
        return printed in MISSING
    if isinstance(expected, float):
        return printed not in MISSING and abs(float(printed) - expected) <= ROUNDED
    return printed == str(expected)
