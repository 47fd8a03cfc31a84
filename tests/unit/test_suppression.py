"""Counts that may not be told: cases by hand, and an attacker who knows every total and every shown count."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipelines.statistics import suppression
from pipelines.statistics.suppression import PRECEDENCE, PRIMARY, SECONDARY, Sum, hide, hide_alike
from tests import attacking
from tests.attacking import TOTAL, crossed, disclosed, intervals

SEVEN, FIVE = 7, 5
ROW = {"a": 3, "b": 10, "c": 20, TOTAL: 33}
SUMS = [Sum(("a", "b", "c"), TOTAL)]


def rounded(counts: list[float | None]) -> list[float | None]:
    frame = pl.DataFrame({"count": counts}, schema={"count": pl.Float64})
    return frame.select(suppression.rounded(pl.col("count"), SEVEN, FIVE))["count"].to_list()


def test_the_rule_for_hospital_episodes():
    """0 shown, 1 to 7 hidden, 8 and more to the nearest 5: as the publisher writes it."""
    given = [0, 1, 7, 8, 12, 13, 17, 18, 22, 23, 1002, None]
    assert rounded(given) == [0, None, None, 10, 10, 15, 15, 20, 20, 25, 1000, None]


@given(st.integers(0, 10_000))
def test_a_rounded_count_is_near_and_none_is_small(count):
    (told,) = rounded([count])
    assert (told is None) == (0 < count <= SEVEN)
    assert told is None or (told % FIVE == 0 and abs(told - count) <= 2)


def test_the_first_reason_counts():
    assert suppression.reason(["rounding", "primary", "consent"]) == "consent"
    assert [suppression.reason([one, "rounding"]) for one in PRECEDENCE] == list(PRECEDENCE)
    assert suppression.reason([]) is None


def test_the_smallest_other_count_is_hidden_beside_a_small_one():
    """3 + 10 = 13: the 3 could be anything from 0 to 13."""
    assert hide(ROW, SUMS, SEVEN) == {"a": PRIMARY, "b": SECONDARY}
    assert intervals(ROW, SUMS, {"a", "b"}) == {"a": (0, 13), "b": (0, 13)}


def test_one_count_hidden_alone_is_told_by_its_total():
    assert disclosed(ROW, SUMS, {"a"}, SEVEN) == ["a"]
    assert disclosed(ROW, SUMS, set(), SEVEN) == ["a"]


def test_two_small_counts_do_not_hide_one_another_if_their_sum_is_small():
    """1 + 2 = 3 could not be 7: so the 20 is hidden, too."""
    counts = {"a": 1, "b": 2, "c": 20, TOTAL: 23}
    assert disclosed(counts, SUMS, {"a", "b"}, SEVEN) == ["a", "b"]
    assert hide(counts, SUMS, SEVEN) == {"a": PRIMARY, "b": PRIMARY, "c": SECONDARY}


def test_a_table_by_hand():
    """A rectangle of four must be hidden, and the least is lost with 9, 8 and 9."""
    counts, sums = crossed([[3, 9, 40], [8, 9, 60], [50, 70, 80]])
    hidden = hide(counts, sums, SEVEN)
    assert set(hidden) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert [cell for cell, why in hidden.items() if why == PRIMARY] == [(0, 0)]


def test_a_total_is_hidden_where_nothing_else_can_help():
    """Eight times 1 would follow from their total of 8 if no zero and no total could be hidden."""
    counts = dict.fromkeys("abcdefgh", 1) | {TOTAL: 8}
    sums = [Sum(tuple("abcdefgh"), TOTAL)]
    assert disclosed(counts, sums, hide(counts, sums, SEVEN), SEVEN) == []
    only = {"a": 3, TOTAL: 3}
    assert hide(only, [Sum(("a",), TOTAL)], SEVEN) == {"a": PRIMARY, TOTAL: PRIMARY}


def test_where_totals_are_known_anyway_everything_is_hidden():
    counts = {"a": 1, "b": 0}
    assert set(hide(counts, [Sum(("a", "b"))], SEVEN)) == {"a", "b"}


def test_sums_that_form_no_network_are_refused():
    counts = {"a": 1, "b": 2, "c": 3}
    with pytest.raises(ValueError, match="network"):
        hide(counts, [Sum(("a", "b")), Sum(("a", "c")), Sum(("a", "b", "c"))], SEVEN)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_tau_argus_finds_no_count_in_random_tables(seed):
    counts, sums = attacking.random_table(random.Random(seed))
    assert disclosed(counts, sums, hide(counts, sums, SEVEN), SEVEN) == []


def test_tau_argus_finds_counts_where_only_small_ones_are_hidden():
    """Also: were one secondary count shown again, most tables would tell."""
    plain = weakened = found = again = 0
    for seed in range(100):
        counts, sums = attacking.random_table(random.Random(seed))
        small = {cell for cell, count in counts.items() if 0 < count <= SEVEN}
        hidden = hide(counts, sums, SEVEN)
        plain += bool(small)
        found += bool(small and disclosed(counts, sums, small, SEVEN))
        others = [cell for cell, why in hidden.items() if why == SECONDARY]
        weakened += bool(others)
        again += bool(others and disclosed(counts, sums, set(hidden) - {others[0]}, SEVEN))
    assert plain > 80 and found > plain / 2
    assert weakened > 60 and again > weakened / 2


def test_no_numerator_is_told_by_its_denominator():
    """Numerators and denominators at once, for one who knows that no part is more than its whole: by HiGHS."""
    for seed in range(12):
        chance = random.Random(seed)
        rows = [[chance.choice(attacking.COUNTS) for _ in range(3)] for _ in range(4)]
        parts = [[chance.randint(0, whole) for whole in row] for row in rows]
        (wholes, sums), (counts, _) = crossed(rows), crossed(parts)
        hidden = hide_alike([counts, wholes], sums, SEVEN)
        for cell, (low, high) in bounds(counts, wholes, sums, hidden).items():
            most = min(SEVEN, wholes[cell] if wholes[cell] > SEVEN else SEVEN)
            assert not 0 < counts[cell] <= SEVEN or (low <= 1 and high >= most), (seed, cell, low, high)


def bounds(parts, wholes, sums, hidden):
    """The least and the most of each hidden part."""
    cells = list(hidden)
    at = {cell: number for number, cell in enumerate(cells)}
    size = len(cells)
    equal, known = [], []
    for offset, table in ((0, parts), (size, wholes)):
        for one in sums:
            row, rest = np.zeros(2 * size), 0
            for cell, sign in [*((cell, 1) for cell in one.parts), (one.total, -1)]:
                if cell in at:
                    row[offset + at[cell]] += sign
                else:
                    rest -= sign * table[cell]
            equal.append(row)
            known.append(rest)
    no_more = np.hstack([np.eye(size), -np.eye(size)])
    found = {}
    for cell in cells:
        aim = np.zeros(2 * size)
        aim[at[cell]] = 1
        ends = [
            linprog(sign * aim, no_more, np.zeros(size), np.array(equal), known, bounds=(0, 10_000)).fun
            for sign in (1, -1)
        ]
        found[cell] = (round(ends[0], 6), round(-ends[1], 6))
    return found
