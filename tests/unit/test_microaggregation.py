"""Groups of like organisations: their sizes, groups by hand, and that they do not depend on the order of rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipelines.statistics.microaggregation import grouped, mdav


def test_groups_by_hand():
    """Of 1 to 12 the mean is 6.5, and 1 the first of those farthest from it: 1 to 5; the other 7 are one group."""
    points = np.arange(1.0, 13).reshape(-1, 1)
    assert mdav(points, 5).tolist() == [0] * 5 + [1] * 7


@pytest.mark.parametrize("count", [5, 9, 10, 14, 15, 121])
def test_groups_have_five_to_nine(count):
    points = np.random.default_rng(count).standard_normal((count, 4))
    sizes = np.bincount(mdav(points, 5))
    assert sizes.sum() == count and sizes.min() >= 5 and sizes.max() <= 9


def test_too_few_make_no_group():
    assert mdav(np.zeros((4, 2)), 5).tolist() == [-1] * 4


def outcomes(count: int) -> pl.DataFrame:
    random = np.random.default_rng(1)
    rows = [
        {"exposure_year": 2023, "organisation_type": kind, "org_code": f"{kind}{number:02d}", "outcome_key": key}
        for kind, number_of in (("acute", count), ("ambulance", 4))
        for number in range(number_of)
        for key in ("m", "o")
    ]
    values = [None if turn % 7 == 0 else scale for turn, scale in enumerate(random.standard_normal(len(rows)))]
    return pl.DataFrame(rows).with_columns(pl.col("exposure_year").cast(pl.Int32), outcome_value=pl.Series(values))


def test_everybody_of_a_large_population_is_in_one_group_with_or_without_the_outcome():
    found = grouped(outcomes(23), 5)
    assert sorted(found["org_code"]) == [f"acute{number:02d}" for number in range(23)]


def test_the_order_of_rows_and_the_unit_do_not_matter():
    given = outcomes(40)
    scaled = given.with_columns(
        outcome_value=pl.when(pl.col("outcome_key") == "m")
        .then(pl.col("outcome_value") * 64)
        .otherwise("outcome_value")
    )
    expected = grouped(given, 5).sort("org_code").rows()
    assert grouped(given.reverse(), 5).sort("org_code").rows() == expected
    assert grouped(scaled, 5).sort("org_code").rows() == expected


def test_no_rows_give_no_rows():
    assert grouped(outcomes(5).clear(), 5).is_empty()
