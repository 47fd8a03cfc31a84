"""Editions from file names as publishers have written them."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from pipelines.harmonise.periods import edition_of
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
    ("NSS24 detailed spreadsheets organisational results.xlsx", "nhs_staff_survey", "2024", "2024-12-31"),
    ("etr_2026-04.csv", "ods_trusts", "2026-04", "2026-04-30"),
    ("01_September_2026_Latest_ratings.ods", "cqc_location_ratings", "2026-09-01", "2026-09-01"),
    ("03_August_2026_Latest_ratings-ae87c164.ods", "cqc_location_ratings", "2026-08-03", "2026-08-03"),
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


def test_no_month_of_that_name():
    groups = re.fullmatch(r"(?P<mon>\w+) (?P<year>\d{4})", "Smarch 2025").groupdict()
    with pytest.raises(ValueError, match="no month"):
        edition_of(groups)
