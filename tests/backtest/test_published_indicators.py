"""SHMI, the oversight framework and public satisfaction: every figure of the real files comes out of staging again.

Only these sources are staged, without the warehouse. Expected values are the publishers' own, or counted here by a few
lines that know nothing of the product's readers; dates were worked out by hand.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xlsxwriter
from scipy.stats import chi2

from pipelines import staging
from pipelines.registry import load_sources
from pipelines.settings import DBT_PROJECT_DIR, Workspace
from pipelines.store import arrivals, parquet, snapshots

SHMI, METRICS = "shmi_archive", "oversight_framework_metrics"
TABLE, SATISFACTION = "oversight_framework_league_table", "bsa_nhs_satisfaction"
FOLDERS = {SHMI: "shmi", METRICS: "oversight", TABLE: "oversight", SATISFACTION: "context"}


def take(source_id: str, folder: Path, workspace: Workspace) -> staging.StagedSource:
    source = load_sources()[source_id]
    snapshots.take(arrivals.look_into(folder, [source]).claimed, workspace.raw)
    return staging.stage_source(source, workspace)


def staged_rows(source_id: str, workspace: Workspace) -> pl.DataFrame:
    return pl.read_parquet(workspace.staged / source_id / "*.parquet")


@pytest.fixture(scope="module")
def staged(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    workspace = Workspace(tmp_path_factory.mktemp("home"), "published")
    for source_id, folder in FOLDERS.items():
        result = take(source_id, real_data / folder, workspace)
        assert (result.count("refused"), result.total("rows_rejected")) == (0, 0), result.reasons
    return {source_id: staged_rows(source_id, workspace) for source_id in FOLDERS}


def test_every_trust_of_every_quarter_is_there(staged, real_data):
    """Counted by the lines that begin with the indicator's code, not by a reader of csv."""
    counted = {
        path.name: sum(line.startswith(b"I00699,") for line in path.read_bytes().splitlines())
        for path in (real_data / "shmi").glob("*.csv")
    }
    found = staged[SHMI].group_by("source_file").len()
    assert dict(found.iter_rows()) == counted
    assert (len(counted), sum(counted.values())) == (7, 1002)
    assert (min(counted.values()), max(counted.values())) == (141, 147)


WINDOWS = [
    ("2011-10", "2010-04-01", "2011-03-31"),
    ("2012-04", "2010-10-01", "2011-09-30"),
    ("2012-10", "2011-04-01", "2012-03-31"),
    ("2013-04", "2011-10-01", "2012-09-30"),
    ("2013-10", "2012-04-01", "2013-03-31"),
    ("2014-01", "2012-07-01", "2013-06-30"),
    ("2014-04", "2012-10-01", "2013-09-30"),
]


def test_each_publication_is_about_the_year_that_ended_seven_months_before(staged):
    found = (
        staged[SHMI].select("edition", pl.col("period_start", "period_end").cast(pl.String)).unique().sort("edition")
    )
    assert found.rows() == WINDOWS


# Read off the published files: edition, trust, spells, O, E, SHMI, Poisson limits, limits with over-dispersion, band.
AS, HIGH, LOW = "as_expected", "higher_than_expected", "lower_than_expected"
RATIOS = [
    ("2014-04", "R1F", 19001, 901, 817.137, 1.1026, 0.8954, 1.1129, 0.8848, 1.1301, AS),
    ("2014-04", "R1H", 163412, 3666, 4516.4332, 0.8117, 0.9546, 1.0468, 0.8999, 1.1112, LOW),
    ("2014-04", "RA2", 46198, 1290, 1372.2196, 0.9401, 0.9187, 1.0863, 0.892, 1.1211, AS),
    ("2011-10", "5QT", 18732, 913, 768.4005, 1.1882, 0.8922, 1.1166, 0.8709, 1.1482, HIGH),
    ("2012-04", "RYJ", 105380, 2277, 2995.6546, 0.7601, 0.9445, 1.0578, 0.881, 1.135, LOW),
    ("2013-10", "R1F", 19404, 975, 868.2013, 1.123, 0.8984, 1.1094, 0.882, 1.1338, AS),
]


