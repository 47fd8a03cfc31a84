"""The association statistics, held to published figures, to figures worked out by hand, and to scipy."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipelines.statistics import adjustment, ordinal, pooling, ranks, resampling
from pipelines.statistics.association import ESTIMATES, KEY, estimate
from pipelines.statistics.ranks import benjamini_hochberg, bonett_wright_interval, rank_association

WHOLE = np.zeros(400, dtype=int)
# Hollander and Wolfe, Nonparametric Statistical Methods, table 6.6: output after no, rough and accurate information.
OUTPUT = [40, 35, 38, 43, 44, 41, 38, 40, 47, 44, 40, 42, 48, 40, 45, 43, 46, 44]
INFORMATION = [1] * 6 + [2] * 6 + [3] * 6


def pairs(exposure, outcome, *, measure="m", circular=False, kind="acute", first=0, **more) -> pl.DataFrame:
    """The organisations of one type in one association, in the shape that the warehouse hands over."""
    n = len(exposure)
    columns = {
        "basis": "staff_survey_evidence",
        "exposure_kind": "driver",
        "exposure_id": "P1",
        "measure_id": measure,
        "alignment": "same_year",
        "is_circular": circular,
        "is_ordinal": False,
        "org_code": [f"ZX{first + place:03}" for place in range(n)],
        "organisation_type": kind,
        "region_code": [f"Y{place % 4}" for place in range(n)],
        "exposure_value": pl.Series(exposure, dtype=pl.Float64, strict=False),
        "outcome_value": pl.Series(outcome, dtype=pl.Float64, strict=False),
        **dict.fromkeys(("level", "prior_outcome_value", "rival_exposure_value", "weight", "size")),
    }
    return pl.DataFrame({**columns, **more})


def in_family(frame: pl.DataFrame, family: str = "f") -> pl.DataFrame:
    """Every association of the frame in one family, for each type and for all."""
    keys = frame.select(KEY).unique()
    overall = keys.with_columns(organisation_type=pl.lit("all")).unique()
    none = pl.lit(None, pl.Int32)
    return pl.concat([keys, overall]).with_columns(family_id=pl.lit(family), confidential_place=none)


def estimated(frame: pl.DataFrame, kind: str = "acute", minimum_n: int = 20) -> dict:
    """The row of one organisation type of a frame that holds one association."""
    return estimate(frame, in_family(frame), minimum_n).row(
        by_predicate=pl.col("organisation_type") == kind, named=True
    )


def scrambled(n: int, step: int) -> list[int]:
    """The numbers 0 to n - 1 in an order that depends on `step`, which must have no factor in common with n."""
    return [(value * step) % n for value in range(n)]


def tied_sample(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Five levels and an outcome with some ties."""
    generator = np.random.default_rng(seed)
    exposure = generator.integers(1, 6, n).astype(float)
    return exposure, np.round(0.3 * exposure + generator.normal(size=n), 1)


def of(*values) -> np.ndarray:
    return np.array(values, dtype=float)


class TestInterval:
    @pytest.mark.parametrize(
        ("rho", "n", "low", "high"),
        [
            (-0.3224, 121, -0.477, -0.148),  # q3f and sickness, acute trusts, survey 2024
            (0.2271, 119, 0.047, 0.393),  # q3f and waits within 18 weeks, January 2026
            (0.2230, 120, 0.043, 0.389),  # q3f and 62-day cancer
        ],
    )
    def test_reproduces_known_answers(self, rho, n, low, high):
        assert bonett_wright_interval(rho, n) == pytest.approx((low, high), abs=0.0005)

    def test_of_zero_is_fishers(self):
        # With rho = 0 the variance is 1 / (n - 3); n = 103 gives a standard error of exactly 0.1.
        assert bonett_wright_interval(0.0, 103) == pytest.approx((-math.tanh(0.1959964), math.tanh(0.1959964)))

    def test_is_wider_than_fishers_away_from_zero(self):
        low, high = bonett_wright_interval(0.8, 103)
        assert math.atanh(high) - math.atanh(low) == pytest.approx(2 * 0.1959964 * math.sqrt(1.32))

    def test_of_a_perfect_correlation_has_no_width(self):
        assert bonett_wright_interval(1.0, 20) == (1.0, 1.0)

    def test_refuses_too_few_pairs(self):
        with pytest.raises(ValueError, match="at least 4"):
            bonett_wright_interval(0.5, 3)


