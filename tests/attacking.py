"""An attacker on hidden counts, and tables for him: tau-Argus tells how far each hidden count is open.

Belongs here: what the tests and the benchmark of suppression share. Does not belong here: the rules that are tested.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from pytauargus._tauargus import audit_jj

from pipelines.statistics.suppression import Sum

TOTAL = "total"
COUNTS = (0, 0, 1, 2, 3, 5, 7, 8, 9, 12, 20, 33, 100, 250)
LARGE = 1_000_000

Table = tuple[dict[Hashable, int], list[Sum]]


def crossed(rows: Sequence[Sequence[int]]) -> Table:
    """Rows by columns, with a total of each row, of each column and of all."""
    counts: dict[Hashable, int] = {(i, j): count for i, row in enumerate(rows) for j, count in enumerate(row)}
    across, down = range(len(rows)), range(len(rows[0]))
    counts |= {(i, TOTAL): sum(rows[i]) for i in across}
    counts |= {(TOTAL, j): sum(counts[i, j] for i in across) for j in (*down, TOTAL)}
    sums = [Sum(tuple((i, j) for j in down), (i, TOTAL)) for i in across]
    sums += [Sum(tuple((i, j) for i in across), (TOTAL, j)) for j in down]
    return counts, [*sums, Sum(tuple((TOTAL, j) for j in down), (TOTAL, TOTAL))]


def nested(regions: Sequence[Sequence[Sequence[int]]]) -> Table:
    """Regions of organisations by month, with a year of each organisation, sums of each region and of the nation.

    The years of regions and of the nation are those of their organisations.
    """
    counts: dict[Hashable, int] = {}
    sums = []
    months = (*range(len(regions[0][0])), TOTAL)
    for r, organisations in enumerate(regions):
        for i, row in enumerate(organisations):
            counts |= {(r, i, j): count for j, count in enumerate(row)} | {(r, i, TOTAL): sum(row)}
            sums.append(Sum(tuple((r, i, j) for j in range(len(row))), (r, i, TOTAL)))
        for j in months:
            parts = tuple((r, i, j) for i in range(len(organisations)))
            counts[r, TOTAL, j] = sum(counts[cell] for cell in parts)
            sums.append(Sum(parts, (r, TOTAL, j)))
    for j in months:
        parts = tuple((r, TOTAL, j) for r in range(len(regions)))
        counts[TOTAL, j] = sum(counts[cell] for cell in parts)
        sums.append(Sum(parts, (TOTAL, j)))
    return counts, sums


def random_table(chance: random.Random) -> Table:
    """Of one, two or three kinds of totals, small counts and zeros among large ones."""
    width = chance.randint(2, 5)

    def row() -> list[int]:
        return [chance.choice(COUNTS) for _ in range(width)]

    if chance.random() < 0.3:
        return nested([[row() for _ in range(chance.randint(1, 3))] for _ in range(chance.randint(2, 3))])
    return crossed([row() for _ in range(chance.randint(1, 6))])


def intervals(
    counts: Mapping[Hashable, int], sums: Sequence[Sum], hidden: Collection[Hashable]
) -> dict[Hashable, tuple[float, float]]:
    """The least and the most that each hidden count can be for one who knows all others, by tau-Argus."""
    cells = list(counts)
    at = {cell: number for number, cell in enumerate(cells)}
    lines = ["0", str(len(cells))]
    lines += [f"{at[c]} {counts[c]} 1 {'u' if c in hidden else 's'} 0 {LARGE} 0 0 0" for c in cells]
    lines.append(str(len(sums)))
    for one in sums:
        terms = [f"{at[cell]} (1)" for cell in one.parts]
        terms += [] if one.total is None else [f"{at[one.total]} (-1)"]
        known = sum(counts[cell] for cell in one.parts) if one.total is None else 0
        lines.append(f"{known} {len(terms)} : {' '.join(terms)}")
    with tempfile.NamedTemporaryFile("w", suffix=".jj") as file:
        Path(file.name).write_text("\n".join(lines) + "\n")
        return {cells[row["cell"]]: (row["min"], row["max"]) for row in audit_jj(file.name)}


def disclosed(
    counts: Mapping[Hashable, int], sums: Sequence[Sum], hidden: Collection[Hashable], most: int
) -> list[Hashable]:
    """The counts that are told after all: a small one that cannot be any small one, a larger one that is exact."""
    if not hidden:
        return [cell for cell, count in counts.items() if 0 < count <= most]
    found = intervals(counts, sums, hidden)
    shown = [cell for cell, count in counts.items() if 0 < count <= most and cell not in hidden]
    return shown + [
        cell for cell, (low, high) in found.items() if _is_told(counts[cell], round(low), round(high), most)
    ]


def _is_told(count: int, low: int, high: int, most: int) -> bool:
    return count > 0 and (low > 1 or high < most if count <= most else low == high)


def few_at_a_level(
    cells: Mapping[str, Sequence[int]],
    hidden: Collection[str],
    counts_told: Iterable[tuple[str, int]],
    shares_told: Iterable[tuple[str, int]],
    minimum: int,
) -> list[tuple[str, tuple[int, ...]]]:
    """Cells and levels of which it is told after all that fewer than `minimum` unnamed organisations are at them.

    cells: organisations by level from 1 on. The attacker knows how many share in each cell that is not hidden, and of
    `all` whatever is told.
    """
    counts_told, shares_told = set(counts_told), set(shares_told)
    total = tuple(map(sum, zip(*cells.values(), strict=True)))
    every = _bands({level for cell, level in shares_told if cell == "all"}, len(total))
    counts = {(cell, band): _count(of, band) for cell, of in cells.items() for band in every}
    sums = [Sum(tuple((cell, band) for cell in cells)) for band in every]
    told = {(cell, band) for cell, band in counts if len(band) == 1 and (cell, band[0]) in counts_told} - {
        (cell, band) for cell, band in counts if cell in hidden
    }
    for cell in cells.keys() - set(hidden):
        for part in _bands({level for one, level in shares_told if one == cell}, len(total)):
            sums.append(Sum(tuple((cell, band) for band in every if set(band) <= set(part))))
    few = [one for one, count in counts.items() if 0 < count < minimum]
    found = [("all", band) for band in every if 0 < _count(total, band) < minimum]
    unknown = counts.keys() - told
    # Where no count of any cell is told, no more can be withheld than that.
    if not told and not {cell for cell, level in shares_told if level > 1} - {"all"}:
        return found
    ranges = intervals(counts, sums, unknown) if unknown else {}
    safe = {one for one, (low, high) in ranges.items() if round(low) <= 1 and round(high) >= minimum - 1}
    return found + [one for one in few if one not in safe]


def _bands(starts: Collection[int], size: int) -> list[tuple[int, ...]]:
    return [tuple(range(low, high)) for low, high in pairwise([*sorted({1, *starts}), size + 1])]


def _count(counts: Sequence[int], band: tuple[int, ...]) -> int:
    return sum(counts[level - 1] for level in band)
