"""What is told of associations with self-assessments: rounded by hand, how many, and what an attacker makes of it."""

from __future__ import annotations

from math import atanh, sqrt, tanh

import polars as pl
import pytest

from pipelines.statistics import confidential
from pipelines.statistics.association import ESTIMATES, estimate, publishable
from pipelines.statistics.confidential import told
from tests.benchmarks.reconstruction import skills
from tests.unit.test_association import in_family, pairs, tied_sample

SCHEMA = ESTIMATES | {"confidential_place": pl.Int32}


def estimates(*rows: dict) -> pl.DataFrame:
    """Rows of one exposure, each of another measure and in the place in which it stands."""
    usual = {
        "basis": "self_assessment",
        "exposure_id": "P1",
        "alignment": "same_year",
        "organisation_type": "all",
        "family_id": "f",
        "is_circular": False,
        "n_types": 1,
        **dict.fromkeys(("raw_rho", "raw_tau_b", "raw_adjusted_rho", "raw_bootstrap_low"), 0.2345),
    }
    listed = [{"measure_id": f"m{at}", "confidential_place": at, **usual, **row} for at, row in enumerate(rows, 1)]
    return pl.DataFrame(listed, schema=SCHEMA)


def test_the_interval_and_p_hold_for_all_that_is_rounded_to_rho():
    """0.2345 of 64 is told as 0.25 of 60: from 0.225 to 0.275. Four types cost nine more degrees of freedom."""
    row = told(estimates({"n": 64, "n_types": 4})).row(0, named=True)
    assert (row["n"], row["raw_rho"]) == (60, 0.25)
    half = [1.959964 * sqrt((1 + rho**2 / 2) / 48) for rho in (0.225, 0.275)]
    assert row["raw_rho_low"] == pytest.approx(tanh(atanh(0.225) - half[0]), abs=1e-6)
    assert row["raw_rho_high"] == pytest.approx(tanh(atanh(0.275) + half[1]), abs=1e-6)
    # z = atanh(0.225) * sqrt(48) = 1.586; twice the normal tail beyond it is 0.1127.
    assert row["p_value"] == pytest.approx(0.1127, abs=2e-4)


def test_figures_that_round_alike_are_told_alike():
    found = [told(estimates({"n": n, "raw_rho": rho})) for n, rho in ((60, 0.2251), (62, 0.25), (64, 0.2749))]
    assert found[0].equals(found[1]) and found[1].equals(found[2])


def test_nothing_else_is_told():
    row = told(estimates({"n": 60, "raw_weighted_rho": 0.2})).row(0, named=True)
    shown = {name for name, value in row.items() if value is not None and name not in confidential.KEPT}
    assert shown == {"raw_rho", "raw_rho_low", "raw_rho_high", "p_value", "raw_weighted_rho"}


@pytest.mark.parametrize(("weighted", "shown"), [(0.15, 0.25), (0.33, 0.25), (0.34, 0.45), (0.12, 0.05), (None, None)])
def test_weighting_is_told_by_fifths(weighted, shown):
    """Exact rho is 0.2345, told as 0.25; a shift of 0.1 or more counts as 0.2."""
    assert told(estimates({"n": 60, "raw_weighted_rho": weighted}))["raw_weighted_rho"].to_list() == [shown]


def test_a_perfect_correlation_is_not_told_as_one():
    row = told(estimates({"n": 20, "raw_rho": -1.0, "raw_weighted_rho": -1.0})).row(0, named=True)
    assert (row["raw_rho"], row["raw_weighted_rho"]) == (-0.95, -0.95)
    assert -1 < row["raw_rho_low"] < -0.95 < row["raw_rho_high"] < 0


def test_as_many_as_the_organisations_allow():
    """1/40 + 4/60 is over 1/11, 1/40 + 3/60 is not. What has no estimate tells nothing."""
    rows = [{"n": 60}, {"n": 40}, {"n": 60, "raw_rho": None}, {"n": 60}, {"n": 60}, {"n": 60}, {"n": 200}]
    assert told(estimates(*rows))["measure_id"].to_list() == ["m1", "m2", "m4", "m5"]


def test_types_and_what_is_not_listed_are_not_told():
    found = told(estimates({"n": 60, "organisation_type": "acute"}, {"n": 60, "confidential_place": None}, {"n": 60}))
    assert found["measure_id"].to_list() == ["m3"]


def test_evidence_is_told_exactly():
    exact = estimates({"n": 61, "basis": "staff_survey_evidence", "organisation_type": "acute"})
    assert told(exact).equals(exact)


def test_q_is_taken_of_what_is_told():
    """Of two measures one is told, so that its family has one test and q is p."""
    frame = pl.concat(pairs(*tied_sample(seed), measure=f"m{seed}", basis="self_assessment") for seed in (1, 2))
    place = pl.when(measure_id="m2").then(pl.lit(1, pl.Int32))
    families = in_family(frame).with_columns(confidential_place=place)
    found = publishable(estimate(frame, families, 20), families)
    assert found["measure_id"].to_list() == ["m2"]
    assert found["q_value"].to_list() == found["p_value"].to_list()


def test_an_attacker_who_knows_who_shared_learns_little(monkeypatch):
    """Nothing goes with anything in these data. In 200 such sets the correlation is 0.3; 12 of them leave 0.05."""
    skill, named, commonest = skills(12, "told")
    assert skill < 0.4 and named < commonest + 0.08
    monkeypatch.setattr(confidential, "MOST_TOLD", 1.0)
    assert skills(12, "told")[0] > 0.5
