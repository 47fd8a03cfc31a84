"""What subtracting one release from another would tell of a few organisations, found by linear algebra.

Belongs here: pure functions on sets of members. Does not belong here: which figures rest on which members (dbt's
`int_disclosure__cells`), and what earlier releases showed (release/shown.py).

A member is one organisation with one set of answers: other answers make another member. A figure is taken for the sum
over its members of something secret, which a count, a share and a distribution are; a median tells no more. Whoever
holds several figures holds every linear combination of them. One whose members come from fewer than `minimum`
organisations is a disclosure. The attacker is taken to know who is in each figure, so that nothing rests on that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
import polars as pl

LEADING = "leading"
MOST_UNITS = 16
"""Above so many small parts the search would take long; such figures count as disclosive."""

Members = frozenset[str]
Figures = frozenset[Members]
State = dict[str, Members]
"""Members of each cell of one block, shown or not; a cell without any may be left out."""

_GROUP, _BLOCK = ("table_name", "group_key"), ("table_name", "group_key", "block_key")
_CELL = (*_BLOCK, "cell_key")


class _Row(NamedTuple):
    """A member of a cell. There are many groups of few rows, for each of which a frame would cost too much."""

    block: str
    cell: str
    member: str
    is_unnamed: bool
    is_shown: bool
    release_rank: int


def judge(cells: pl.DataFrame, shown: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """One row for each cell: table_name, group_key, block_key, cell_key, is_held.

    cells: one row for each cell and member: the four keys, parent_key, member_key, is_unnamed, and is_shown, which is
    whether the cell could be shown if there had been no earlier release. Cells of one group are linked by sums: those
    of a block, such as all regions, with those of the block `leading`, such as the total, which is judged first. A
    block is held whole, because which of its cells is held would tell where the change was. With any block of the group
    that parent_key names (table_name and group_key, joined by `|`) the whole group is held. shown: the same columns and
    release_rank, for the blocks that earlier releases showed.
    """
    groups, earlier = _rows_by_group(cells.with_columns(release_rank=0)), _rows_by_group(shown)
    held = {key: _held_blocks(rows, earlier.get(key, []), minimum) for key, rows in groups.items()}
    struck = ["|".join(key) for key, blocks in held.items() if blocks]
    blocks = [(*key, block) for key, found in held.items() for block in sorted(found)]
    is_held = pl.DataFrame(blocks, schema=dict.fromkeys(_BLOCK, pl.String), orient="row").with_columns(is_held=True)
    judged = cells.select(*_CELL, "parent_key").unique(maintain_order=True).join(is_held, on=_BLOCK, how="left")
    by_parent = pl.col("parent_key").is_in(struck).fill_null(False)
    return judged.select(*_CELL, is_held=pl.col("is_held").fill_null(False) | by_parent)


def reveals(earlier: Iterable[Members], more: Iterable[Members], minimum: int) -> bool:
    """Whether the further figures, together with the earlier ones, give away what the earlier ones alone do not.

    A member's organisation is what its key has before the first `|`.
    """
    before = frozenset(earlier) - {frozenset()}
    after = before | (frozenset(more) - {frozenset()})
    if after == before:
        return False
    atoms = _atoms(sorted(after, key=sorted))
    units = _units(atoms, minimum)
    if len(units) > MOST_UNITS:
        return True
    known, found = (_freedom([sorted(figure) for figure in figures], atoms) for figures in (before, after))
    return any(_rank(found[chosen]) < _rank(known[chosen]) for chosen in _few(units, atoms, minimum))


def _rows_by_group(rows: pl.DataFrame) -> dict[tuple[str, ...], list[_Row]]:
    groups: dict[tuple[str, ...], list[_Row]] = defaultdict(list)
    columns = ("block_key", "cell_key", "member_key", "is_unnamed", "is_shown", "release_rank")
    for table, group, *row in rows.select(*_GROUP, *columns).iter_rows():
        groups[table, group].append(_Row(*row))
    return groups


def _held_blocks(now: list[_Row], shown: list[_Row], minimum: int) -> set[str]:
    named = {row.member for row in (*now, *shown) if not row.is_unnamed}
    releases = sorted({row.release_rank for row in shown})
    before = [_states((row for row in shown if row.release_rank == rank), named) for rank in releases]
    states, wishes = _states(now, named), _wishes(now, named)
    others = sorted(set(states) - {LEADING})
    past = {block: _figures(shown, (LEADING, block), named) for block in (LEADING, *others)}
    is_held = {
        LEADING: _moves_few(LEADING, states, before, minimum)
        or any(reveals(past[block], wishes.get(LEADING, frozenset()), minimum) for block in (LEADING, *others))
    }
    leading = frozenset() if is_held[LEADING] else wishes.get(LEADING, frozenset())
    for block in others:
        is_held[block] = _moves_few(block, states, before, minimum) or reveals(
            past[block] | leading, wishes[block], minimum
        )
    return {block for block, held in is_held.items() if held and block in states}


def _states(rows: Iterable[_Row], named: set[str]) -> dict[str, State]:
    """By block and cell. What is told under an organisation's name is no secret, in whatever release it is."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        found[row.block][row.cell].add(row.member)
    return {
        block: {cell: frozenset(members) - named for cell, members in cells.items()} for block, cells in found.items()
    }