class TestRankAssociation:
    def test_rho_with_ties_uses_average_ranks(self):
        # Ranks 1, 2.5, 2.5, 4 and 1.5, 3, 1.5, 4: covariance 3.75 over sqrt(4.5 * 4.5).
        assert rank_association(of(1, 2, 2, 3), of(1, 2, 1, 3)).rho == pytest.approx(3.75 / 4.5)

    def test_rho_without_ties_by_hand(self):
        # 1 - 6 * sum(d^2) / (n * (n^2 - 1)), with d = 0, -1, 1, 0, 0.
        assert rank_association(of(1, 2, 3, 4, 5), of(1, 3, 2, 4, 5)).rho == pytest.approx(1 - 6 * 2 / 120)

    def test_p_is_students_t(self):
        # The t of rho 0.9 with 5 pairs is 3.576, p 0.0374.
        assert rank_association(of(1, 2, 3, 4, 5), of(1, 3, 2, 4, 5)).p_value == pytest.approx(0.03739, abs=1e-5)

    @pytest.mark.parametrize("seed", range(8))
    def test_is_scipys(self, seed):
        exposure, outcome = tied_sample(seed)
        found, expected = rank_association(exposure, outcome), stats.spearmanr(exposure, outcome)
        assert (found.rho, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-10)

    def test_only_ranks_matter(self):
        exposure, outcome = of(*scrambled(31, 7)), of(*scrambled(31, 12))
        assert rank_association(exposure, outcome) == rank_association(np.exp(exposure / 3), outcome)

    def test_sign_turns_with_the_outcome(self):
        exposure, outcome = of(*scrambled(31, 7)), of(*scrambled(31, 12))
        plain, turned = rank_association(exposure, outcome), rank_association(exposure, -outcome)
        assert (turned.rho, turned.rho_low) == pytest.approx((-plain.rho, -plain.rho_high))

    @pytest.mark.parametrize(("exposure", "outcome"), [((1, 1, 1, 1), (1, 2, 3, 4)), ((1, 2, 3, 4), (5, 5, 5, 5))])
    def test_of_a_constant_is_not_estimated(self, exposure, outcome):
        assert set(rank_association(of(*exposure), of(*outcome))) == {None}
        assert ranks.concordance(of(*exposure), of(*outcome)) is None

    def test_refuses_unequal_lengths(self):
        with pytest.raises(ValueError, match="cannot be paired"):
            rank_association(of(1, 2, 3), of(1, 2))


class TestConcordance:
    def test_by_hand(self):
        # Of 6 pairs 4 agree (1-2, 1-4, 2-4, 3-4) and none disagree; one is tied in x only, one in y only.
        found = ranks.concordance(of(1, 2, 2, 3), of(1, 2, 1, 3))
        assert (found.score, found.untied_exposure, found.untied_outcome) == (4, 5, 5)
        assert ranks.tau_b([found]) == pytest.approx(4 / 5) and ranks.somers_d([found]) == pytest.approx(4 / 5)

    @pytest.mark.parametrize("seed", range(8))
    def test_is_scipys(self, seed):
        exposure, outcome = tied_sample(seed)
        found = [ranks.concordance(exposure, outcome)]
        kendall = stats.kendalltau(exposure, outcome, method="asymptotic")
        assert ranks.tau_b(found) == pytest.approx(kendall.statistic, rel=1e-10)
        assert ranks.somers_d(found) == pytest.approx(stats.somersd(exposure, outcome).statistic, rel=1e-10)
        assert ranks.trend_p_value(found) == pytest.approx(kendall.pvalue, rel=1e-10)

    def test_of_two_groups_leaves_pairs_across_them_out(self):
        # Within both groups the outcome falls; across them it rises.
        low, high = ranks.concordance(of(1, 2, 3), of(3, 2, 1)), ranks.concordance(of(4, 5, 6), of(9, 8, 7))
        assert ranks.tau_b([low, high]) == -1.0 and ranks.somers_d([low, high]) == -1.0

    def test_trend_is_jonckheere_and_terpstras(self):
        # Published: J = 22 + 30.5 + 26.5 = 79 against 54 expected; with ties the standard deviation is 12.259, so
        # that z = 2.039 and the two-sided p 0.0414.
        found = ranks.concordance(of(*INFORMATION), of(*OUTPUT))
        assert found.score / 2 + 54 == 79
        assert math.sqrt(found.variance) / 2 == pytest.approx(12.259, abs=0.001)
        assert ranks.trend_p_value([found]) == pytest.approx(0.0414, abs=0.0001)


