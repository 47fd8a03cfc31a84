"""From a landing page to the newest files, by the patterns of sources/*.yml and pages laid out like the real ones."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.errors import Fault
from pipelines.fetch.fetching import FETCHERS
from pipelines.fetch.finding import Candidate, Pages, downloads, find, links_in
from pipelines.fetch.http import client
from pipelines.registry import load_sources
from schemas.source import Fetch
from tests.fetch.publisher import Publisher
from tests.fetch.sources import CQC, LANDING, ODS, RTT, SICKNESS, SURVEY, at

AREA = "/statistics/statistical-work-areas/rtt-waiting-times"
UPLOADS = "/statistics/wp-content/uploads/sites/2"
SERIES = "/data-and-information/publications/statistical/nhs-sickness-absence-rates"


@pytest.fixture
def found(publisher: Publisher, policy):
    """Finds the newest files of a source; its editions and file names, oldest first."""

    def search(source, newest: int = 1) -> list[Candidate]:
        return list(find(source, source.fetch, Pages(client(policy)), newest).candidates)

    return search


def names(candidates: list[Candidate]) -> list[tuple[str, str]]:
    return [(one.edition, one.file_name) for one in candidates]


def rtt_pages(publisher: Publisher) -> None:
    """A page for each financial year; names with size and random suffix, as NHS England gives them."""
    publisher.page(LANDING, f"{AREA}/rtt-data-2024-25/", f"{AREA}/rtt-data-2025-26/", f"{AREA}/rtt-guidance/")
    publisher.page(
        f"{AREA}/rtt-data-2025-26/",
        f"{UPLOADS}/2026/03/Full-CSV-data-file-Jan26-ZIP-4M-WL5BiP.zip",
        f"{UPLOADS}/2026/02/Full-CSV-data-file-Dec25-ZIP-4M-qq81zz.zip",
        f"{UPLOADS}/2026/03/Incomplete-Provider-Jan26-XLSX-10M.xlsx",
    )
    publisher.page(
        f"{AREA}/rtt-data-2024-25/",
        f"{UPLOADS}/2025/11/Full-CSV-data-file-Mar25-ZIP-4M-revised-77aa.zip",
        f"{UPLOADS}/2025/05/Full-CSV-data-file-Mar25-ZIP-4M-aa77.zip",
    )


def test_the_newest_month_whatever_its_suffix(publisher, found):
    rtt_pages(publisher)
    assert names(found(at(publisher, RTT))) == [("2026-01", "Full-CSV-data-file-Jan26-ZIP-4M-WL5BiP.zip")]
    assert publisher.paths() == [LANDING, f"{AREA}/rtt-data-2025-26/"]


def test_goes_on_to_the_page_of_the_year_before_where_more_months_are_wanted(publisher, found):
    rtt_pages(publisher)
    candidates = found(at(publisher, RTT), newest=3)
    assert [(one.edition, one.is_revision) for one in candidates] == [
        ("2025-03", False),
        ("2025-03", True),
        ("2025-12", False),
        ("2026-01", False),
    ]
    assert candidates[-1].page == f"{publisher.url}{AREA}/rtt-data-2025-26/"


def sickness_page(publisher: Publisher, slug: str, *files: str) -> str:
    publisher.page(f"{SERIES}/{slug}", *(f"https://files.example.org/A1/B2C3D4/{file}" for file in files))
    return f"{SERIES}/{slug}"


def test_the_page_of_the_newest_month_not_the_first_on_the_landing_page(publisher, found):
    slugs = [
        sickness_page(publisher, f"{month}-2025-provisional-statistics", f"NHS%20Sickness%20Absence%20rates%20{kind}")
        for month, kind in {
            "february": "CSV%2C%20February%202025.csv",
            "march": "CSV%2C%20March%202025.csv",
            "january": "CSV%2C%20January%202025.csv",
        }.items()
    ]
    publisher.page(LANDING, *slugs)
    (one,) = found(at(publisher, SICKNESS))
    assert (one.edition, one.file_name) == ("2025-03", "NHS Sickness Absence rates CSV, March 2025.csv")
    assert one.url == "https://files.example.org/A1/B2C3D4/NHS%20Sickness%20Absence%20rates%20CSV%2C%20March%202025.csv"


def test_an_announced_page_without_its_file_is_passed_by_and_named(publisher, policy):
    ready = sickness_page(publisher, "march-2025", "NHS%20Sickness%20Absence%20rates%20CSV%2C%20March%202025.csv")
    publisher.page(LANDING, sickness_page(publisher, "april-2025"), ready)
    source = at(publisher, SICKNESS)
    result = find(source, source.fetch, Pages(client(policy)), 1)
    assert [one.edition for one in result.candidates] == ["2025-03"]
    assert result.empty_pages == (f"{publisher.url}{SERIES}/april-2025",)


def test_the_newest_day_where_names_tell_a_day(publisher, found):
    publisher.page(
        LANDING,
        "/system/files/2026-08/03_August_2026_Latest_ratings-ae87c164.ods",
        "/sites/default/files/2026-07/01_July_2026_Latest_ratings.ods",
        "/system/files/2026-08/03_August_2026_HSCA_Active_Locations.ods",
    )
    assert names(found(at(publisher, CQC))) == [("2026-08-03", "03_August_2026_Latest_ratings-ae87c164.ods")]


def test_the_newest_bundle_by_the_year_in_its_name(publisher, found):
    publisher.page(
        LANDING,
        "/static/0f3a/NSS24-detailed-spreadsheets.zip",
        "/static/77b1/NSS25-detailed-spreadsheets.zip",
        "/static/77b1/NSS25-benchmark-reports.zip",
    )
    assert names(found(at(publisher, SURVEY))) == [("2025", "NSS25-detailed-spreadsheets.zip")]


def test_the_name_comes_from_the_text_where_the_address_tells_nothing(publisher, found):
    publisher.page(LANDING, **{"NHS Sickness Absence rates CSV, May 2025.csv": "/download?id=881"})
    assert names(found(at(publisher, SICKNESS, follow=()))) == [
        ("2025-05", "NHS Sickness Absence rates CSV, May 2025.csv")
    ]


def test_the_name_comes_from_a_template_where_neither_tells_enough(publisher, found):
    publisher.page(LANDING, **{"Rates for June 2025": "/download?id=882", "Rates by region for June 2025": "/other"})
    source = at(
        publisher,
        SICKNESS,
        follow=(),
        links=("^Rates for (?P<mon>[A-Z][a-z]+) (?P<year>[0-9]{4})$",),
        file_name="NHS Sickness Absence rates CSV, {mon} {year}.csv",
    )
    assert names(found(source)) == [("2025-06", "NHS Sickness Absence rates CSV, June 2025.csv")]


def test_the_day_of_the_download_names_a_report_made_at_the_moment(publisher):
    source = at(publisher, ODS)
    (one,) = downloads(source, source.fetch, dt.date(2026, 4, 9)).candidates
    assert (one.edition, one.file_name, one.url) == (
        "2026-04",
        "etr_2026-04.csv",
        f"{publisher.url}/report?report=etr",
    )


def test_no_link_that_fits_names_the_nearest_and_what_to_correct(publisher, found):
    publisher.page(LANDING, "/system/files/2026-08/03_August_2026_Newest_ratings.ods", "/system/files/report.pdf")
    with pytest.raises(Fault) as caught:
        found(at(publisher, CQC))
    assert caught.value.where == f"{CQC}: page {publisher.url}{LANDING}"
    assert "03_August_2026_Newest_ratings.ods" in caught.value.found
    assert "sources/cqc_location_ratings.yml" in caught.value.todo and "--from" in caught.value.todo


def test_a_landing_page_that_no_longer_leads_on(publisher, found):
    publisher.page(LANDING, f"{AREA}/referral-to-treatment-2025-26/")
    with pytest.raises(Fault) as caught:
        found(at(publisher, RTT))
    assert "fetch.follow" in caught.value.todo
    assert "referral-to-treatment-2025-26" in caught.value.found


def test_every_page_to_begin_with_is_looked_into(publisher, found):
    starts = (
        publisher.page("/ratings", "/system/files/2026-07/01_July_2026_Latest_ratings.ods"),
        publisher.page("/archive", "/sites/default/files/2026-07/01_July_2026_Latest_ratings-v2.ods"),
    )
    assert len(found(at(publisher, CQC, pages=starts))) == 2
    with pytest.raises(Fault, match="/elsewhere"):
        found(at(publisher, CQC, pages=(*starts, publisher.page("/elsewhere"))))


def test_a_landing_page_that_is_gone(publisher, found):
    with pytest.raises(Fault) as caught:
        found(at(publisher, CQC))
    assert "404" in caught.value.found and "renamed or removed" in caught.value.likely


def test_relative_addresses_base_entities_and_links_left_open():
    page = """
      <base href="/files/"><a href='a%20b.csv?x=1&amp;y=2#top'>First
      <b>file</b><a href="//other.example.org/c.csv">Second</a><a name="nothing">No link</a><a href="http://[">Bad</a>
      <a href="d.csv">Open"""
    assert [(link.url, link.text) for link in links_in(page, "https://example.org/page")] == [
        ("https://example.org/files/a%20b.csv?x=1&y=2", "First file"),
        ("https://other.example.org/c.csv", "Second"),
        ("https://example.org/files/d.csv", "Open"),
    ]


def test_a_page_that_several_sources_begin_with_is_asked_for_once(publisher, policy):
    publisher.page(LANDING, "/01_July_2026_Latest_ratings.ods", "/static/77b1/NSS25-detailed-spreadsheets.zip")
    pages = Pages(client(policy))
    for source in (at(publisher, CQC), at(publisher, SURVEY)):
        find(source, source.fetch, pages, 1)
    assert publisher.paths() == [LANDING]


def test_every_kind_of_the_registry_has_a_fetcher():
    assert {source.fetch.kind for source in load_sources().values() if source.fetch} <= set(FETCHERS)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"follow": ["("]}, "is no pattern"),
        ({"downloads": {"etr_{year}.csv": "https://example.org/x"}}, "goes with `kind: download`"),
        ({"kind": "download", "downloads": {"etr_{week}.csv": "https://example.org/x"}}, "may ask for"),
        ({"kind": "download"}, "goes with `kind: download`"),
        ({"kind": "api", "links": ["x"]}, "go with `kind: pages`"),
        ({"members": ["x"]}, "need `links`"),
        ({"links": ["x"], "members": ["x"]}, "a group `year` or `yy`"),
        ({"links": ["(?P<year>20..)"], "file_name": "{mon} {year}.csv"}, "does not have"),
    ],
)
def test_what_a_yaml_may_not_say_together(wrong, reason):
    with pytest.raises(ValueError, match=reason):
        Fetch.model_validate(wrong)
