"""What the guard lets through: small cases by hand, and an attacker who adds and subtracts whatever is out."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.statistics.admission import COUNTED, admit
from pipelines.statistics.differencing import LEADING, judge, reveals
from pipelines.store.shown import SCHEMA

FIVE = 5
REGIONS = ("north", "south", "west")


def some(*numbers: int, answers: str = "a") -> frozenset[str]:
    return frozenset(f"ZX{number:03}|{answers}" for number in numbers)


def many(first: int, last: int) -> frozenset[str]:
    return some(*range(first, last + 1))


TEN, TWENTY = many(1, 10), many(1, 20)


@pytest.mark.parametrize(
    ("earlier", "more", "expected"),
    [
        pytest.param([TWENTY], [TWENTY], False, id="nothing new"),
        pytest.param([TWENTY], [many(2, 20)], True, id="one has gone"),
        pytest.param([TWENTY], [many(1, 21)], True, id="one has come"),
        pytest.param([TWENTY], [many(1, 24)], True, id="four have come"),
        pytest.param([TWENTY], [many(1, 25)], False, id="five have come"),
        pytest.param([TWENTY], [many(2, 24)], False, id="one has gone and four have come"),
        pytest.param([TWENTY], [many(2, 20) | some(1, answers="b")], True, id="one has changed its answers"),
        pytest.param([TWENTY], [some(*range(1, 21), answers="b")], False, id="all have changed their answers"),
        pytest.param([], [many(1, 4)], True, id="four alone"),
        pytest.param([], [TWENTY, many(1, 17)], True, id="three are the rest of a total"),
        pytest.param([TWENTY, TEN], [many(1, 26), many(1, 9)], True, id="one has gone behind six who came"),
        pytest.param([TWENTY, TEN], [many(1, 26), TEN], False, id="six have come elsewhere"),
        pytest.param([many(1, 15), many(6, 20)], [many(1, 20)], False, id="twice the middle ten"),
        pytest.param([many(1, 6), many(6, 11)], [many(1, 5) | many(7, 11)], True, id="three sets hold one in common"),
        pytest.param([TWENTY, many(2, 20)], [TWENTY], False, id="what is out already"),
    ],
)
def test_what_a_combination_of_figures_reveals(earlier, more, expected):
    assert reveals(earlier, more, FIVE) is expected


def frame(states: dict[str, frozenset[str]], shown: set[str] | None = None, rank: int | None = None) -> pl.DataFrame:
    """A group with one block of regions and their total; `shown` as ordinary control has it, all if not given."""
    cells = {**states, "all": frozenset().union(*states.values())}
    rows = [
        {
            "release_rank": rank,
            "table_name": "t",
            "group_key": "g",
            "block_key": LEADING if cell == "all" else "region",
            "cell_key": cell,
            "parent_key": None,
            "member_key": member,
            "is_unnamed": True,
            "is_shown": shown is None or cell in shown,
        }
        for cell, members in cells.items()
        for member in sorted(members)
    ]
    return pl.DataFrame(rows, schema={**SCHEMA, "parent_key": pl.String}, orient="row")


def released(judged: pl.DataFrame, cells: pl.DataFrame, rank: int) -> pl.DataFrame:
    """What is kept of a release: the cells of the blocks that are not held."""
    free = judged.filter(~pl.col("is_held")).select("block_key", "cell_key")
    return cells.join(free, on=["block_key", "cell_key"], how="semi").with_columns(release_rank=pl.lit(rank, pl.Int32))


def figures(history: pl.DataFrame) -> list[frozenset[str]]:
    rows = history.filter("is_shown").group_by("release_rank", "cell_key").agg("member_key")
    return [frozenset(members) for members in rows["member_key"].to_list()]


def least_support(sets: list[frozenset[str]]) -> int:
    """The attacker: every sum and difference of up to four figures. How many members the smallest is about."""
    least = 10**6
    distinct = sorted(set(sets), key=sorted)
    for count in range(1, 5):
        for chosen in combinations(distinct, count):
            for signs in range(2 ** (count - 1)):
                weights = [1, *(1 if signs >> at & 1 else -1 for at in range(count - 1))]
                members = frozenset().union(*chosen)
                left = [m for m in members if sum(w * (m in s) for w, s in zip(weights, chosen, strict=True))]
                least = min(least, len(left) or 10**6)
    return least


def spans(sets: list[frozenset[str]], member: str) -> bool:
    """Whether one member alone is a combination of the figures, by elimination in exact fractions."""
    names = sorted(frozenset().union(*sets) - {member})
    rows = [[Fraction(name in figure) for name in [*names, member]] for figure in set(sets)]
    for column in range(len(names)):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is not None:
            rows.remove(pivot)
            rows = [[a - row[column] / pivot[column] * b for a, b in zip(row, pivot, strict=True)] for row in rows]
    return any(row[-1] for row in rows)


@st.composite
def histories(draw) -> list[dict[str, frozenset[str]]]:
    """Three or four releases of forty organisations in three regions; some come, some go."""
    place = draw(st.lists(st.sampled_from(REGIONS), min_size=40, max_size=40))
    states, here = [], draw(st.sets(st.integers(0, 39), min_size=20))
    for _ in range(draw(st.integers(3, 4))):
        states.append({region: some(*(n for n in here if place[n] == region)) for region in REGIONS})
        here = here ^ draw(st.sets(st.integers(0, 39), max_size=draw(st.sampled_from([1, 6, 12]))))
    return states


@settings(max_examples=150, deadline=None)
@given(histories())
def test_no_history_of_releases_lets_anybody_subtract_a_few(states):
    history = frame({}, rank=1).clear()
    for rank, state in enumerate(states):
        enough = {region for region in REGIONS if len(state[region]) >= FIVE}
        hidden = sum(len(state[region]) for region in REGIONS if region not in enough)
        if 0 < hidden < FIVE:
            enough -= {min(enough, key=lambda region: len(state[region]))} if enough else set()
        cells = frame(state, shown={*enough, "all"})
        history = pl.concat([history, released(judge(cells, history, FIVE), cells, rank)])
    seen = figures(history)
    assert least_support(seen) >= FIVE
    assert not any(spans(seen, member) for member in frozenset().union(*seen))


def test_the_attacker_finds_something_where_there_is_no_guard():
    assert least_support([TWENTY, many(2, 20)]) == 1
    assert spans([TWENTY, many(2, 20)], "ZX001|a")


def held(now: dict[str, frozenset[str]], before: dict[str, frozenset[str]], shown: set[str] | None = None) -> set[str]:
    judged = judge(frame(now, shown), frame(before, rank=1), FIVE)
    return set(judged.filter("is_held")["cell_key"])


BEFORE = {"north": many(1, 10), "south": many(11, 20), "west": many(21, 30)}


def test_a_block_is_held_whole_so_that_it_does_not_tell_where_somebody_left():
    assert held(BEFORE | {"west": many(22, 30)}, BEFORE) == {"all", *REGIONS}


def test_who_has_come_does_not_hide_who_has_gone():
    """If the six who have come all say the same, the level of the one who has gone loses one."""
    assert held({**BEFORE, "north": many(1, 10) | many(31, 36), "west": many(22, 30)}, BEFORE) == {"all", *REGIONS}


def test_the_total_comes_back_before_the_regions():
    """Three have gone from the south and two from the west: the total tells of five."""
    assert held(BEFORE | {"south": many(14, 20), "west": many(23, 30)}, BEFORE) == set(REGIONS)


def test_a_region_that_is_hidden_now_tells_of_a_change_too():
    """The south has lost five, and the west, which few still share, one of its own."""
    few = BEFORE | {"west": many(21, 25)}
    assert held(BEFORE | {"south": many(16, 20), "west": many(22, 25)}, few, {"all", "north", "south"}) == set(REGIONS)


def test_five_in_every_region_that_changes_hold_nothing():
    now = {"north": many(1, 10) | many(41, 45), "south": many(11, 20), "west": many(21, 30) | many(51, 55)}
    assert held(now, BEFORE) == set()


def test_who_was_named_once_is_no_secret():
    before = frame(BEFORE, rank=1).with_columns(is_unnamed=pl.col("member_key") != "ZX030|a")
    judged = judge(frame(BEFORE | {"west": many(21, 29)}), before, FIVE)
    assert not judged["is_held"].any()


def test_a_group_is_held_with_the_one_it_follows_from():
    child = frame(BEFORE).with_columns(group_key=pl.lit("child"), parent_key=pl.lit("t|g"))
    both = pl.concat([frame(BEFORE | {"west": many(22, 30)}), child])
    judged = judge(both, frame(BEFORE, rank=1), FIVE)
    assert judged["is_held"].all()


def offered(*members: str, named: tuple[str, ...] = (), nothing: tuple[str, ...] = ()) -> pl.DataFrame:
    """Each in the region that its hundred says; a second submission of an organisation speaks before its first."""
    rows = []
    for member in (*members, *nothing):
        code = member.partition("|")[0]
        last = max(key for key in (*members, *nothing) if key.startswith(code))
        rows.append(
            {
                "instrument_family": "one",
                "round_key": "2025-26",
                "org_code": code,
                "organisation_type": "acute",
                "region_code": code[2],
                "member_key": member if member in members else None,
                "is_unnamed": member not in named,
                "choice": 1 if member == last else 2,
            }
        )
    return pl.DataFrame(rows)


def counted(members: frozenset[str]) -> pl.DataFrame:
    """The last release counted these, and showed a figure of them."""
    row = {"release_rank": 1, "group_key": "one|2025-26", "block_key": LEADING, "cell_key": "all", "is_unnamed": True}
    rows = [
        {**row, "table_name": table, "member_key": member, "is_shown": table != COUNTED}
        for member in sorted(members)
        for table in (COUNTED, "pub_maturity_items")
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def new(members: frozenset[str] | tuple[str, ...], before: frozenset[str] = TEN, **more) -> set[str]:
    return set(admit(offered(*sorted({*members, *before}), **more), counted(before), FIVE)) - before


def test_one_that_comes_late_waits_and_five_do_not():
    assert new(some(11)) == set()
    assert new(many(11, 14)) == set()
    assert new(many(11, 15)) == many(11, 15)


def test_five_must_have_come_to_each_region():
    assert new(many(11, 16) | some(111)) == many(11, 16)
    assert new(many(11, 13) | many(111, 113)) == set()


def test_who_may_be_named_does_not_wait():
    assert new(some(11), named=("ZX011|a",)) == some(11)


def test_a_successor_waits_and_what_was_counted_stays():
    assert new(some(1, answers="b")) == set()
    again = some(*range(1, 6), answers="b")
    assert set(admit(offered(*TEN, *again), counted(TEN), FIVE)) == again | many(6, 10)


def test_who_has_gone_makes_no_room():
    stays = many(2, 10)
    assert set(admit(offered(*stays, *many(11, 14), nothing=("ZX001|a",)), counted(TEN), FIVE)) == stays


def test_successors_need_as_many_to_leave_as_to_come():
    """Three would change what they said and two are new: five have come, but only three would have gone."""
    assert new(some(1, 2, 3, answers="b") | some(11, 12)) == set()
    assert new(some(1, 2, 3, answers="b") | many(11, 15)) == many(11, 15)


def test_a_round_begins_with_five():
    nothing = counted(frozenset())
    assert admit(offered(*many(1, 4)), nothing, FIVE) == []
    assert set(admit(offered(*many(1, 5)), nothing, FIVE)) == many(1, 5)
