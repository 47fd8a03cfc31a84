"""Who shares, against who does not: weights and comparisons, held to figures worked out by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipelines.statistics.response import sharing_weights

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
