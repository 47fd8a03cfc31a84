"""Funnel limits, held to FunnelPlotR's own test vector and to figures worked out by hand.

The limits that the publisher of SHMI prints are reproduced in tests/backtest/test_published_limits.py.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from pipelines.statistics.funnel import (
    LIMITS,
    Transformed,
    draw,
    of_proportions,
    of_ratios,
    poisson_limits,
    proportion_limits,
    ratio_limits,
    spread,
)


def test_poisson_limits_reproduce_funnelplotr():
    low, high = poisson_limits([15, 20, 30], 0.95)
    assert low == pytest.approx([0.5596924, 0.6108260, 0.6746958], abs=5e-8)
    assert high == pytest.approx([1.649348, 1.544419, 1.427562], abs=5e-7)
    low, high = poisson_limits([15, 20, 30], 0.998)
    assert low == pytest.approx([0.3862650, 0.4479107, 0.5289724], abs=5e-8)
    assert high == pytest.approx([2.082907, 1.902094, 1.702771], abs=5e-7)


def differences(*values: float) -> Transformed:
    """Differences with a standard error of 1, so that they are z as well."""
    return Transformed(np.array(values), np.ones(len(values)))


class TestSpread:
    def test_by_hand(self):
        # Four z of 1, 1, 3, 3: phi = 20 / 4 = 5; tau squared = (4 * 5 - 3) / (4 - 4 / 4) = 17 / 3.
        assert spread(differences(-1, 1, 3, -3), "truncate") == (4, 0, 5.0, pytest.approx(17 / 3))

    def test_never_falls_below_nothing(self):
        assert spread(differences(0.1, -0.1, 0.2), "winsorise").tau_squared == 0

    def test_truncation_leaves_a_tenth_out_at_each_end(self):
        # Of 19 only the whole tenth goes: one at each end; the other 17 are 1.
        found = spread(differences(-50, 90, *[1] * 17), "truncate")
        assert (found.n, found.trimmed, found.phi) == (17, 1, 1.0)
        assert found.tau_squared == pytest.approx((17 - 16) / (17 - 1))

    def test_winsorising_moves_a_tenth_in_at_each_end(self):
        # Ten: -50 becomes -2 and 90 becomes 1, so phi = (4 + 4 + 8) / 10.
        found = spread(differences(-50, -2, 90, *[1] * 7), "winsorise")
        assert (found.n, found.trimmed, found.phi) == (10, 1, pytest.approx(1.6))
        assert found.tau_squared == pytest.approx((16 - 9) / (10 - 1))

    def test_weights_are_inverse_variances(self):
        # Standard errors 1, 0.5, 0.5: weights 1, 4, 4; z of 2 each, phi 4; (12 - 2) / (9 - 33 / 9).
        figures = Transformed(np.array([2.0, 1.0, 1.0]), np.array([1.0, 0.5, 0.5]))
        assert spread(figures, "truncate").tau_squared == pytest.approx(10 / (9 - 33 / 9))

    def test_refuses_two(self):
        with pytest.raises(ValueError, match="at least 3"):
            spread(differences(1, 2), "truncate")


def test_ratio_limits_by_hand():
    low, high = ratio_limits([100.0], 0.0016, 1.959963984540054)
    assert (low.item(), high.item()) == pytest.approx(
        (math.exp(-1.959963984540054 * math.sqrt(0.0116)), math.exp(1.959963984540054 * math.sqrt(0.0116)))
    )


def test_a_trust_without_deaths_has_a_finite_distance():
    assert of_ratios([0.0], [25.0]).difference.item() == pytest.approx(math.log(0.02))


def test_proportions_by_hand():
    # arcsine of the root of 0.75 is 60 degrees, of 0.5 it is 45; the standard error for n = 25 is 0.1.
    found = of_proportions([0.75], [25], 0.5)
    assert (found.difference.item(), found.standard_error.item()) == pytest.approx((math.pi / 12, 0.1))
    # One standard error of 0.1 around 45 degrees: (1 -+ sin 0.2) / 2.
    low, high = proportion_limits([25], 0.5, 0.0, 1.0)
    assert (low.item(), high.item()) == pytest.approx(((1 - math.sin(0.2)) / 2, (1 + math.sin(0.2)) / 2))


def test_limits_of_proportions_end_where_the_scale_ends():
    low, high = proportion_limits([4], 0.98, 0.0, 3.09)
    assert high.item() == 1.0
    assert 0 < low.item() < 0.98
    assert proportion_limits([4], 0.02, 0.0, 3.09)[0].item() == 0.0


def figures(unit: str, numerators: list[float], denominators: list[float], group: str = "acute") -> pl.DataFrame:
    factor = 100 if unit == "percent" else 1
    return pl.DataFrame(
        {
            "measure_id": "m",
            "org_code": [f"R{place:02}" for place in range(len(numerators))],
            "period_type": "month",
            "period_key": "2025-03",
            "comparison_group": group,
            "unit": unit,
            "numerator": [float(count) for count in numerators],
            "denominator": [float(count) for count in denominators],
            "value": [factor * part / whole for part, whole in zip(numerators, denominators, strict=True)],
        }
    )


class TestDraw:
    def test_without_over_dispersion_the_limits_are_those_of_chance(self):
        drawn = draw(figures("percent", [48, 50, 52, 50], [100, 100, 100, 100]))
        assert drawn["tau_squared"].unique().to_list() == [0.0]
        # (1 -+ sin(1.96 / sqrt(100))) / 2, in per cent.
        assert drawn["lower_limit_95"][0] == pytest.approx(50 * (1 - math.sin(0.1959963984540054)))
        assert drawn["centre_line"].unique().to_list() == [50.0]
        assert drawn["is_unadjusted_withheld"].unique().to_list() == [False]
        assert drawn["unadjusted_lower_limit_998"].is_not_null().all()

    def test_over_dispersion_widens_the_limits(self):
        calm = draw(figures("percent", [480, 500, 520, 500], [1000] * 4))
        wild = draw(figures("percent", [400, 450, 600, 550], [1000] * 4))
        assert wild["upper_limit_95"][0] > calm["upper_limit_95"][0]
        assert wild["tau_squared"][0] > 0

    def test_limits_by_chance_are_withheld_where_nearly_all_lie_outside(self):
        drawn = draw(figures("percent", [40_000, 50_000, 60_000], [100_000] * 3))
        assert drawn["phi"][0] > 3.090232306167813**2
        assert drawn["is_unadjusted_withheld"].to_list() == [True] * 3
        for column in ("unadjusted_lower_limit_998", "unadjusted_upper_limit_998", "value_low", "value_high"):
            assert drawn[column].to_list() == [None] * 3

    def test_groups_are_not_mixed(self):
        acute = figures("percent", [480, 500, 520], [1000] * 3)
        other = figures("percent", [100, 120, 110], [1000] * 3, group="community")
        drawn = draw(pl.concat([acute, other]))
        centres = dict(drawn.group_by("comparison_group").agg(pl.col("centre_line").first()).iter_rows())
        assert centres == {"acute": pytest.approx(50), "community": pytest.approx(11)}
        assert drawn["comparison_n"].unique().to_list() == [3]

    def test_the_order_of_rows_changes_nothing(self):
        rows = figures("ratio", [90, 110, 100, 140], [100, 90, 110, 100])
        assert draw(rows.reverse()).equals(draw(rows))

    def test_nothing_to_draw_has_the_same_columns(self):
        rows = figures("ratio", [1, 2, 3], [2, 2, 2])
        assert draw(rows.clear()).schema == draw(rows).schema
        assert set(LIMITS) <= set(draw(rows).columns)
