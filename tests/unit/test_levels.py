"""The outcome at each level: places of the interval that are in the tables, quartiles by hand, and blurred values."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.statistics.levels import KEYS, median_interval_place, summarise


@pytest.mark.parametrize(
    ("n", "place"),
    # Conover 1999 and others: below six values no interval reaches 95 %; 10 gives 2 and 9, 20 gives 6 and 15.
    [(1, None), (5, None), (6, 1), (8, 1), (9, 2), (10, 2), (12, 3), (20, 6), (25, 8), (100, 40)],
)
def test_places_of_the_interval_are_those_of_the_tables(n, place):
    assert median_interval_place(n) == place


def frame(values: list[float], is_blurred: bool, level: int = 1) -> pl.DataFrame:
    keys = dict.fromkeys(KEYS, "x") | {"level": level, "is_blurred": is_blurred}
    return pl.DataFrame([keys | {"outcome_value": value} for value in values])


def summary(values: list[float], is_blurred: bool = False) -> dict[str, float]:
    return summarise(frame(values, is_blurred)).row(0, named=True)


def test_quartiles_and_interval_by_hand():
    """Of 1 to 10 the quartiles are at 3.25, 5.5 and 7.75; the interval runs from the second to the ninth value."""
    found = summary([10, 1, 9, 2, 8, 3, 7, 4, 6, 5])
    assert found["n"] == 10
    assert (found["outcome_lower_quartile"], found["outcome_median"], found["outcome_upper_quartile"]) == (
        3.25,
        5.5,
        7.75,
    )
    assert (found["outcome_median_low"], found["outcome_median_high"]) == (2, 9)


def test_few_values_have_no_interval():
    found = summary([1, 2, 3, 4, 5])
    assert found["outcome_median"] == 3
    assert found["outcome_median_low"] is None and found["outcome_median_high"] is None


def test_every_figure_of_blurred_values_is_one_of_them():
    """Interpolated, the median of 1, 1, 4, 4 would be 2.5, which is the mean of no group."""
    found = summary([1, 1, 1, 4, 4, 9], is_blurred=True)
    figures = {value for name, value in found.items() if name.startswith("outcome_") and name != "outcome_period_key"}
    assert figures <= {1, 4, 9}
    assert summary([1, 1, 4, 4], is_blurred=True)["outcome_median"] == 1


def test_groups_are_summarised_apart_and_in_order():
    both = pl.concat([frame([5.0], False, level=2), frame([3.0], True, level=1), frame([7.0], False, level=2)])
    assert summarise(both).select("level", "n", "outcome_median").rows() == [(1, 1, 3.0), (2, 2, 6.0)]


def test_no_rows_give_no_rows():
    assert summarise(frame([1.0], False).clear()).is_empty()
