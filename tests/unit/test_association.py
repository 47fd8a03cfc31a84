"""The association statistics, held to published figures and to figures worked out by hand."""

from __future__ import annotations

import math

import polars as pl
import pytest

from pipelines.statistics.association import (
    ESTIMATES,
    PAIR,
    benjamini_hochberg,
    bonett_wright_interval,
    estimate,
    rank_association,
)


def pairs(exposure, outcome, *, measure="m", family="f", circular=False, kind="acute") -> pl.DataFrame:
    """One group of organisations in the shape that the warehouse hands over."""
    return pl.DataFrame(
        {
            "basis": "staff_survey_evidence",
            "exposure_id": "q3f",
            "measure_id": measure,
            "alignment": "same_year",
            "organisation_type": kind,
            "family_id": family,
            "is_circular": circular,
            "exposure_value": [float(value) for value in exposure],
            "outcome_value": [float(value) for value in outcome],
        }
    )


def scrambled(n: int, step: int) -> list[int]:
    """The numbers 0 to n - 1 in an order that depends on `step`, which must have no factor in common with n."""
    return [(value * step) % n for value in range(n)]


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
    def test_tau_b_with_ties_by_hand(self):
        # Pairs: 6. Concordant 4 (1-2, 1-4, 2-4, 3-4), discordant 0; tied in x only (2-3), tied in y only (1-3).
        # tau-b = 4 / sqrt((6 - 1) * (6 - 1)).
        found = rank_association([1, 2, 2, 3], [1, 2, 1, 3])
        assert found.tau_b == pytest.approx(4 / 5)

    def test_rho_with_ties_uses_average_ranks(self):
        # Ranks 1, 2.5, 2.5, 4 and 1.5, 3, 1.5, 4: covariance 3.75 over sqrt(4.5 * 4.5).
        found = rank_association([1, 2, 2, 3], [1, 2, 1, 3])
        assert found.rho == pytest.approx(3.75 / 4.5)

    def test_rho_without_ties_by_hand(self):
        # 1 - 6 * sum(d^2) / (n * (n^2 - 1)), with d = 0, -1, 1, 0, 0.
        assert rank_association([1, 2, 3, 4, 5], [1, 3, 2, 4, 5]).rho == pytest.approx(1 - 6 * 2 / 120)

    def test_p_is_students_t(self):
        # rho 0.2271 with 119 pairs: p 0.0130 (known answer). The t of rho 0.9 with 5 pairs is 3.576, p 0.0374.
        assert rank_association([1, 2, 3, 4, 5], [1, 3, 2, 4, 5]).p_value == pytest.approx(0.03739, abs=1e-5)

    def test_only_ranks_matter(self):
        exposure, outcome = scrambled(31, 7), scrambled(31, 12)
        stretched = [math.exp(value / 3) for value in exposure]
        assert rank_association(exposure, outcome) == rank_association(stretched, outcome)

    def test_sign_turns_with_the_outcome(self):
        exposure, outcome = scrambled(31, 7), scrambled(31, 12)
        plain = rank_association(exposure, outcome)
        turned = rank_association(exposure, [-value for value in outcome])
        assert (turned.rho, turned.tau_b) == pytest.approx((-plain.rho, -plain.tau_b))
        assert (turned.rho_low, turned.rho_high) == pytest.approx((-plain.rho_high, -plain.rho_low))

    @pytest.mark.parametrize(("exposure", "outcome"), [([1, 1, 1, 1], [1, 2, 3, 4]), ([1, 2, 3, 4], [5, 5, 5, 5])])
    def test_of_a_constant_is_not_estimated(self, exposure, outcome):
        assert set(rank_association(exposure, outcome)) == {None}

    def test_refuses_unequal_lengths(self):
        with pytest.raises(ValueError, match="cannot be paired"):
            rank_association([1, 2, 3], [1, 2])


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
        found = estimate(pairs([], []), minimum_n=20)
        assert found.is_empty() and dict(found.schema) == ESTIMATES

    def test_below_the_minimum_only_n_is_told(self):
        found = estimate(pairs(range(19), scrambled(19, 5)), minimum_n=20).row(0, named=True)
        assert found["n"] == 19
        assert {found[name] for name in ESTIMATES if name.startswith(("raw_", "p_", "q_"))} == {None}

    def test_at_the_minimum_there_is_an_estimate(self):
        found = estimate(pairs(range(20), scrambled(20, 3)), minimum_n=20).row(0, named=True)
        assert found["n"] == 20 and found["raw_rho"] is not None and found["q_value"] == found["p_value"]

    def test_families_and_types_are_tested_apart(self):
        exposure, weak, strong = range(30), scrambled(30, 11), scrambled(30, 1)
        frame = pl.concat(
            [
                pairs(exposure, weak, measure="weak"),
                pairs(exposure, strong, measure="strong"),
                pairs(exposure, weak, measure="other_family", family="g"),
                pairs(exposure, weak, measure="weak", kind="all"),
            ]
        )
        q = {(row["measure_id"], row["organisation_type"]): row for row in estimate(frame, 20).to_dicts()}
        assert q["other_family", "acute"]["q_value"] == q["other_family", "acute"]["p_value"]
        assert q["weak", "all"]["q_value"] == q["weak", "all"]["p_value"]
        assert q["strong", "acute"]["q_value"] == pytest.approx(2 * q["strong", "acute"]["p_value"])

    def test_circular_pairs_have_no_q_and_do_not_count(self):
        exposure, outcome = range(30), scrambled(30, 11)
        frame = pl.concat(
            [
                pairs(exposure, outcome, measure="disjoint"),
                pairs(exposure, exposure, measure="circular", circular=True),
            ]
        )
        found = {row["measure_id"]: row for row in estimate(frame, 20).to_dicts()}
        assert found["circular"]["raw_rho"] == pytest.approx(1.0) and found["circular"]["q_value"] is None
        assert found["disjoint"]["q_value"] == found["disjoint"]["p_value"]

    def test_does_not_depend_on_the_order_of_rows(self):
        frame = pl.concat([pairs(scrambled(37, step), scrambled(37, 5), measure=f"m{step}") for step in (2, 3, 7, 11)])
        assert estimate(frame, 20).equals(estimate(frame.reverse(), 20))

    def test_has_one_row_for_each_pair(self):
        frame = pl.concat([pairs(range(25), scrambled(25, 3), measure=name) for name in "abc"])
        assert estimate(frame, 20).select(PAIR).n_unique() == 3