class TestPooling:
    def test_by_hand(self):
        # z = 0.54931 and 0.20273 with weights 25 and 50: mean 0.31826, whose tanh is 0.30794; standard error under
        # no association 1 / sqrt(75), so that 2.7562 standard errors.
        found = pooling.pooled_association([0.5, 0.2], [28, 53])
        assert found.rho == pytest.approx(0.30794, abs=1e-5)
        assert found.p_value == pytest.approx(0.005848, abs=1e-5)
        half_width = 1.959964 * math.sqrt((1 + 0.30794**2 / 2) / 75)
        assert math.atanh(found.rho_high) - 0.31826 == pytest.approx(half_width, abs=1e-4)

    def test_heterogeneity_by_hand(self):
        # Q = 25 * 0.23105^2 + 50 * 0.11553^2 = 2.0020, I² = 1.0020 / 2.0020; P(chi² with 1 df > 2.0020) = 0.1571.
        found = pooling.heterogeneity([0.5, 0.2], [28, 53])
        assert found == pytest.approx((2.0020, 0.1571, 0.5005), abs=2e-4)

    def test_equal_types_are_not_heterogeneous(self):
        assert pooling.heterogeneity([0.3, 0.3], [30, 40]) == pytest.approx((0.0, 1.0, 0.0))

    def test_one_type_has_no_heterogeneity(self):
        assert set(pooling.heterogeneity([0.3], [30])) == {None}

    def test_a_perfect_small_type_does_not_decide(self):
        # atanh(1) would be infinite. One swap of neighbours among 6 gives 1 - 12 / 210.
        found = pooling.pooled_rhos(of(1.0, 0.0)[:, None], of(6, 60)[:, None])[0]
        assert found == pytest.approx(math.tanh(3 * math.atanh(1 - 12 / 210) / 60))

    def test_types_that_are_too_small_or_constant_are_left_out(self):
        rhos = np.array([[0.5], [-0.9], [math.nan]])
        assert pooling.pooled_rhos(rhos, np.array([[30], [4], [40]]))[0] == pytest.approx(0.5)
        assert math.isnan(pooling.pooled_rhos(rhos[1:], np.array([[4], [40]]))[0])


class TestResampling:
    def test_whole_weights_are_organisations_standing_more_than_once(self):
        exposure, outcome = tied_sample(3)
        weights = resampling.bootstrap_weights(60, "acute", 20)
        repeated = [np.repeat(np.arange(60), column.astype(int)) for column in weights.T]
        expected = [stats.spearmanr(exposure[drawn], outcome[drawn]).statistic for drawn in repeated]
        assert resampling.weighted_rhos(exposure, outcome, weights) == pytest.approx(expected, abs=1e-6)

    def test_unequal_weights_by_hand(self):
        # Weights 1, 2, 1. Ranks of x less their mean: -1.5, 0, 1.5; y = 2, 1, 3: middle first, so 0.5, -1, 1.5.
        # Sum of w x y = -0.75 + 0 + 2.25; of w x^2 = 4.5; of w y^2 = 0.25 + 2 + 2.25 = 4.5.
        found = resampling.weighted_rhos(of(1, 2, 3), of(2, 1, 3), of(1, 2, 1)[:, None])
        assert found == pytest.approx([1.5 / 4.5])

    def test_each_draw_has_as_many_as_there_are(self):
        assert (resampling.bootstrap_weights(37, "acute").sum(axis=0) == 37).all()

    def test_draws_of_types_differ(self):
        assert (resampling.bootstrap_weights(37, "acute") != resampling.bootstrap_weights(37, "ambulance")).any()

    def test_percentiles_are_draws(self):
        # 0.025 * (599 + 1) = 15: the 15th smallest and the 15th greatest.
        assert resampling.percentile_interval(np.arange(599.0)[::-1]) == (14.0, 584.0)

    def test_no_interval_where_many_draws_have_no_estimate(self):
        draws = np.arange(599.0)
        draws[:40] = math.nan
        assert resampling.percentile_interval(draws) == (None, None)

    def test_a_constant_has_no_draws(self):
        weights = resampling.bootstrap_weights(30, "acute")
        assert np.isnan(resampling.weighted_rhos(np.ones(30), np.arange(30.0), weights)).all()


