"""How many organisations are in each of a few ordered categories, such as levels: which of these counts may be told.

Belongs here: pure functions on counts of organisations that may not be named. Does not belong here: which cells are
shown at all (dbt's `int_maturity_cells__disclosed`), and the rule for tables with known totals (suppression.py).

That one organisation alone is at a level, or alone is not, is told nowhere: a count rests on `minimum` or on none. Of
all organisations together, neighbouring categories are put into bands that are large enough. Types, and regions, are
parts of these known bands. Each must keep its secrets beside the others, whose sums are known.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

import polars as pl

from pipelines.statistics.suppression import Sum, hide

GROUP = ("table_name", "group_key")
TOTAL = "total"
LOWER, UPPER = "lower", "upper"
SCHEMA = {
    **dict.fromkeys((*GROUP, "cell_key"), pl.String),
    **{"category": pl.Int32, "is_told": pl.Boolean, "is_told_from": pl.Boolean},
}

Counts = dict[int, int]
"""Unnamed organisations by category."""


def told(counts: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """One row per cell and category: is_told, whether its count may be shown; is_told_from, whether the share in it or
    in a higher one may be.

    counts: GROUP, margin, cell_key, is_hidden, category, n_unnamed, and main_cut, the category from which shares are
    told first. A hidden cell tells nothing, but what is known of others must not give it away.
    """
    rows: list[tuple[Hashable, ...]] = []
    for key, group in counts.sort(*GROUP, "margin", "cell_key", "category").group_by(GROUP, maintain_order=True):
        rows += [(*key, *row) for row in _of_group(group, minimum)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def cuts(counts: Counts, main: int, minimum: int) -> list[int]:
    """The categories at which bands begin, but for the lowest: the main one if it can be, then from below."""
    others = sorted(counts)[1:]
    chosen: list[int] = []
    for cut in sorted(others, key=lambda category: (category != main, category)):
        tried = sorted([*chosen, cut])
        if not any(0 < sum(counts[one] for one in band) < minimum for band in bands(counts, tried)):
            chosen = tried
    return chosen


def bands(categories: Sequence[int] | Counts, chosen: Sequence[int]) -> list[tuple[int, ...]]:
    """The categories in groups, each from one cut to the next."""
    every = sorted(categories)
    ends = [every[0], *chosen, every[-1] + 1]
    return [tuple(one for one in every if low <= one < high) for low, high in pairwise(ends)]


def _of_group(group: pl.DataFrame, minimum: int) -> list[tuple[str, int, bool, bool]]:
    main = group["main_cut"][0]
    cells: dict[str, dict[str, Counts]] = {}
    for margin, cell, category, count in group.select("margin", "cell_key", "category", "n_unnamed").iter_rows():
        cells.setdefault(margin, {}).setdefault(cell, {})[category] = count
    hidden = set(group.filter("is_hidden")["cell_key"])
    ((total, counts),) = cells.pop(TOTAL).items()
    is_known = total not in hidden
    parted = bands(counts, cuts(counts, main, minimum) if is_known else sorted(counts)[1:])
    found = _rows(total, parted, set() if is_known else {*parted, LOWER}, main)
    for block in cells.values():
        unknown = _hidden(block, hidden, parted, main, minimum, is_known)
        for cell in block:
            found += _rows(cell, parted, {part for at, part in unknown if at == cell}, main)
    return found


def _hidden(
    block: dict[str, Counts], hidden: set[str], parted: list[tuple[int, ...]], main: int, minimum: int, is_known: bool
) -> set[tuple[str, Hashable]]:
    """Cells and bands, or halves of all bands, that are not told. is_known: whether the bands of all are."""
    counts = {(cell, band): sum(of[one] for one in band) for cell, of in block.items() for band in parted}
    sums = [Sum(tuple((cell, band) for cell in block)) for band in parted] if is_known else []
    forced = [(cell, band) for cell in block if cell in hidden for band in parted]
    for cell in block.keys() - hidden:
        tops = []
        for half, halves in _halves(parted, main).items():
            top = (cell, half) if len(halves) > 1 else (cell, halves[0])
            if len(halves) > 1:
                sums.append(Sum(tuple((cell, band) for band in halves), top))
                counts[top] = sum(counts[cell, band] for band in halves)
            tops.append(top)
        sums.append(Sum(tuple(tops)))
    return set(hide(counts, sums, minimum - 1, forced))


def _halves(parted: list[tuple[int, ...]], main: int) -> dict[str, list[tuple[int, ...]]]:
    lower, upper = ([band for band in parted if (band[0] >= main) is side] for side in (False, True))
    return {LOWER: lower, UPPER: upper} if lower and upper and upper[0][0] == main else {UPPER: parted}


def _rows(
    cell: str, parted: list[tuple[int, ...]], unknown: set[Hashable], main: int
) -> list[tuple[str, int, bool, bool]]:
    return [
        (cell, one, len(band) == 1 and band not in unknown, one == band[0] and _follows(one, parted, unknown, main))
        for band in parted
        for one in band
    ]


def _follows(category: int, parted: list[tuple[int, ...]], unknown: set[Hashable], main: int) -> bool:
    """Whether the share in it or in a higher one follows from what is told anyway."""
    halves = _halves(parted, main)
    starts = {parted[0][0], parted[-1][-1] + 1}
    if LOWER in halves and not {UPPER, halves[UPPER][0] if len(halves[UPPER]) == 1 else UPPER} & unknown:
        starts.add(main)
    return any(
        not unknown & {band for band in parted if min(start, category) <= band[0] < max(start, category)}
        for start in starts
    )
