"""Counts of organisations by level: cases by hand, and an attacker who knows the totals and how many share."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.statistics.categories import bands, cuts, told
from tests.attacking import few_at_a_level

FIVE = 5
TYPES = ("acute", "ambulance", "community")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param((5, 6, 7, 8, 9), [(1,), (2,), (3,), (4,), (5,)], id="enough everywhere"),
        pytest.param((2, 6, 7, 4, 1), [(1, 2), (3,), (4, 5)], id="few at both ends"),
        pytest.param((0, 0, 9, 8, 0), [(1,), (2,), (3,), (4,), (5,)], id="none is told"),
        pytest.param((1, 0, 9, 8, 0), [(1, 2, 3), (4,), (5,)], id="one below level 3"),
        pytest.param((3, 3, 3, 3, 3), [(1, 2), (3, 4, 5)], id="level 3 first"),
        pytest.param((19, 1, 0, 0, 0), [(1, 2), (3,), (4,), (5,)], id="all but one at a level"),
    ],
)
def test_neighbouring_levels_are_put_together_until_they_are_enough(counts, expected):
    by_level = dict(enumerate(counts, start=1))
    assert bands(by_level, cuts(by_level, 3, FIVE)) == expected


def frame(cells: dict[str, tuple[int, ...]], hidden: set[str] = frozenset()) -> pl.DataFrame:
    """Types by level with their total."""
    every = cells | {"all": tuple(map(sum, zip(*cells.values(), strict=True)))}
    rows = [
        {
            **{"table_name": "t", "group_key": "g", "cell_key": cell, "main_cut": 3, "is_hidden": cell in hidden},
            **{"margin": "total" if cell == "all" else "type", "category": level, "n_unnamed": count},
        }
        for cell, counts in every.items()
        for level, count in enumerate(counts, start=1)
    ]
    return pl.DataFrame(rows)


def shown(cells: dict[str, tuple[int, ...]], hidden: set[str] = frozenset()) -> dict[str, tuple[str, str]]:
    """Of each cell the levels whose count is told, and those from which a share is."""
    found = told(frame(cells, hidden), FIVE)
    return {
        cell: tuple("".join(map(str, rows.filter(name)["category"])) for name in ("is_told", "is_told_from"))
        for (cell,), rows in found.partition_by("cell_key", as_dict=True, maintain_order=True).items()
    }


def test_a_few_at_a_level_are_told_neither_by_their_type_nor_by_the_others():
    """Two acute trusts at level 1: hidden, with another level of theirs, and in another type the same two levels."""
    cells = {"acute": (2, 6, 9, 7, 8), "ambulance": (6, 7, 5, 6, 9), "community": (9, 8, 7, 5, 6)}
    assert shown(cells) == {
        "all": ("12345", "12345"),
        "acute": ("345", "1345"),
        "ambulance": ("345", "1345"),
        "community": ("12345", "12345"),
    }


def test_a_share_is_told_without_the_counts_below_it():
    """Of acute trusts few are at each of levels 1 and 2, but fifteen at level 3 and above."""
    cells = {"acute": (3, 4, 5, 5, 5), "ambulance": (4, 3, 5, 5, 5)}
    assert shown(cells)["acute"] == ("345", "1345")


def test_what_a_hidden_cell_says_cannot_be_had_by_subtraction():
    """Community is hidden: three at level 1 in it. So acute's or ambulance's level 1 must be hidden, too."""
    cells = {"acute": (8, 9, 9, 7, 8), "ambulance": (6, 7, 5, 6, 9), "community": (3, 5, 6, 5, 5)}
    found = shown(cells, {"community"})
    assert found["community"][0] == ""
    assert "1" not in found["ambulance"][0] or "1" not in found["acute"][0]


levels = st.tuples(*[st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 9, 15])] * 5)


@settings(max_examples=150, deadline=None)
@given(st.lists(levels, min_size=3, max_size=3), st.booleans())
def test_tau_argus_finds_no_few_at_a_level(rows, is_one_hidden):
    """He knows the totals of the bands, how many of each type share, and each count and share that is told."""
    cells = dict(zip(TYPES, rows, strict=True))
    hidden = {cell for cell, counts in cells.items() if 0 < sum(counts) < FIVE} | set(TYPES[: int(is_one_hidden)])
    # Hidden cells hold enough together: int_maturity_cells__disclosed sees to that.
    assume(sum(map(sum, rows)) >= FIVE and not 0 < sum(sum(cells[cell]) for cell in hidden) < FIVE)
    found = told(frame(cells, hidden), FIVE)
    said = [found.filter(name).select("cell_key", "category").rows() for name in ("is_told", "is_told_from")]
    assert few_at_a_level(cells, hidden, *said, FIVE) == []


def test_tau_argus_finds_a_few_where_only_they_are_hidden():
    cells = {"acute": (2, 6, 9, 7, 8), "ambulance": (6, 7, 5, 6, 9), "community": (9, 8, 7, 5, 6)}
    counts = [(cell, level) for cell in (*TYPES, "all") for level in range(1, 6) if (cell, level) != ("acute", 1)]
    shares = [("all", level) for level in range(1, 6)]
    assert few_at_a_level(cells, set(), counts, shares, FIVE) == [("acute", (1,))]