class TestAdjustment:
    def test_for_one_covariate_is_the_formula(self):
        # (r_xy - r_xz r_yz) / sqrt((1 - r_xz^2) (1 - r_yz^2)), the r those of ranks.
        (x, y), z = tied_sample(5), np.random.default_rng(9).normal(size=60)
        z = z + y
        xy, xz, yz = (stats.spearmanr(*both).statistic for both in ((x, y), (x, z), (y, z)))
        expected = (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))
        found = adjustment.adjusted_association(WHOLE[:60], x, y, {"prior value": z}, 20)
        assert found.rho == pytest.approx(expected)
        # One degree of freedom less: t with 60 - 3, and the interval of 59 pairs.
        t = found.rho * math.sqrt(57 / (1 - found.rho**2))
        assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), 57))
        assert (found.rho_low, found.rho_high) == bonett_wright_interval(found.rho, 59)

    def test_takes_out_two_dummies_of_three_regions(self):
        region, (x, y) = np.repeat([0, 1, 2], 20), tied_sample(6)
        found = adjustment.adjusted_association(WHOLE[:60], x, y, {"region": region}, 20)
        within = [side - (np.bincount(region, side) / 20)[region] for side in (stats.rankdata(x), stats.rankdata(y))]
        assert found.rho == pytest.approx(np.corrcoef(within)[0, 1])
        assert (found.rho_low, found.rho_high) == pytest.approx(bonett_wright_interval(found.rho, 58))

    def test_takes_types_out_as_it_does_labels(self):
        kind, (x, y), size = np.repeat([0, 1, 2], 20), tied_sample(6), np.random.default_rng(2).normal(size=60)
        of_types = adjustment.adjusted_association(kind, x + kind, y - kind, {"size": size}, 20)
        of_labels = adjustment.adjusted_association(WHOLE[:60], x + kind, y - kind, {"size": size, "kind": kind}, 20)
        assert of_types[:5] == pytest.approx(of_labels[:5])

    def test_leaves_out_a_covariate_that_many_lack_and_not_the_organisations(self):
        x, y = tied_sample(7)
        few, many = np.arange(60.0) % 7, np.arange(60.0) % 11
        few[:10], many[:20] = math.nan, math.nan
        found = adjustment.adjusted_association(WHOLE[:60], x, y, {"prior value": few, "size": many}, 20)
        assert (found.n, found.adjusted_for) == (50, "prior value")

    @pytest.mark.parametrize(
        "covariates",
        [
            {},
            {"size": np.full(60, math.nan)},
            {"size": np.ones(60)},
            {"region": np.zeros(60, dtype=int)},
            {"prior value": tied_sample(8)[1]},  # the outcome itself: nothing is left of it
        ],
    )
    def test_without_anything_to_adjust_for_is_not_estimated(self, covariates):
        assert adjustment.adjusted_association(WHOLE[:60], *tied_sample(8), covariates, 20) == adjustment.NOT_ADJUSTED

    def test_with_few_degrees_of_freedom_is_not_estimated(self):
        x, y = tied_sample(8, 20)
        regions = {"region": np.arange(20) % 10}
        assert adjustment.adjusted_association(WHOLE[:20], x, y, regions, 20) == adjustment.NOT_ADJUSTED