def _wishes(rows: list[_Row], named: set[str]) -> dict[str, Figures]:
    states = _states((row for row in rows if row.is_shown), named)
    return {block: frozenset(states.get(block, {}).values()) for block in {row.block for row in rows}}


def _figures(shown: list[_Row], blocks: tuple[str, ...], named: set[str]) -> Figures:
    cells: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    for row in shown:
        if row.is_shown and row.block in blocks:
            cells[row.release_rank, row.block, row.cell].add(row.member)
    return frozenset(frozenset(members) - named for members in cells.values())


def _moves_few(block: str, states: dict[str, State], before: list[dict[str, State]], minimum: int) -> bool:
    """Whether to a cell, shown or not, a few organisations have come since a release that showed the block, or from it
    a few have gone.

    The two count apart: where one has gone and six of the same level have come, that level gains six and another loses
    one, and whoever knows which one has gone would know what it had said.
    """
    now = states.get(block, {})
    return any(
        0 < len(_organisations(moved)) < minimum
        for then in before
        if block in then
        for cell in {*now, *then[block]}
        for moved in _apart(now.get(cell, frozenset()), then[block].get(cell, frozenset()))
    )


def _apart(now: Members, then: Members) -> tuple[Members, Members]:
    return now - then, then - now


def _organisations(members: Iterable[str]) -> set[str]:
    return {member.partition("|")[0] for member in members}


def _atoms(figures: list[Members]) -> list[Members]:
    """Members that stand in the same figures: no combination of the figures tells them apart."""
    patterns: dict[tuple[int, ...], set[str]] = {}
    for member in frozenset().union(*figures):
        pattern = tuple(at for at, figure in enumerate(figures) if member in figure)
        patterns.setdefault(pattern, set()).add(member)
    return [frozenset(patterns[pattern]) for pattern in sorted(patterns)]


def _units(atoms: list[Members], minimum: int) -> list[frozenset[int]]:
    """Small atoms, each alone, and together with those of the same organisations."""
    small = {at: _organisations(atom) for at, atom in enumerate(atoms) if len(_organisations(atom)) < minimum}
    joined = {frozenset(at for at, codes in small.items() if codes & mine) for mine in small.values()}
    return sorted({frozenset({at}) for at in small} | joined, key=sorted)


def _few(units: list[frozenset[int]], atoms: list[Members], minimum: int) -> Iterator[list[int]]:
    """Every union of atoms that comes from fewer than `minimum` organisations."""
    for count in range(1, minimum):
        for chosen in combinations(units, count):
            union = sorted(frozenset().union(*chosen))
            if len(frozenset().union(*(_organisations(atoms[at]) for at in union))) < minimum:
                yield union


def _freedom(figures: list[list[str]], atoms: list[Members]) -> np.ndarray:
    """A basis of what the figures leave open: how the sums over the atoms can change while no figure does.

    One row for each atom. A combination of figures that touches only some atoms is there if, and only if, their rows
    are linearly dependent.
    """
    size = len(atoms)
    if not figures:
        return np.eye(size)
    matrix = np.array([[float(not atom.isdisjoint(figure)) for atom in atoms] for figure in figures])
    _, values, directions = np.linalg.svd(matrix)
    return directions[int((values > 1e-9).sum()) :].T


def _rank(rows: np.ndarray) -> int:
    return int(np.linalg.matrix_rank(rows, tol=1e-9)) if rows.size else 0
