"""Limits and bands that the publisher of SHMI printed, from its printed counts: every trust of every quarter held.

The files are read here by a few lines that know nothing of the product's readers. That the product's own tables give
the same is shown in test_published_figures.py, on the whole warehouse.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from pipelines.statistics.funnel import Z_95, of_ratios, poisson_limits, ratio_limits, spread

# Tau squared by publication (facts/known_answers.tsv).
TAU_SQUARED = {
    "2011-october": 0.00367218,
    "2012-april": 0.00384182,
    "2012-october": 0.00301986,
    "2013-april": 0.00289694,
    "2013-october": 0.00295487,
    "2014-january": 0.00288130,
    "2014-april": 0.00267299,
}
TRUSTS = 1002
BANDS = {1: "1", 0: "2", -1: "3"}
"""The publisher's codes: 1 higher than expected, 2 as expected, 3 lower."""


@pytest.fixture(scope="module")
def quarters(real_data: Path) -> dict[str, dict[str, np.ndarray]]:
    return {name: columns(real_data / "shmi" / f"shmi-{name}.csv") for name in TAU_SQUARED}


def columns(path: Path) -> dict[str, np.ndarray]:
    lines = csv.DictReader(path.read_text(encoding="latin-1").splitlines())
    rows = [line for line in lines if line["INDICATOR_CODE"] == "I00699"]
    numbers = ("OBSERVED", "EXPECTED", "PO_LL", "PO_UL", "OD_LL", "OD_UL")
    found = {name: np.array([float(row[name]) for row in rows]) for name in numbers}
    return found | {"OD_BANDING": np.array([row["OD_BANDING"] for row in rows])}


def of(quarter: dict[str, np.ndarray]):
    return spread(of_ratios(quarter["OBSERVED"] / quarter["EXPECTED"], quarter["EXPECTED"]), "truncate")


def test_every_file_is_tested(quarters, real_data):
    assert {f"shmi-{name}.csv" for name in quarters} == {path.name for path in (real_data / "shmi").glob("*.csv")}
    assert sum(len(quarter["EXPECTED"]) for quarter in quarters.values()) == TRUSTS


@pytest.mark.parametrize("name", TAU_SQUARED)
def test_tau_squared(quarters, name):
    assert round(of(quarters[name]).tau_squared, 8) == TAU_SQUARED[name]


def test_october_2011_in_full(quarters):
    quarter = quarters["2011-october"]
    found = of(quarter)
    assert (len(quarter["EXPECTED"]), found.trimmed, found.n) == (147, 14, 119)
    assert round(found.phi, 6) == 7.690594


def test_limits_with_over_dispersion_of_every_trust(quarters):
    found = 0
    for quarter in quarters.values():
        low, high = ratio_limits(quarter["EXPECTED"], of(quarter).tau_squared, Z_95)
        # The publisher prints four decimals; the last digit of a float may tip an exact half.
        near = (np.abs(low - quarter["OD_LL"]) < 5.0001e-5) & (np.abs(high - quarter["OD_UL"]) < 5.0001e-5)
        found += int(near.sum())
    assert found == TRUSTS


def test_band_of_every_trust(quarters):
    found = 0
    for quarter in quarters.values():
        ratio = quarter["OBSERVED"] / quarter["EXPECTED"]
        low, high = ratio_limits(quarter["EXPECTED"], of(quarter).tau_squared, Z_95)
        sides = (ratio > high).astype(int) - (ratio < low)
        found += int((np.array([BANDS[side] for side in sides]) == quarter["OD_BANDING"]).sum())
    assert found == TRUSTS


def test_bands_are_of_all_three_kinds(quarters):
    """Otherwise agreement would say little."""
    printed = np.concatenate([quarter["OD_BANDING"] for quarter in quarters.values()])
    assert min((printed == band).sum() for band in BANDS.values()) > 50


def test_exact_limits_by_chance_of_every_trust(quarters):
    for quarter in quarters.values():
        low, high = poisson_limits(quarter["EXPECTED"], 0.998)
        assert np.abs(low - quarter["PO_LL"]).max() < 5.0001e-5
        assert np.abs(high - quarter["PO_UL"]).max() < 5.0001e-5


def test_winsorising_would_not_reproduce_them(quarters):
    """A control: the other way with extremes gives other limits, so agreement is no matter of course."""
    quarter = quarters["2011-october"]
    other = spread(of_ratios(quarter["OBSERVED"] / quarter["EXPECTED"], quarter["EXPECTED"]), "winsorise")
    low, _ = ratio_limits(quarter["EXPECTED"], other.tau_squared, Z_95)
    assert (np.abs(low - quarter["OD_LL"]) > 0.001).mean() > 0.9