class TestProportionalOdds:
    def test_of_two_levels_is_the_odds_ratio(self):
        # 30 of 40 good where the exposure is 1, 20 of 40 where it is 0: odds ratio 3 * 1 = 3 for one unit, whose log
        # has variance 1/30 + 1/10 + 1/20 + 1/20. The standard deviation is sqrt(80 / 4 / 79).
        exposure, outcome = np.repeat(of(1, 0), 40), np.repeat(of(1, 0, 1, 0), [30, 10, 20, 20])
        deviation = math.sqrt(20 / 79)
        half_width = 1.959964 * math.sqrt(1 / 30 + 1 / 10 + 1 / 20 + 1 / 20)
        expected = [math.exp(deviation * (math.log(3) + side * half_width)) for side in (0, -1, 1)]
        assert ordinal.proportional_odds(WHOLE[:80], exposure, outcome) == pytest.approx(expected, rel=1e-3)

    def test_is_statsmodels(self):
        from statsmodels.miscmodels.ordinal_model import OrderedModel

        exposure, outcome = tied_sample(11, 120)
        outcome = np.digitize(outcome, [0, 1, 2])
        found = ordinal.proportional_odds(WHOLE[:120], exposure, outcome)
        model = OrderedModel(outcome, (exposure / exposure.std(ddof=1))[:, None], distr="logit")
        fitted = model.fit(method="bfgs", disp=0)
        assert found.ratio == pytest.approx(math.exp(fitted.params[0]), rel=1e-3)
        assert (found.low, found.high) == pytest.approx(np.exp(fitted.conf_int()[0]), rel=1e-3)

    def test_compares_within_types(self):
        # Both types have odds ratio 1; the second has more of the exposure and better ratings.
        exposure = np.tile(np.repeat(of(0, 1), 20), 2) + np.repeat(of(0, 5), 40)
        outcome = np.concatenate([np.tile(np.repeat(of(0, 1), [15, 5]), 2), np.tile(np.repeat(of(0, 1), [5, 15]), 2)])
        found = ordinal.proportional_odds(np.repeat([0, 1], 40), exposure, outcome)
        assert found.ratio == pytest.approx(1.0, abs=1e-3)

    @pytest.mark.parametrize(
        ("exposure", "outcome"),
        [
            (np.arange(40.0), np.ones(40)),  # one level
            (np.arange(40.0), np.repeat(of(1, 2, 3, 4), 10)),  # levels do not overlap
            (np.arange(40.0), np.repeat(of(4, 3, 2, 1), 10)),
            (np.repeat(of(1, 2, 3), [10, 20, 10]), np.repeat(of(1, 2, 1, 2), 10)),  # they do at one exposure only
            (np.ones(40), np.tile(of(1, 2, 3, 4), 10)),  # one exposure
        ],
    )
    def test_without_an_answer_is_none(self, exposure, outcome):
        assert ordinal.proportional_odds(WHOLE[:40], exposure, outcome) == ordinal.NO_RATIO

    def test_of_types_whose_levels_do_not_overlap_is_none(self):
        exposure, outcome = np.arange(40.0), np.repeat(of(1, 2, 1, 2), 10)
        assert ordinal.proportional_odds(np.repeat([0, 1], 20), exposure, outcome) == ordinal.NO_RATIO


class TestBenjaminiHochberg:
    def test_by_hand(self):
        # p * m / rank, from the largest p down and never rising: 0.04, then 0.03 * 4 / 3, 0.02 * 4 / 2, ...
        assert benjamini_hochberg([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.04, 0.04, 0.04])
        assert benjamini_hochberg([0.04, 0.001, 0.5]) == pytest.approx([0.06, 0.003, 0.5])

    def test_reproduces_known_answers(self):
        # The four outcomes of q3f among acute trusts: sickness, cancer, waits, A&E.
        q = benjamini_hochberg([0.0003, 0.0143, 0.0130, 0.0434])
        assert q == pytest.approx([0.0012, 0.0191, 0.0191, 0.0434], abs=0.0001)

    def test_of_no_tests_is_none(self):
        assert benjamini_hochberg([]) == []


