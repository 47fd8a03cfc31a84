"""Editions from file names as publishers have written them."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from pipelines.harmonise.periods import covered, edition_of
from pipelines.registry import load_sources
from pipelines.store.arrivals import look_into

NAMES = [
    # file name, source, edition, last day (names as in the publishers' listings)
    ("NHS Sickness Absence rates CSV, March 2025.csv", "sickness_absence", "2025-03", "2025-03-31"),
    ("NHS Sickness Absence rates CSV, February 2024.csv", "sickness_absence", "2024-02", "2024-02-29"),
    ("Full-CSV-data-file-Jan26-ZIP-4M-WL5BiP.zip", "rtt_full_extract", "2026-01", "2026-01-31"),
    ("Full-CSV-data-file-Mar24-ZIP-3832K-revised.zip", "rtt_full_extract", "2024-03", "2024-03-31"),
    ("20260430-RTT-April-2026-full-extract.csv.zip", "rtt_full_extract", "2026-04", "2026-04-30"),
    ("20240630-RTT-June-2024-full-extract-revised.xlsb", "rtt_full_extract", "2024-06", "2024-06-30"),
    ("Monthly-AE-April-2024-revised.csv", "ae_four_hour", "2024-04", "2024-04-30"),
    ("April-2025-AE-by-provider-sfo2q-revised.xls", "ae_four_hour", "2025-04", "2025-04-30"),
    ("May-26-AE-by-provider-QVPHP.xls", "ae_four_hour", "2026-05", "2026-05-31"),
    ("CWT-CRS-Apr-2025-to-Jul-2025-Data-Extract-Provider.xlsx", "cancer_62_day", "2025-07", "2025-07-31"),
    ("NSS24 detailed spreadsheets organisational results.xlsx", "nhs_staff_survey", "2024", "2024-12-31"),
    ("etr_2026-04.csv", "ods_trusts", "2026-04", "2026-04-30"),
    ("01_September_2026_Latest_ratings.ods", "cqc_location_ratings", "2026-09-01", "2026-09-01"),
    ("03_August_2026_Latest_ratings-ae87c164.ods", "cqc_location_ratings", "2026-08-03", "2026-08-03"),
    ("shmi-2011-october.csv", "shmi_archive", "2011-10", "2011-03-31"),
    ("shmi-2014-january.csv", "shmi_archive", "2014-01", "2013-06-30"),
    ("SHMI data at trust level, Nov20-Oct21 (csv).csv", "shmi", "2021-10", "2021-10-31"),
    ("SHMI data at trust level, Jul20-Jun21 (xls).xlsx", "shmi", "2021-06", "2021-06-30"),
    ("SHMI data, Jan25-Dec25.zip", "shmi", "2025-12", "2025-12-31"),
    ("SHMI data files, Jul20-Jun21.zip", "shmi", "2021-06", "2021-06-30"),
    ("Historical_trust_level_SHMI_data_Jan25-Dec25_csv.csv", "shmi", "2025-12", "2025-12-31"),
    ("nhs-oversight-framework-acute-trust-data.csv", "oversight_framework_metrics", "2025-Q1", "2025-06-30"),
    ("nhs-oversight-framework-acute-trust-data-q2.csv", "oversight_framework_metrics", "2025-Q2", "2025-09-30"),
    ("nhs-oversight-framework-acute-trust-data-q3-25-26.csv", "oversight_framework_metrics", "2025-Q3", "2025-12-31"),
    ("nhs-oversight-framework-acute-trust-data-q1-26-27.csv", "oversight_framework_metrics", "2026-Q1", "2026-06-30"),
    (
        "RDY_slice_nhs-oversight-framework-mental-health-and-community-trust-league-table_Q4_2025-26.csv",
        "oversight_framework_league_table",
        "2025-Q4",
        "2026-03-31",
    ),
    ("bsa_nhs_overall_satisfaction.csv", "bsa_nhs_satisfaction", "2025", "2025-12-31"),
    ("latest_ratings_locations_overall_2021_subset.csv.gz", "cqc_location_ratings", "2021-02-01", "2021-02-01"),
]


@pytest.mark.parametrize(("name", "source", "edition", "last_day"), NAMES)
def test_published_names(tmp_path, name, source, edition, last_day):
    (tmp_path / "any" / "depth").mkdir(parents=True)
    (tmp_path / "any" / "depth" / name).write_bytes(b"x")
    sources = [item for item in load_sources().values() if not item.is_inbox]
    (found,) = look_into(tmp_path, sources).claimed
    assert (found.source_id, found.edition.key) == (source, edition)
    assert found.edition.end == dt.date.fromisoformat(last_day)


def test_a_revision_comes_after_what_it_replaces(tmp_path):
    for name in ("Full-CSV-data-file-Mar24-ZIP-1K-revised.zip", "Full-CSV-data-file-Mar24-ZIP-9K-zzz.zip"):
        (tmp_path / name).write_bytes(b"x")
    found = look_into(tmp_path, [load_sources()["rtt_full_extract"]]).claimed
    assert [item.is_revision for item in found] == [False, True]


def test_a_window_of_twelve_months_ends_seven_months_before_its_publication():
    """April 2014: October 2012 to September 2013."""
    found = covered(edition_of({"year": "2014", "mon": "april"}), 12, 7)
    assert (found.key, found.start, found.end) == ("2014-04", dt.date(2012, 10, 1), dt.date(2013, 9, 30))


def test_files_for_types_of_trust_are_parts_of_one_edition(tmp_path):
    """Two names of one type are one part; a second version of a part is its revision."""
    names = (
        "acute-trust-data-q2",
        "acute-trust-data-q2-v2",
        "ambulance-trust-data-q2",
        "non-acute-hospital-trust-data-q2",
    )
    later = "mental-health-and-community-trust-data-q3-25-26-v2"
    for name in (*names, later):
        (tmp_path / f"nhs-oversight-framework-{name}.csv").write_bytes(b"x")
    found = look_into(tmp_path, [load_sources()["oversight_framework_metrics"]]).claimed
    assert sorted((item.edition.key, item.part, item.is_revision) for item in found) == [
        ("2025-Q2", "acute", False),
        ("2025-Q2", "acute", True),
        ("2025-Q2", "ambulance", False),
        ("2025-Q2", "mental-health-and-community", False),
        ("2025-Q3", "mental-health-and-community", True),
    ]


def test_files_of_no_source_are_listed(tmp_path):
    (tmp_path / "Monthly-AE-April-2025.csv").write_bytes(b"x")
    found = look_into(tmp_path, [load_sources()["rtt_full_extract"]])
    assert found.claimed == ()
    assert found.unclaimed == ("Monthly-AE-April-2025.csv",)


def test_hidden_folders_are_not_looked_into(tmp_path):
    (tmp_path / ".impact" / "sample").mkdir(parents=True)
    (tmp_path / ".impact" / "sample" / "etr_2026-04.csv").write_bytes(b"x")
    assert look_into(tmp_path, [load_sources()["ods_trusts"]]).claimed == ()


def test_two_senders_may_use_one_file_name(tmp_path):
    for sender in ("a", "b"):
        (tmp_path / sender).mkdir()
        (tmp_path / sender / "return.xlsx").write_bytes(b"x")
    found = look_into(tmp_path, [load_sources()["impact_self_assessment"]]).claimed
    assert len({item.edition.key for item in found}) == 2
    assert not any("return" in item.edition.key + item.kept_name for item in found)


@pytest.mark.parametrize(
    ("month", "months", "before", "start", "end"),
    [
        ("2026-03", 12, 5, "2024-11-01", "2025-10-31"),
        ("2025-07", 12, 5, "2024-03-01", "2025-02-28"),
        ("2024-04", 1, 2, "2024-02-01", "2024-02-29"),
        ("2024-12", 3, 0, "2024-10-01", "2024-12-31"),
    ],
)
def test_an_edition_may_be_about_earlier_months(month, months, before, start, end):
    edition = covered(edition_of(dict(zip(("year", "month"), month.split("-"), strict=True))), months, before)
    assert (edition.key, str(edition.start), str(edition.end)) == (month, start, end)


def test_an_edition_without_a_month_covers_nothing_known():
    with pytest.raises(ValueError, match="no month"):
        covered(edition_of({"name": "return.xlsx"}), 12, 5)


def test_no_month_of_that_name():
    groups = re.fullmatch(r"(?P<mon>\w+) (?P<year>\d{4})", "Smarch 2025").groupdict()
    with pytest.raises(ValueError, match="no month"):
        edition_of(groups)