@pytest.mark.parametrize("expected", RATIOS, ids=lambda row: f"{row[1]} {row[0]}")
def test_published_ratios_limits_and_bands(staged, expected):
    names = ("spells", "observed", "expected", "published_value", "po_lower_limit", "po_upper_limit")
    names += ("od_lower_limit", "od_upper_limit", "banding")
    row = staged[SHMI].filter(pl.col("edition") == expected[0], pl.col("org_code") == expected[1])
    assert row.select(names).rows() == [expected[2:]]
    assert round(row["observed"][0] / row["expected"][0], 4) == expected[5]


# Variance between trusts by publication (facts/known_answers.tsv).
TAU_SQUARED = {
    "2011-10": 0.00367218,
    "2012-04": 0.00384182,
    "2012-10": 0.00301986,
    "2013-04": 0.00289694,
    "2013-10": 0.00295487,
    "2014-01": 0.00288130,
    "2014-04": 0.00267299,
}


@pytest.mark.parametrize("edition", TAU_SQUARED)
def test_published_limits_and_bands_follow_from_the_staged_counts(staged, edition):
    """Every count, limit and band of the file stands in its own column.

    Spiegelhalter 2005 with a tenth of the trusts cut off at either end, and exact Poisson limits.
    """
    frame = staged[SHMI].filter(pl.col("edition") == edition)
    observed, expected = frame["observed"].to_numpy(), frame["expected"].to_numpy()
    z = np.sqrt(expected) * np.log(observed / expected)
    kept = np.argsort(z)[len(z) // 10 : len(z) - len(z) // 10]
    weight = expected[kept]
    excess = (z[kept] ** 2).sum() - (len(kept) - 1)
    tau_squared = excess / (weight.sum() - (weight**2).sum() / weight.sum())
    assert tau_squared == pytest.approx(TAU_SQUARED[edition], abs=5e-9)
    half = 1.959964 * np.sqrt(1 / expected + tau_squared)
    upper, lower = np.exp(half), np.exp(-half)
    limits = {
        "od_lower_limit": lower,
        "od_upper_limit": upper,
        "po_lower_limit": chi2.ppf(0.001, 2 * expected) / 2 / expected,
        "po_upper_limit": chi2.ppf(0.999, 2 * (expected + 1)) / 2 / expected,
    }
    for name, values in limits.items():
        assert np.abs(frame[name].to_numpy() - values).max() <= 5.1e-5, name
    ratio = observed / expected
    assert frame["banding"].to_list() == np.where(ratio > upper, HIGH, np.where(ratio < lower, LOW, AS)).tolist()


def test_both_spellings_of_the_name_are_read(staged):
    names = staged[SHMI].filter(pl.col("org_code").is_in(["5QT", "R1F"])).select("edition", "org_code", "org_name")
    trust, care_trust = "ISLE OF WIGHT NHS TRUST", "ISLE OF WIGHT NHS PRIMARY CARE TRUST"
    assert sorted(names.rows()) == [
        *((edition, "5QT", care_trust) for edition in ("2011-10", "2012-04", "2012-10")),
        *((edition, "R1F", trust) for edition in ("2013-04", "2013-10", "2014-01", "2014-04")),
    ]


def test_a_changed_ratio_is_rejected(real_data, tmp_path, workspace):
    text = (real_data / "shmi" / "shmi-2014-april.csv").read_bytes()
    (tmp_path / "shmi-2014-april.csv").write_bytes(text.replace(b"817.137,1.1026,", b"817.137,1.1028,"))
    result = take(SHMI, tmp_path, workspace)
    (snapshot,) = result.notes
    rows = pl.read_parquet(parquet.rejects_path(workspace, snapshot))
    assert rows.select("column", "found", "expected").rows() == [
        ("published_value", "1.1028", "observed deaths divided by expected deaths")
    ]


def test_a_renamed_column_keeps_the_file_out(real_data, tmp_path, workspace):
    text = (real_data / "shmi" / "shmi-2014-april.csv").read_bytes()
    (tmp_path / "shmi-2014-april.csv").write_bytes(text.replace(b",EXPECTED,", b",EXPECTED_DEATHS,", 1))
    (reason,) = take(SHMI, tmp_path, workspace).reasons
    assert "lacks EXPECTED" in reason


# Every distinct text under Reporting_date in the real file, in the quarter that it stands in, with its days.
SPELLINGS = [
    ("Jun-25", "2025-06-01", "2025-06-30"),
    ("Sep-25", "2025-09-01", "2025-09-30"),
    ("Dec-25", "2025-12-01", "2025-12-31"),
    ("Mar-26", "2026-03-01", "2026-03-31"),
    ("Q4 2024-25", "2025-01-01", "2025-03-31"),
    ("Q1 2025/26", "2025-04-01", "2025-06-30"),
    ("Q2 2025/26", "2025-07-01", "2025-09-30"),
    ("Q3 2025/26", "2025-10-01", "2025-12-31"),
    ("Q4 2025/26", "2026-01-01", "2026-03-31"),
    ("2024", "2024-01-01", "2024-12-31"),
    ("2025", "2025-01-01", "2025-12-31"),
    ("2023/24", "2023-04-01", "2024-03-31"),
    ("2024/25", "2024-04-01", "2025-03-31"),
    ("2025/26", "2025-04-01", "2026-03-31"),
    ("2025/26 plan", "2025-04-01", "2026-03-31"),
    ("Month 3 2025", "2025-04-01", "2025-06-30"),
    ("Month 6 2025", "2025-04-01", "2025-09-30"),
    ("Month 9 2025", "2025-04-01", "2025-12-31"),
    ("Month 12 2025/26", "2025-04-01", "2026-03-31"),
    ("Jun 24 - Jun 25 vs Jun 23 - Jun 24", "2024-06-01", "2025-06-30"),
    ("Oct 24 - Sep 25 vs Oct 23 - Sep 24", "2024-10-01", "2025-09-30"),
    ("Jan 25 - Dec 25 vs Jan 24 - Dec 24", "2025-01-01", "2025-12-31"),
    ("Apr 25 - Mar 26 vs Apr 24 - Mar 25", "2025-04-01", "2026-03-31"),
]


def test_every_spelling_of_a_period_is_read(staged):
    days = pl.col("period_start", "period_end").cast(pl.String)
    assert sorted(staged[METRICS].select("reporting_text", days).unique().rows()) == sorted(SPELLINGS)


def test_months_count_from_april(staged):
    """Month 3 stands in the first quarter, Month 12 in the fourth: each ends with its quarter."""
    months = staged[METRICS].filter(pl.col("reporting_text").str.starts_with("Month"))
    assert months.height == 8
    assert months.filter(pl.col("period_end") != pl.col("quarter_end")).is_empty()


def broken(path: Path, folder: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    (folder / path.name).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_an_unknown_spelling_is_rejected_with_its_row(real_data, tmp_path, workspace):
    (path,) = (real_data / "oversight").glob("*trust-data*.csv")
    result = take(METRICS, broken(path, tmp_path, "Month 12 2025/26", "M12 2025/26"), workspace)
    (snapshot,) = result.notes
    rows = pl.read_parquet(parquet.rejects_path(workspace, snapshot)).filter(pl.col("found") != "")
    assert sorted(rows.select("column", "found").rows()) == [
        *[("period_end", "M12 2025/26")] * 2,
        *[("period_start", "M12 2025/26")] * 2,
    ]
    assert result.total("rows_accepted") == 154


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Month 10 2025/26", (dt.date(2025, 4, 1), dt.date(2026, 1, 31))),
        ("Month 1 2025/26", (dt.date(2025, 4, 1), dt.date(2025, 4, 30))),
        ("Month 12 2025", None),
    ],
)
def test_a_month_of_one_year_only_may_not_lie_in_the_next(real_data, tmp_path, workspace, text, days):
    """January of which year `Month 10 2025` would be is not said, so it is rejected."""
    (path,) = (real_data / "oversight").glob("*trust-data*.csv")
    take(METRICS, broken(path, tmp_path, "Month 12 2025/26", text), workspace)
    found = staged_rows(METRICS, workspace).filter(pl.col("reporting_text") == text)
    assert found.select("period_start", "period_end").unique().rows() == ([days] if days else [])