class TestEstimate:
    def test_without_pairs_keeps_the_columns(self):
        frame = pairs(range(20), range(20))
        found = estimate(frame.clear(), in_family(frame), minimum_n=20)
        assert found.is_empty() and dict(found.schema) == ESTIMATES

    def test_below_the_minimum_only_n_is_told(self):
        found = estimated(pairs(range(19), scrambled(19, 5)))
        assert found["n"] == 19
        assert {found[name] for name in ESTIMATES if "raw_" in name or name[:2] in ("p_", "q_", "ad")} == {None}

    def test_at_the_minimum_there_is_an_estimate(self):
        found = estimated(pairs(range(20), scrambled(20, 3)))
        assert found["n"] == 20 and found["raw_rho"] is not None and found["q_value"] == found["p_value"]

    @pytest.mark.parametrize("missing", [None, math.nan, math.inf])
    def test_pairs_without_both_values_do_not_count(self, missing):
        exposure, outcome = list(range(30)), scrambled(30, 7)
        with_gaps = pairs([*exposure, missing, 5], [*outcome, 5, missing])
        assert estimated(with_gaps) == estimated(pairs(exposure, outcome))

    def test_all_compares_organisations_of_one_type_only(self):
        # Within each type the outcome falls with the exposure; the second type has more of both.
        fall = [-value for value in range(30)]
        frame = pl.concat(
            [
                pairs(range(30), scrambled(30, 29)),
                pairs([value + 40 for value in range(30)], [value + 60 for value in fall], kind="ambulance", first=30),
            ]
        )
        found = estimated(frame, "all")
        assert found["raw_rho"] < -0.9 and found["raw_tau_b"] < -0.8 < 0.3 < found["raw_unstratified_rho"]
        assert (found["n"], found["n_types"]) == (60, 2)
        assert found["i_squared"] is not None and estimated(frame)["i_squared"] is None

    def test_n_counts_the_types_that_are_pooled(self):
        frame = pl.concat(
            [
                pairs(range(30), scrambled(30, 7)),
                pairs(range(4), range(4), kind="ambulance", first=30),
                pairs(range(25), [1] * 25, kind="community", first=40),
            ]
        )
        found = estimated(frame, "all")
        alone = estimated(pairs(range(30), scrambled(30, 7)))
        assert (found["n"], found["n_types"]) == (30, 1)
        assert (found["raw_rho"], found["p_value"]) == (alone["raw_rho"], alone["p_value"])
        assert estimated(frame, "community")["n"] == 25 and estimated(frame, "community")["raw_rho"] is None

    def test_families_and_types_are_tested_apart(self):
        exposure, weak, strong = range(30), scrambled(30, 11), scrambled(30, 1)
        named = [pairs(exposure, weak, measure="weak"), pairs(exposure, strong, measure="strong")]
        other, none = pairs(exposure, weak, measure="other_family"), pairs(exposure, weak, measure="in_none")
        families = pl.concat([*map(in_family, named), in_family(other, "g"), in_family(none, None)])
        found = estimate(pl.concat([*named, other, none]), families, 20)
        q = {row["measure_id"]: row for row in found.filter(organisation_type="acute").to_dicts()}
        assert q["other_family"]["q_value"] == q["other_family"]["p_value"]
        assert q["strong"]["q_value"] == pytest.approx(2 * q["strong"]["p_value"])
        assert q["in_none"]["p_value"] is not None and q["in_none"]["q_value"] is None

    def test_circular_pairs_have_no_q_and_do_not_count(self):
        exposure, outcome = range(30), scrambled(30, 11)
        frame = pl.concat(
            [
                pairs(exposure, outcome, measure="disjoint"),
                pairs(exposure, exposure, measure="circular", circular=True),
            ]
        )
        rows = estimate(frame, in_family(frame), 20).filter(organisation_type="acute").to_dicts()
        found = {row["measure_id"]: row for row in rows}
        assert found["circular"]["raw_rho"] == pytest.approx(1.0) and found["circular"]["q_value"] is None
        assert found["disjoint"]["q_value"] == found["disjoint"]["p_value"]

    def test_does_not_depend_on_the_order_of_rows_or_on_other_rows(self):
        exposure, outcome = tied_sample(1)
        extra = {
            "level": exposure,
            "weight": 1 + outcome**2,
            "size": outcome * 3 % 5,
            "prior_outcome_value": outcome % 3,
        }
        frame = pl.concat(
            [pairs(exposure, np.roll(outcome, step), measure=f"m{step}", **extra) for step in (2, 3, 7)]
            + [pairs(exposure, outcome, measure="m2", kind="ambulance", first=100, **extra)]
        )
        found = estimate(frame, in_family(frame), 20)
        assert found.equals(estimate(frame.sample(fraction=1, shuffle=True, seed=4), in_family(frame), 20))
        alone = frame.filter(measure_id="m2")
        of_one = estimate(alone, in_family(alone), 20).drop("q_value")
        assert of_one.equals(found.filter(measure_id="m2").drop("q_value"))

    def test_leaves_out_each_region(self):
        exposure, outcome = tied_sample(2, 40)
        found = estimated(pairs(exposure, outcome))
        left = [np.arange(40) % 4 != region for region in range(4)]
        rhos = [stats.spearmanr(exposure[kept], outcome[kept]).statistic for kept in left]
        assert found["raw_without_region_low"] == pytest.approx(min(rhos))
        assert found["raw_without_region_high"] == pytest.approx(max(rhos))

    @pytest.mark.parametrize("region", ["Y1", None])
    def test_one_region_cannot_be_left_out(self, region):
        found = estimated(pairs(*tied_sample(2), region_code=pl.Series([region] * 60, dtype=pl.String)))
        assert found["raw_rho"] is not None and found["raw_without_region_low"] is None

    def test_a_region_of_another_type_is_no_region_of_this_one(self):
        exposure, outcome = tied_sample(2)
        acute = pairs(exposure, outcome, region_code=["Y1"] * 60)
        other = pairs(exposure, outcome, kind="ambulance", first=100, region_code=["Y2"] * 60)
        frame = pl.concat([acute, other])
        assert estimated(frame)["raw_without_region_low"] is None
        assert estimated(frame, "all")["raw_without_region_low"] is not None

    def test_bootstrap_interval_lies_around_the_estimate(self):
        found = estimated(pairs(*tied_sample(4)))
        assert found["raw_bootstrap_low"] < found["raw_rho"] < found["raw_bootstrap_high"]

    def test_weights_and_rival_are_other_estimates(self):
        exposure, outcome = tied_sample(4)
        rival = [*outcome[:50], *[None] * 10]
        found = estimated(pairs(exposure, outcome, weight=[2.0] * 60, rival_exposure_value=rival))
        assert found["raw_weighted_rho"] == pytest.approx(found["raw_rho"])
        assert found["raw_rival_rho"] == pytest.approx(1.0)
        found = estimated(pairs(exposure, outcome, weight=[2.0] * 59 + [None]))
        assert found["raw_weighted_rho"] is None

    def test_trend_over_two_levels_is_none(self):
        exposure, outcome = tied_sample(4)
        found = estimated(pairs(exposure, outcome, level=np.minimum(exposure, 2)))
        assert (found["n_levels"], found["trend_p_value"]) == (2, None)
        found = estimated(pairs(exposure, outcome, level=exposure))
        expected = stats.kendalltau(exposure, outcome, method="asymptotic").pvalue
        assert found["n_levels"] == 5 and found["trend_p_value"] == pytest.approx(expected)

    def test_odds_are_those_of_ordinal_outcomes_of_drivers(self):
        exposure, outcome = tied_sample(4)
        rating = np.digitize(outcome, [0, 1])
        assert estimated(pairs(exposure, rating, is_ordinal=True))["raw_odds_ratio"] > 1
        assert estimated(pairs(exposure, rating))["raw_odds_ratio"] is None
        assert estimated(pairs(exposure, rating, is_ordinal=True, exposure_kind="item"))["raw_odds_ratio"] is None

    def test_names_what_it_is_adjusted_for(self):
        exposure, outcome = tied_sample(4)
        found = estimated(pairs(exposure, outcome, prior_outcome_value=np.roll(outcome, 1)))
        assert (found["adjusted_for"], found["adjusted_n"]) == ("prior value|region", 60)
        assert found["raw_prior_adjusted_rho"] is not None

    def test_odd_values_give_a_number_or_none(self):
        generator = np.random.default_rng(12)

        def odd(n: int) -> pl.Series:
            ties, gaps = generator.integers(1, 4), np.where(generator.random(n) < 0.3, math.nan, 1.0)
            kinds = (np.ones(n), np.arange(n), -np.arange(n), generator.integers(0, ties, n), np.arange(n) * gaps)
            return pl.Series(kinds[generator.integers(0, len(kinds))], dtype=pl.Float64)

        names = ("level", "prior_outcome_value", "rival_exposure_value", "size")
        frames = []
        for number in range(60):
            for place, kind in enumerate(("acute", "ambulance")):
                n = int(generator.integers(1, 45))
                more = {"is_ordinal": number % 2 == 0, "weight": odd(n).abs(), **{name: odd(n) for name in names}}
                values = odd(n).to_list(), odd(n).to_list()
                frames.append(pairs(*values, measure=f"m{number}", kind=kind, first=100 * place, **more))
        frame = pl.concat(frames)
        found = estimate(frame, in_family(frame), 20)
        numbers = found.select(pl.selectors.float())
        assert found["raw_rho"].count() > 30 and found["raw_odds_ratio"].count() > 3
        assert all(numbers[name].drop_nulls().is_finite().all() for name in numbers.columns)
        bounded = numbers.select(pl.selectors.contains("rho", "tau", "somers", "region", "bootstrap"))
        assert bounded.select(pl.all().abs().max()).transpose().to_series().max() <= 1 + 1e-12
