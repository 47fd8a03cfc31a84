"""Who shares, against who does not: weights and comparisons, held to figures worked out by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from pipelines.statistics.response import COMPARISONS, STEP, bits_hidden, bits_told, compare, sharing_weights

NO_OUTCOMES = pl.DataFrame(
    schema={
        "round_start_year": pl.Int32,
        "org_code": pl.String,
        "measure_id": pl.String,
        "outcome_domain": pl.String,
        "outcome_value": pl.Float64,
    }
)


def listed(sharers: dict[str, tuple[int, int]], year: int = 2025) -> pl.DataFrame:
    """Organisations by type: how many share, of how many. All in one region, all of one size."""
    rows = [
        (year, f"{kind}{number}", kind, "Y56", 1000.0, number < n_shared)
        for kind, (n_shared, n) in sharers.items()
        for number in range(n)
    ]
    columns = ["round_start_year", "org_code", "organisation_type", "region_code", "size", "is_shared"]
    return pl.DataFrame(rows, schema=columns, orient="row").cast({"round_start_year": pl.Int32})


def outcome_of(organisations: pl.DataFrame, values: list[float], measure: str = "m", domain: str = "d") -> pl.DataFrame:
    """One outcome of each of them."""
    return organisations.select(
        "round_start_year",
        "org_code",
        measure_id=pl.lit(measure),
        outcome_domain=pl.lit(domain),
        outcome_value=pl.Series(values),
    )


class TestWeights:
    def test_is_the_inverse_of_the_groups_share(self):
        # 10 of 20 and 5 of 20 share, 15 of 40 together: 0.375 / 0.5 = 0.75 and 0.375 / 0.25 = 1.5.
        weighted = sharing_weights(listed({"acute": (10, 20), "community": (5, 20)}), NO_OUTCOMES, minimum_n=10)
        by_kind = weighted.group_by(pl.col("org_code").str.strip_chars("0123456789")).agg(
            pl.len(), pl.col("weight").unique().round(6)
        )
        assert sorted(by_kind.rows()) == [("acute", 10, [0.75]), ("community", 5, [1.5])]
        assert weighted["weight"].mean() == pytest.approx(1)

    def test_type_of_which_none_shares_changes_nothing(self):
        sharers = {"acute": (10, 20), "community": (5, 20)}
        with_icbs = sharing_weights(listed({**sharers, "icb": (0, 30)}), NO_OUTCOMES, minimum_n=10)
        assert with_icbs["weight"].to_list() == pytest.approx(
            sharing_weights(listed(sharers), NO_OUTCOMES, minimum_n=10)["weight"].to_list()
        )

    def test_rounds_do_not_meet(self):
        now, then = listed({"acute": (10, 20), "community": (5, 20)}), listed({"acute": (15, 40)}, year=2023)
        weighted = sharing_weights(pl.concat([now, then]), NO_OUTCOMES, minimum_n=10)
        of_then = weighted.filter(pl.col("round_start_year") == 2023)["weight"]
        assert of_then.to_list() == pytest.approx([1.0] * 15)

    def test_before_anybody_shares_there_are_none(self):
        nobody = listed({"acute": (0, 40)}).clear()
        assert sharing_weights(nobody, NO_OUTCOMES, minimum_n=10).is_empty()
        nobody = nobody.with_columns(may_be_named=pl.lit(False))
        assert compare(nobody, figure_of(nobody, []), smallest_side=5).is_empty()

    @pytest.mark.parametrize("sharers", [(9, 40), (31, 40)])
    def test_too_few_on_either_side_have_none(self, sharers):
        weighted = sharing_weights(listed({"acute": sharers}), NO_OUTCOMES, minimum_n=10)
        assert weighted.height == sharers[0]
        assert weighted["weight"].to_list() == [None] * sharers[0]

    def test_complete_separation_has_none(self):
        organisations = listed({"acute": (20, 40)})
        outcomes = outcome_of(organisations, [10.0 + n for n in range(20)] + [50.0 + n for n in range(20)])
        weighted = sharing_weights(organisations, outcomes, minimum_n=10)
        assert weighted["weight"].to_list() == [None] * 20

    def test_outcome_takes_away_the_difference_that_it_makes(self):
        # The lower half shares three times in four, the upper half once in four: unweighted, sharers look lower.
        organisations = listed({"acute": (40, 80)})
        values = [1.0] * 30 + [2.0] * 10 + [1.0] * 10 + [2.0] * 30
        weighted = sharing_weights(organisations, outcome_of(organisations, values), minimum_n=10)
        of_sharers = dict(zip(organisations["org_code"], values, strict=True))
        shown = [of_sharers[code] for code in weighted["org_code"]]
        assert np.mean(shown) == pytest.approx(1.25)
        assert np.average(shown, weights=weighted["weight"]) == pytest.approx(1.5)

    def test_poorly_covered_outcome_stays_out(self):
        organisations = listed({"acute": (40, 80)})
        values = [1.0] * 30 + [2.0] * 10 + [1.0] * 10 + [2.0] * 30
        outcomes = outcome_of(organisations, values).gather_every(2)
        weighted = sharing_weights(organisations, outcomes, minimum_n=10)
        assert weighted["weight"].to_list() == pytest.approx([1.0] * 40)

    def test_none_lies_beyond_the_percentiles(self):
        # 2 of 40 share in the smaller type, fewer than one sharer in twenty: their weight falls to the next one.
        weighted = sharing_weights(listed({"acute": (60, 80), "community": (2, 40)}), NO_OUTCOMES, minimum_n=10)
        assert weighted["weight"].max() == pytest.approx((62 / 120) / (60 / 80))


def population(n_shared: int, n: int, *, named: int = 0, kind: str = "acute") -> pl.DataFrame:
    """Organisations of one type; the first of those that share may be named."""
    organisations = listed({kind: (n_shared, n)})
    return organisations.with_columns(may_be_named=pl.Series([place < named for place in range(n)]))


def figure_of(organisations: pl.DataFrame, values: list[float] | np.ndarray, measure: str = "m") -> pl.DataFrame:
    return organisations.select(
        "round_start_year", "org_code", measure_id=pl.lit(measure), value=pl.Series(values, dtype=pl.Float64)
    )


def only_row(organisations: pl.DataFrame, figures: pl.DataFrame) -> dict[str, object]:
    (row,) = compare(organisations, figures, smallest_side=5).to_dicts()
    return row


class TestComparison:
    def test_by_hand(self):
        # Sharers: 30 times 1 and 10 times 0; others: 10 times 1 and 30 times 0. Means 0.75 and 0.25, overall 0.5; the
        # sum of squares is 80 / 4, the standard deviation sqrt(20 / 79) = 0.5032: 0.5 / 0.5032 = 0.99, rounded 1.0.
        # Back from there: 0.5 + 0.5 * 1.0 * 0.5032 = 0.752 and 0.248.
        organisations = population(40, 80)
        row = only_row(organisations, figure_of(organisations, [1.0] * 30 + [0.0] * 10 + [1.0] * 10 + [0.0] * 30))
        assert (row["n_eligible"], row["n_shared"], row["is_hidden"]) == (80, 40, False)
        assert (row["standardised_difference"], row["mean_shared"], row["mean_not_shared"]) == (1.0, 0.752, 0.248)

    def test_a_difference_between_types_is_none_between_sharers(self):
        """More of the higher type share, and within each type the two do not differ."""
        acute, community = population(30, 40), population(10, 40, kind="community")
        both = pl.concat([acute, community])
        values = [10.0, 12.0] * 20 + [1.0, 3.0] * 20
        row = only_row(both, figure_of(both, values))
        assert row["standardised_difference"] == 0
        assert row["mean_shared"] == row["mean_not_shared"] == 6.5

    def test_counts_are_rounded(self):
        organisations = population(38, 80)
        row = only_row(organisations, figure_of(organisations, np.arange(80.0)))
        assert row["n_shared"] == 40

    @pytest.mark.parametrize(
        ("n_shared", "n", "named"),
        [(4, 80, 0), (76, 80, 0), (20, 80, 16)],  # few sharers; few others; few that may not be named
    )
    def test_few_on_a_side_are_hidden(self, n_shared, n, named):
        organisations = population(n_shared, n, named=named)
        row = only_row(organisations, figure_of(organisations, np.arange(float(n))))
        assert row["is_hidden"] and row["n_eligible"] == n
        assert [row[name] for name in list(COMPARISONS)[3:7]] == [None] * 4

    def test_the_same_for_all_is_no_comparison(self):
        organisations = population(40, 80)
        assert only_row(organisations, figure_of(organisations, [3.0] * 80))["is_hidden"]

    def test_an_outlier_does_not_show_whether_it_shared(self):
        """Without a bound, one value of 1,000 among 80 would decide the difference."""
        organisations = population(40, 80)
        usual = [float(place % 2) for place in range(79)]
        of_sharer, of_other = [1000.0, *usual], [*usual, 1000.0]
        rows = [only_row(organisations, figure_of(organisations, values)) for values in (of_sharer, of_other)]
        assert all(abs(row["standardised_difference"]) <= STEP for row in rows)


class TestAttack:
    """Outcomes are public for each organisation. Exact means would tell which sets of them can have shared."""

    MEASURES = 15

    def small_type(self) -> tuple[pl.DataFrame, np.ndarray]:
        organisations = population(6, 12, kind="ambulance")
        return organisations, np.random.default_rng(1).normal(size=(self.MEASURES, 12))

    def test_exact_means_single_out_the_sharers(self):
        """What is guarded against: even means of three digits leave one set of 924."""
        _, values = self.small_type()
        published = values[:, :6].mean(axis=1).round(2)
        sets = [list(chosen) for chosen in combinations(range(12), 6)]
        fitting = [chosen for chosen in sets if (values[:, chosen].mean(axis=1).round(2) == published).all()]
        assert fitting == [[0, 1, 2, 3, 4, 5]]

    def test_nothing_is_told_of_a_small_type(self):
        organisations, values = self.small_type()
        figures = pl.concat(figure_of(organisations, row, f"m{place}") for place, row in enumerate(values))
        assert compare(organisations, figures, smallest_side=5)["is_hidden"].all()

    def test_nor_of_a_small_type_within_all(self):
        """A measure that only the small type has is hidden beside one that all have."""
        large, (small, values) = population(60, 140), self.small_type()
        figures = pl.concat([figure_of(large, np.arange(140.0), "everyones"), figure_of(small, values[0], "theirs")])
        extra = pl.concat(figure_of(small, row, f"m{place}") for place, row in enumerate(values))
        rows = compare(pl.concat([large, small]), pl.concat([figures, extra]), smallest_side=5)
        assert rows.filter(~pl.col("is_hidden"))["measure_id"].to_list() == ["everyones"]

    def test_what_is_shown_leaves_each_organisation_in_doubt(self):
        """The fewest with which two figures are shown: every set of ten of twenty is tried against both."""
        organisations = population(10, 20)
        values = np.random.default_rng(2).normal(size=(2, 20))
        figures = pl.concat(figure_of(organisations, row, f"m{place}") for place, row in enumerate(values))
        shown = compare(organisations, figures, smallest_side=5)
        assert not shown["is_hidden"].any()
        sets = np.array(list(combinations(range(20), 10)))
        chosen = np.zeros((len(sets), 20), dtype=bool)
        np.put_along_axis(chosen, sets, True, axis=1)
        fits = np.ones(len(sets), dtype=bool)
        for row, published in zip(values, shown["standardised_difference"], strict=True):
            distances = ((row - row.mean()) / row.std(ddof=1)).clip(-2, 2)
            differences = (chosen @ distances) / 10 - (~chosen @ distances) / 10
            fits &= np.abs(differences - published) <= STEP / 2
        shares = chosen[fits].mean(axis=0)
        assert fits.sum() > 300 and shares.min() > 0.2 and shares.max() < 0.8

    def test_the_more_figures_the_fewer_may_be_shown(self):
        organisations = population(10, 20)
        random = np.random.default_rng(3)
        figures = pl.concat(figure_of(organisations, random.normal(size=20), f"m{place}") for place in range(3))
        assert compare(organisations, figures, smallest_side=5)["is_hidden"].all()

    def test_bits(self):
        # 20 choose 10 is 184,756, or 2 to the power of 17.495. Two parts of ten differ by 2 * sqrt(0.2) = 0.894:
        # from -0.9 to 0.9 in steps of 0.1, about 18.9 values, 2 to the power of 4.24.
        assert bits_hidden(10, 10) == pytest.approx(17.495, abs=0.001)
        assert bits_told(10, 10) == pytest.approx(4.24, abs=0.01)