def test_the_first_release_says_its_quarter_in_no_column(real_data, tmp_path, workspace):
    (path,) = (real_data / "oversight").glob("*trust-data*.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    with (tmp_path / "nhs-oversight-framework-non-acute-hospital-trust-data.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(row[1:] for row in (header, *rows) if row[0] in ("Quarter", "Q1 2025/26"))
    assert take(METRICS, tmp_path, workspace).total("rows_accepted") == 40
    found = staged_rows(METRICS, workspace).select("edition", "quarter_key", "quarter_end").unique()
    assert found.rows() == [("2025-Q1", "2025-Q1", dt.date(2025, 6, 30))]


def test_published_metrics(staged):
    """Quarter, metric, value, median, quartiles, rank; 156 rows, a quarter's metrics once for each unit."""
    frame = staged[METRICS]
    assert frame.group_by("quarter_key").len().sort("quarter_key").rows() == [
        ("2025-Q1", 40),
        ("2025-Q2", 40),
        ("2025-Q3", 38),
        ("2025-Q4", 38),
    ]
    figures = ("quarter_key", "value", "median_value", "lower_quartile", "upper_quartile", "position")
    sickness = frame.filter(pl.col("metric_id") == "OF0082").select(figures).sort("quarter_key")
    assert sickness.row(0) == ("2025-Q1", 5.21, 5.65, 5.01, 6.26, 21)
    assert sickness.row(3) == ("2025-Q4", 5.47, 6.22, 5.78, 7.28, 13)
    segment = frame.filter(pl.col("metric_id") == "OF5000", pl.col("quarter_key") == "2025-Q1").select(figures)
    assert segment.row(0) == ("2025-Q1", 2.0, None, None, None, 23)
    assert set(frame["value_status"]) == {"observed"}


def test_every_metric_of_the_real_file_is_in_the_reference_list(staged):
    with (DBT_PROJECT_DIR / "seeds" / "oversight_metric.csv").open(encoding="utf-8", newline="") as stream:
        known = {row["metric_id"] for row in csv.DictReader(stream)}
    assert set(staged[METRICS]["metric_id"]) - known == set()


def test_a_published_position_with_its_likely_ranges(staged):
    names = ("quarter_key", "org_code", "average_score", "score_range_text", "score_low", "score_high", "segment")
    names += ("is_in_deficit", "position", "position_range_text", "position_low", "position_high")
    assert staged[TABLE].select(names).rows() == [
        ("2025-Q4", "RDY", 2.21, "1.72 to 2.73", 1.72, 2.73, 2, False, 24, "6 to 49", 6, 49)
    ]
    assert staged[TABLE]["quarter_end"].to_list() == [dt.date(2026, 3, 31)]


def test_a_file_under_another_quarters_name_is_refused(real_data, tmp_path, workspace):
    (path,) = (real_data / "oversight").glob("*league-table*.csv")
    (tmp_path / path.name.replace("_Q4_2025-26", "-q3-25-26")).write_bytes(path.read_bytes())
    (reason,) = take(TABLE, tmp_path, workspace).reasons
    assert "2026-03-31 in 1 of 1 rows" in reason and "2025-12-31, as the file's name says" in reason


def test_public_satisfaction(staged):
    found = dict(staged[SATISFACTION].select("indicator_year", "value").iter_rows())
    assert len(found) == 14
    assert [found[year] for year in range(2019, 2026)] == [60, 53, 36, 29, 24, 21, 26]
    assert staged[SATISFACTION]["verified"].all()


MODERN = (
    "TIME_PERIOD,PUBLICATION_MONTH,PROVIDER_CODE,PROVIDER_NAME,SHMI_VALUE,SHMI_BANDING,OD_LL,OD_UL,SPELLS,OBSERVED,EXPECTED\n"
    "APR22_MAR23,SEP_23,ZX001,One NHS Trust,1.2500,1.0,0.8500,1.1800,30000,1000,800\n"
    "MAY23_APR24,OCT_24,ZX001,One NHS Trust,0.9474,2,0.8500,1.1800,30000,900,950\n"
    "MAY23_APR24,OCT_24,ZX002,Two NHS Trust,{withdrawn}\n"
)


def test_the_current_workbook(tmp_path, workspace):
    """Invented figures under the published names of sheet and columns, the header in row 11; no limits, no period."""
    with xlsxwriter.Workbook(tmp_path / "SHMI data at trust level, Jul20-Jun21 (xls).xlsx") as book:
        book.add_worksheet("Title").write(0, 0, "SHMI")
        sheet = book.add_worksheet("Data")
        sheet.write(0, 0, "Summary Hospital-level Mortality Indicator")
        names = ("Provider code", "Provider name", "SHMI value", "SHMI banding")
        sheet.write_row(10, 0, (*names, "Number of spells", "Observed deaths", "Expected deaths"))
        sheet.write_row(11, 0, ("ZX001", "One NHS Trust", 1.25, 1, 30000, 1000, 800))
    result = take("shmi", tmp_path, workspace)
    assert (result.count("accepted"), result.total("rows_rejected")) == (1, 0), result.reasons
    named = ("org_code", "period_start", "period_end", "published_value", "banding", "od_lower_limit")
    assert staged_rows("shmi", workspace).select(named).rows() == [
        ("ZX001", dt.date(2020, 7, 1), dt.date(2021, 6, 30), 1.25, HIGH, None)
    ]


def test_the_current_layout_and_a_trust_that_is_withdrawn(tmp_path, workspace):
    """Invented figures in the layout that others describe: a BOM, old windows again, and then a suppressed trust."""
    path = tmp_path / "SHMI data at trust level, May23-Apr24 (csv).csv"
    for figures in ("0.9000,3.0,0.8500,1.1800,20000,450,500", "*,**,*,*,*,*,*"):
        path.write_text(MODERN.format(withdrawn=figures), encoding="utf-8-sig")
        result = take("shmi", tmp_path, workspace)
        assert (result.count("refused"), result.total("rows_rejected")) == (0, 0), result.reasons
    rows = staged_rows("shmi", workspace).sort("vintage_rank", "source_row")
    named = ("vintage_rank", "org_code", "period_start", "published_value", "banding", "value_status")
    first, last = dt.date(2022, 4, 1), dt.date(2023, 5, 1)
    assert rows.select(named).rows() == [
        (1, "ZX001", first, 1.25, HIGH, "observed"),
        (1, "ZX001", last, 0.9474, AS, "observed"),
        (1, "ZX002", last, None, None, "suppressed"),
        (2, "ZX001", first, 1.25, HIGH, "observed"),
        (2, "ZX001", last, 0.9474, AS, "observed"),
        (2, "ZX002", last, 0.9, LOW, "observed"),
    ]
    assert rows["period_end"].unique().sort().to_list() == [dt.date(2023, 3, 31), dt.date(2024, 4, 30)]
