"""An attacker on hidden counts, and tables for him: tau-Argus tells how far each hidden count is open.

Belongs here: what the tests and the benchmark of suppression share. Does not belong here: the rules that are tested.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Collection, Hashable, Mapping, Sequence
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
