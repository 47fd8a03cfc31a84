"""XmR charts, held to the vectors of NHSRplotthedots and to series worked out by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipelines.statistics.spc import (
    RULES,
    assurance,
    draw,
    limits,
    outside,
    shift,
    special_cause,
    trend,
    two_of_three,
    variation,
)

# R: set.seed(123); rnorm(20), as in the package's snapshot (known_answers.tsv).
RNORM = [
    -0.56047565, -0.23017749, 1.55870831, 0.07050839, 0.12928774, 1.71506499, 0.46091621, -1.26506123, -0.68685285,
    -0.44566197, 1.22408180, 0.35981383, 0.40077145, 0.11068272, -0.55584113, 1.78691314, 0.49785048, -1.96661716,
    0.70135590, -0.47279141,
]  # fmt: skip
OUTLIER = [*RNORM[:14], 10.0, *RNORM[15:]]
ONE_TWO_TEN = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]


def one_series(values, breaks=()):
    """Values, series and starts of one series; `breaks` are the places after a gap."""
    starts = np.zeros(len(values), dtype=bool)
    starts[[0, *breaks]] = True
    return np.array(values, dtype=float), np.zeros(len(values), dtype=np.int64), starts


def lines(values, **settings) -> tuple[float, float, float]:
    found = limits(*one_series(values), **settings)
    return tuple(line[0] for line in found)


class TestLimits:
    def test_of_random_numbers(self):
        assert lines(RNORM) == pytest.approx((0.1416238, -3.01138, 3.294627), abs=5e-6)

    def test_of_an_outlier_screened_and_unscreened(self):
        assert lines(OUTLIER) == pytest.approx((0.6694159, -2.383666, 3.722497), abs=5e-6)
        assert lines(OUTLIER, screen=None) == pytest.approx((0.6694159, -4.596625, 5.935457), abs=5e-6)

    def test_of_the_golden_series_screened_and_unscreened(self):
        assert lines(ONE_TWO_TEN) == pytest.approx((1.94, -0.72, 4.60), abs=0.005)
        assert lines(ONE_TWO_TEN, screen=None) == pytest.approx((1.94, -3.06, 6.95), abs=0.005)

    def test_fixed_on_the_first_points(self):
        # Mean of 1, 2, 1, 2 is 1.5 and each moving range is 1; what comes later does not count.
        assert lines([1, 2, 1, 2, 50, 60], fixed_after=4) == pytest.approx((1.5, 1.5 - 2.66, 1.5 + 2.66))

    def test_no_moving_range_is_taken_across_a_gap(self):
        # 1, 2 | 9, 10: the ranges are 1 and 1. Across the gap there would be one of 7.
        found = limits(*one_series([1, 2, 9, 10], breaks=[2]), screen=None)
        assert (found.mean[0], found.upper[0]) == pytest.approx((5.5, 5.5 + 2.66))
        bridged = limits(*one_series([1, 2, 9, 10]), screen=None)
        assert bridged.upper[0] == pytest.approx(5.5 + 2.66 * 3)

    def test_series_do_not_touch_each_other(self):
        values = np.array([1.0, 2.0, 101.0, 103.0])
        found = limits(values, np.array([0, 0, 1, 1]), np.array([True, False, True, False]))
        assert found.mean.tolist() == [1.5, 1.5, 102.0, 102.0]
        assert found.upper - found.mean == pytest.approx([2.66, 2.66, 5.32, 5.32])


def band(mean=0.0, half=3.0, n=8):
    """Limits that are given instead of computed."""
    from pipelines.statistics.spc import Limits

    return Limits(*(np.full(n, line) for line in (mean, mean - half, mean + half)))


class TestRules:
    def test_outside(self):
        assert outside(np.array([3.1, 3.0, 0.0, -3.0, -3.1]), band(n=5)).tolist() == [1, 0, 0, 0, -1]

    def test_trend_of_seven(self):
        values, _, starts = one_series(range(1, 8))
        assert trend(values, starts).tolist() == [1] * 7
        assert trend(-values, starts).tolist() == [-1] * 7

    def test_six_make_no_trend(self):
        values, _, starts = one_series(range(1, 7))
        assert trend(values, starts).tolist() == [0] * 6

    def test_equal_neighbours_end_a_trend(self):
        values, _, starts = one_series([1, 2, 3, 3, 4, 5, 6])
        assert not trend(values, starts).any()

    def test_a_gap_ends_a_trend(self):
        values, _, starts = one_series(range(1, 13), breaks=[6])
        assert not trend(values, starts).any()

    def test_a_turning_point_counts_for_the_trend_that_it_begins(self):
        values, _, starts = one_series([1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1])
        assert trend(values, starts).tolist() == [1] * 6 + [-1] * 7

    def test_shift_of_seven(self):
        values, _, starts = one_series([1] * 7 + [-1])
        assert shift(values, np.zeros(8), starts).tolist() == [1] * 7 + [0]
        assert shift(-values, np.zeros(8), starts).tolist() == [-1] * 7 + [0]

    def test_six_make_no_shift(self):
        values, _, starts = one_series([1] * 6 + [-1] * 6)
        assert not shift(values, np.zeros(12), starts).any()

    def test_a_point_on_the_mean_ends_a_shift(self):
        values, _, starts = one_series([1, 1, 1, 0, 1, 1, 1, 1])
        assert not shift(values, np.zeros(8), starts).any()

    def test_a_gap_ends_a_shift(self):
        values, _, starts = one_series([1] * 12, breaks=[6])
        assert not shift(values, np.zeros(12), starts).any()

    def test_a_new_series_ends_a_shift(self):
        values, starts = np.ones(12), np.array(([True] + [False] * 5) * 2)
        assert not shift(values, np.zeros(12), starts).any()

    def test_two_of_three_marks_the_points_near_the_limit(self):
        # Near is beyond 2; the package's vector has closes 0, 0, 1, 0, 1, 0, 0 and finds three in 3 to 5.
        values, _, starts = one_series([1, 1, 2.5, 1, 2.5, 1, 1])
        assert two_of_three(values, band(n=7), starts).tolist() == [0, 0, 1, 0, 1, 0, 0]
        assert two_of_three(-values, band(n=7), starts).tolist() == [0, 0, -1, 0, -1, 0, 0]

    def test_one_of_three_is_nothing(self):
        values, _, starts = one_series([1, 2.5, 1, 1, 2.5, 1])
        assert not two_of_three(values, band(n=6), starts).any()

    def test_two_of_three_on_opposite_sides_are_nothing(self):
        values, _, starts = one_series([1, 2.5, -2.5, 1, 1])
        assert not two_of_three(values, band(n=5), starts).any()
        with_another_side_between = one_series([1, 2.5, -1, 2.5, 1])
        assert not two_of_three(with_another_side_between[0], band(n=5), with_another_side_between[2]).any()

    def test_on_two_thirds_of_the_way_is_not_near(self):
        values, _, starts = one_series([2.0, 2.0, 2.0])
        assert not two_of_three(values, band(n=3), starts).any()

    def test_two_of_three_does_not_reach_across_a_gap(self):
        values, _, starts = one_series([1, 2.5, 2.5, 1], breaks=[2])
        assert not two_of_three(values, band(n=4), starts).any()

    def test_precedence(self):
        # All four at once: a rise to beyond the limit, above the mean throughout, the end of it near the limit.
        values, _, starts = one_series([0.1, 0.5, 1.0, 1.5, 2.2, 2.5, 2.8, 3.5])
        rule, direction = special_cause(values, band(), starts)
        assert [RULES[place] for place in rule] == ["trend"] * 7 + ["outside_limits"]
        assert direction.tolist() == [1] * 8
        # Two of three goes before the shift; a fall between breaks the trend.
        values, _, starts = one_series([0.1, 0.5, 0.4, 1.5, 1.0, 2.5, 2.4])
        rule, _ = special_cause(values, band(n=7), starts)
        assert [RULES[place] for place in rule] == ["shift"] * 5 + ["two_of_three"] * 2

    def test_common_cause_has_no_rule(self):
        values, _, starts = one_series([1, -1, 0.5, -0.5])
        rule, direction = special_cause(values, band(n=4), starts)
        assert (rule.tolist(), direction.tolist()) == ([-1] * 4, [0] * 4)


def test_variation_depends_on_what_is_better():
    found = variation(np.array([1, -1, 1, -1, 1, -1, 0]), np.array([1, 1, -1, -1, 0, 0, 1]))
    assert found == [
        "improvement_high",
        "concern_low",
        "concern_high",
        "improvement_low",
        "neutral_high",
        "neutral_low",
        "common_cause",
    ]


def test_assurance_depends_on_what_is_better():
    lower, upper = np.full(5, 70.0), np.full(5, 80.0)
    target = np.array([95.0, 75.0, 60.0, 70.0, np.nan])
    assert assurance(lower, upper, target, np.ones(5, dtype=int)) == [
        "consistent_fail",
        "inconsistent",
        "consistent_pass",
        "inconsistent",
        None,
    ]
    assert assurance(lower, upper, target, -np.ones(5, dtype=int))[:3] == [
        "consistent_pass",
        "inconsistent",
        "consistent_fail",
    ]


def points(values, *, org="R1H", periods=None, series_no=0, target=None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "measure_id": "m",
            "org_code": org,
            "period_type": "month",
            "series_no": series_no,
            "period_no": list(periods or range(100, 100 + len(values))),
            "value": [float(value) for value in values],
            "polarity": "higher_is_better",
            "target": target,
            "interim_target": None,
        },
        schema_overrides={"target": pl.Float64, "interim_target": pl.Float64},
    )


class TestDraw:
    def test_each_series_has_its_own_limits(self):
        drawn = draw(pl.concat([points(RNORM, org="R1H"), points(OUTLIER, org="R0A", target=5.0)]))
        means = dict(drawn.group_by("org_code").agg(pl.col("centre_line").first()).iter_rows())
        assert means == {"R1H": pytest.approx(0.1416238, abs=5e-7), "R0A": pytest.approx(0.6694159, abs=5e-7)}
        assert drawn.filter(org_code="R0A")["assurance"].unique().to_list() == ["consistent_fail"]
        assert drawn.filter(org_code="R1H")["assurance"].null_count() == 20
        flagged = drawn.filter(org_code="R0A", rule="outside_limits")
        assert flagged.select("period_no", "variation").rows() == [(114, "improvement_high")]

    def test_a_rebased_series_is_a_series_of_its_own(self):
        after = points([11, 12] * 6, periods=range(112, 124), series_no=1)
        drawn = draw(pl.concat([points([1, 2] * 6), after]))
        assert drawn.group_by("series_no", maintain_order=True).agg(pl.col("centre_line").unique()).rows() == [
            (0, [1.5]),
            (1, [11.5]),
        ]
        assert drawn["rule"].null_count() == 24

    def test_a_missing_month_is_not_bridged(self):
        # Six rise before the gap and six after it: with every month there would be a trend.
        months = [*range(100, 106), *range(107, 113)]
        drawn = draw(points(range(12), periods=months))
        assert drawn.filter(rule="trend").is_empty()
        assert not draw(points(range(12))).filter(rule="trend").is_empty()

    @pytest.mark.parametrize(("n", "trial"), [(12, True), (13, False)])
    def test_trial_limits_rest_on_fewer_than_13_points(self, n, trial):
        drawn = draw(points(RNORM[:n]))
        assert drawn["is_trial_limits"].unique().to_list() == [trial]
        assert drawn["n_points"].unique().to_list() == [n]

    def test_a_series_that_does_not_vary_has_no_limits(self):
        drawn = draw(points([100] * 14))
        assert drawn["centre_line"].null_count() == drawn["variation"].null_count() == 14

    def test_nothing_to_draw_has_the_same_columns(self):
        assert draw(points(RNORM).clear()).schema == draw(points(RNORM)).schema
