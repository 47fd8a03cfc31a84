"""Disclosure control of counts: which are hidden, which are rounded, and why.

Belongs here: pure functions on counts. Does not belong here: which rule a source has (`disclosure` of sources/*.yml),
and which tables show its figures (release/disclosure.py).

A hidden count can be had by subtraction where totals are exact. So more is hidden, until whoever knows every total,
every shown count and these rules still cannot tell a small count from any other small one. Counts are taken to move as
in a network, whose arcs are the counts and whose nodes are the sums they stand in (Cox 1995, JASA 90:1453-1462;
Castro 2006, EJOR 171:39-60): what one count gains, the others of its sum lose. A count is protected if it can move far
enough while no shown count moves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count as numbers

import polars as pl

SOURCE, CONSENT, PRIMARY, SECONDARY, ROUNDING = "source", "consent", "primary", "secondary", "rounding"
PRECEDENCE = (SOURCE, CONSENT, PRIMARY, SECONDARY, ROUNDING)
"""Of several reasons the first counts. Readers are told `suppressed` and never which: it would help an attacker."""

Cell = Hashable
Counts = Mapping[Cell, int]
_OUTSIDE = -1


@dataclass(frozen=True)
class Sum:
    """Counts that add up. total: the count of them all; None where it is known and cannot be hidden."""

    parts: tuple[Cell, ...]
    total: Cell | None = None


def reason(reasons: Iterable[str]) -> str | None:
    """The one that counts."""
    return min(reasons, key=PRECEDENCE.index, default=None)


def is_small(count: pl.Expr, most: float) -> pl.Expr:
    """Whether a count of persons is hidden by itself. Zero is not: it is about nobody."""
    return (count > 0) & (count < most + 1)


def rounded(count: pl.Expr, most: float, step: float) -> pl.Expr:
    """0 shown, up to `most` hidden, others to the nearest `step`, every total by itself: the rule for Hospital Episode
    Statistics (NHS Digital, since September 2018), with 7 and 5. It takes the place of secondary suppression."""
    return pl.when(~is_small(count, most)).then((count / step).round() * step)


def hide_alike(
    tables: Sequence[Counts], sums: Sequence[Sum], most: int, forced: Iterable[Cell] = ()
) -> dict[Cell, str]:
    """One pattern for several tables of the same cells, such as numerators and denominators; otherwise as `hide`.

    A numerator is never more than its denominator. Hidden together, both can move alike, so that knowing it tells
    nothing more.
    """
    hidden = dict.fromkeys(forced, PRIMARY)
    while True:
        found = dict(hidden)
        for table in tables:
            found = hide(table, sums, most, forced=found)
        small = {cell for table in tables for cell, count in table.items() if 0 < count <= most}
        found = {cell: PRIMARY if cell in small else SECONDARY for cell in found}
        if found == hidden:
            return hidden
        hidden = found


def hide(counts: Counts, sums: Sequence[Sum], most: int, forced: Iterable[Cell] = ()) -> dict[Cell, str]:
    """The cells to hide and why, PRIMARY or SECONDARY.

    counts: whole numbers, 0 or more. sums: a cell stands in two of them at most, so that they form a network; those
    that follow from others are left out. forced: hidden already. A hidden count of 1 to `most` can be any of these for
    all that can be known, and no larger one can be told exactly; so zeros must be hidden, too, now and then. Where that
    cannot be had, because totals cannot be hidden, every cell is.
    Raises ValueError where the sums form no network.
    """
    network = _Network(counts, sums, most)
    network.hidden = {cell for cell, value in counts.items() if 0 < value <= most} | set(forced)
    for cell in [cell for cell in counts if cell in network.hidden]:
        if not network.protect(cell):
            network.hidden = set(counts)
            break
    return {cell: PRIMARY if 0 < counts[cell] <= most else SECONDARY for cell in counts if cell in network.hidden}


class _Network:
    """Cells as arcs between sums: to raise one takes 1 from the sum at its tail and gives 1 to the one at its head."""

    def __init__(self, counts: Counts, sums: Sequence[Sum], most: int) -> None:
        self.counts, self.most = counts, most
        self.hidden: set[Cell] = set()
        self.ends = _ends(counts, sums)
        self.arcs: dict[int, list[tuple[Cell, int, int]]] = defaultdict(list)
        for cell, (tail, head) in self.ends.items():
            self.arcs[tail].append((cell, 1, head))
            self.arcs[head].append((cell, -1, tail))

    def protect(self, cell: Cell) -> bool:
        """Hides whatever else must be hidden, and says whether the cell is safe then."""
        value = self.counts[cell]
        if 0 < value <= self.most:
            return self._move(cell, 1, self.most - value) and self._move(cell, -1, value - 1)
        # A zero is about nobody.
        return value == 0 or self._move(cell, 1, 1) or self._move(cell, -1, 1)

    def _move(self, cell: Cell, direction: int, amount: int) -> bool:
        """Whether the cell can move so far; the cells that move with it are hidden."""
        tail, head = self.ends[cell]
        start, end = (head, tail) if direction == 1 else (tail, head)
        moved: dict[Cell, int] = defaultdict(int)
        while amount > 0:
            path = self._path(cell, start, end, moved)
            if path is None:
                return False
            step = min([amount, *(self.counts[other] + moved[other] for other, way in path if way == -1)])
            for other, way in path:
                moved[other] += way * step
                self.hidden.add(other)
            amount -= step
        return True

    def _path(self, cell: Cell, start: int, end: int, moved: Mapping[Cell, int]) -> list[tuple[Cell, int]] | None:
        """The moves of others that make up for one of the cell: those that hide the least. Dijkstra 1959."""
        tie = numbers()
        reached: dict[int, tuple[int, Cell | None, int]] = {}
        queue: list[tuple[int, int, int, int, Cell | None, int]] = [(0, next(tie), start, start, None, 0)]
        while queue:
            cost, _, node, before, by, way = heappop(queue)
            if node in reached:
                continue
            reached[node] = (before, by, way)
            if node == end:
                return _traced(reached, start, end)
            for other, direction, to in self.arcs[node]:
                room = direction == 1 or self.counts[other] + moved.get(other, 0) > 0
                if other != cell and to not in reached and room:
                    heappush(queue, (cost + self._price(other), next(tie), to, node, other, direction))
        return None

    def _price(self, cell: Cell) -> int:
        """What is lost when it is hidden. Why a zero is one is often known to everybody, so that it protects little."""
        return 0 if cell in self.hidden else self.counts[cell] or self.most + 1


def _traced(reached: Mapping[int, tuple[int, Cell | None, int]], start: int, end: int) -> list[tuple[Cell, int]]:
    path, node = [], end
    while node != start:
        node, cell, way = reached[node]
        path.append((cell, way))
    return path


def _ends(counts: Counts, sums: Sequence[Sum]) -> dict[Cell, tuple[int, int]]:
    """Tail and head of each cell; whoever stands in one sum only has its other end outside."""
    places: dict[Cell, list[tuple[int, int]]] = {cell: [] for cell in counts}
    for number, one in enumerate(sums):
        for cell in one.parts:
            places[cell].append((number, 1))
        if one.total is not None:
            places[one.total].append((number, -1))
    signs = _signs(places, len(sums))
    ends = {}
    for cell, found in places.items():
        node = {sign * signs[number]: number for number, sign in found}
        if len(found) > 2 or len(node) < len(found):
            raise ValueError(f"the sums of {cell} form no network")
        ends[cell] = (node.get(-1, _OUTSIDE), node.get(1, _OUTSIDE))
    return ends


def _signs(places: Mapping[Cell, list[tuple[int, int]]], size: int) -> list[int]:
    """1 or -1 for each sum, so that a cell that stands in two of them counts in them with opposite signs."""
    beside: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for found in places.values():
        if len(found) == 2:
            (one, sign), (other, other_sign) = found
            beside[one].append((other, -sign * other_sign))
            beside[other].append((one, -sign * other_sign))
    signs = [0] * size
    for first in range(size):
        signs[first] = signs[first] or 1
        waiting = [first]
        while waiting:
            one = waiting.pop()
            for other, relation in beside[one]:
                if not signs[other]:
                    signs[other] = signs[one] * relation
                    waiting.append(other)
    return signs
