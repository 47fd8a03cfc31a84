"""Intervals, held to the vectors of OHID's Fingertips methods, to scipy's own intervals and to closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from pipelines.statistics.intervals import exact_binomial, exact_poisson, wilson

# Published by OHID for proportions (facts 9.3).
WILSON = [
    (1, 0.95, 0.001767, 0.054486),
    (5, 0.95, 0.021544, 0.111750),
    (20, 0.95, 0.133367, 0.288829),
    (20, 0.998, 0.105192, 0.347111),
]


@pytest.mark.parametrize(("count", "confidence", "low", "high"), WILSON)
def test_wilson_reproduces_published_vectors(count, confidence, low, high):
    found = wilson([count], [100], confidence)
    assert [bound.item() for bound in found] == pytest.approx([low, high], abs=5e-7)


@pytest.mark.parametrize(("method", "interval"), [("wilson", wilson), ("exact", exact_binomial)])
def test_proportions_agree_with_scipy(method, interval):
    cases = [(0, 7), (7, 7), (3, 11), (250, 1000)]
    counts, sizes = zip(*cases, strict=True)
    expected = [binomtest(count, n).proportion_ci(0.998, method=method) for count, n in cases]
    assert np.column_stack(interval(counts, sizes, 0.998)) == pytest.approx(np.array(expected))


def test_poisson_of_none_is_known_in_closed_form():
    """With no event, the upper end solves exp(-mean) = 0.025."""
    low, high = exact_poisson([0], 0.95)
    assert (low.item(), high.item()) == pytest.approx((0, -np.log(0.025)))


def test_poisson_of_ten():
    """Garwood (1936), table: 4.80 to 18.39 for ten events."""
    low, high = exact_poisson([10], 0.95)
    assert (low.item(), high.item()) == pytest.approx((4.80, 18.39), abs=0.005)
