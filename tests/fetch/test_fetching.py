"""Files on the disk: what is kept, what is refused, and what is asked for again, when servers misbehave."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import PARTS, Fault
from pipelines.fetch import fetching
from pipelines.fetch.fetching import Run, choose, fetch_all
from pipelines.fetch.log import read_log
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store import arrivals
from schemas.source import Source
from tests.fetch.publisher import Answer, Publisher
from tests.fetch.sources import CQC, LANDING, ODS, SICKNESS, SURVEY, at

PAGE = "/nhs-sickness-absence-rates/march-2025-provisional-statistics"
NAME = "NHS Sickness Absence rates CSV, March 2025.csv"
FILE = f"/A1/B2C3D4/{NAME}"
HEADER = b"DATE,ORG_CODE,ORG_TYPE,FTE_DAYS_LOST,FTE_DAYS_AVAILABLE\r\n"
FIRST, SECOND = HEADER + b"31/03/2025,ZX1,Acute,1,100\r\n", HEADER + b"31/03/2025,ZX1,Acute,2,100\r\n"
ERROR_PAGE = b"<!DOCTYPE html><html><body>Sorry, something went wrong</body></html>"


@pytest.fixture
def fetched(publisher: Publisher, workspace: Workspace, policy) -> Callable[..., Run]:
    """Fetches these sources, by default the sickness series with one month on offer."""
    publisher.page(LANDING, PAGE)
    publisher.page(PAGE, FILE)

    def run(*sources: Source, is_dry: bool = False, newest: int | None = None) -> Run:
        return fetch_all(sources or (at(publisher, SICKNESS),), workspace, is_dry, newest, policy)

    return run


def kept(workspace: Workspace, source_id: str = SICKNESS) -> list[bytes]:
    """The content of every file of a source, in the order in which it became known."""
    folder = workspace.fetched / source_id
    claimed = arrivals.look_into(folder, [load_sources()[source_id]]) if folder.is_dir() else arrivals.Arrivals((), ())
    assert claimed.unclaimed == ()
    assert not list(folder.rglob("*.partial"))
    return [one.path.read_bytes() for one in claimed.claimed]


def what(run: Run) -> list[str]:
    return [outcome.what for outcome in run.outcomes]


def only_fault(run: Run, source_id: str = SICKNESS) -> Fault:
    """The one fault, whole, in the run and in the log."""
    (fault,) = run.faults[source_id]
    assert all(getattr(fault, part) for part in PARTS)
    assert str(read_log(run.log.folder).faults[source_id][0]) == str(fault)
    return fault


def test_a_file_is_kept_with_its_bytes_and_its_story(publisher, workspace, fetched):
    publisher.serve(FILE, Answer(FIRST, headers={"ETag": '"1"', "Last-Modified": "Thu, 26 Jun 2025 08:30:00 GMT"}))
    assert what(fetched()) == [fetching.NEW]
    assert kept(workspace) == [FIRST]
    (entry,) = json.loads((workspace.fetched / "log.json").read_text())["entries"]
    assert entry["url"] == publisher.url + FILE.replace(" ", "%20")
    assert entry["page"] == publisher.url + PAGE
    assert entry["sha256"] == hashlib.sha256(FIRST).hexdigest()
    assert (entry["edition"], entry["bytes"], entry["etag"]) == ("2025-03", len(FIRST), '"1"')
    assert entry["last_modified"] == "Thu, 26 Jun 2025 08:30:00 GMT"


def test_not_modified_sends_no_body_and_keeps_the_file(publisher, workspace, fetched):
    publisher.serve(FILE, Answer(FIRST, headers={"ETag": '"1"', "Last-Modified": "Thu, 26 Jun 2025 08:30:00 GMT"}))
    fetched()
    assert what(fetched()) == [fetching.SAME]
    assert publisher.asked[-1].headers["If-None-Match"] == '"1"'
    assert publisher.asked[-1].headers["If-Modified-Since"] == "Thu, 26 Jun 2025 08:30:00 GMT"
    assert kept(workspace) == [FIRST]


def test_the_same_bytes_from_a_server_without_etags_are_kept_once(publisher, workspace, fetched):
    publisher.serve(FILE, FIRST)
    fetched()
    assert what(fetched()) == [fetching.SAME]
    assert kept(workspace) == [FIRST]
    assert len(read_log(workspace.fetched).entries) == 1


def test_a_file_that_somebody_deleted_is_fetched_again(publisher, workspace, fetched):
    publisher.serve(FILE, Answer(FIRST, headers={"ETag": '"1"'}))
    fetched()
    next((workspace.fetched / SICKNESS).rglob("*.csv")).unlink()
    fetched()
    assert kept(workspace) == [FIRST]


def test_a_revision_under_the_same_address_is_kept_beside_the_first(publisher, workspace, fetched):
    publisher.serve(FILE, Answer(FIRST, headers={"ETag": '"1"'}))
    fetched()
    publisher.serve(FILE, Answer(SECOND, headers={"ETag": '"2"'}))
    assert what(fetched()) == [fetching.REVISED]
    assert kept(workspace) == [FIRST, SECOND]


def test_the_order_of_knowledge_survives_many_revisions(publisher, workspace, fetched):
    bodies = [HEADER + f"31/03/2025,ZX1,Acute,{number},100\r\n".encode() for number in range(6)]
    for content in bodies:
        publisher.serve(FILE, content)
        fetched()
    assert kept(workspace) == bodies


def test_a_change_that_the_publisher_took_back_is_told(publisher, workspace, fetched):
    for content in (FIRST, SECOND):
        publisher.serve(FILE, content)
        fetched()
    publisher.serve(FILE, FIRST)
    assert what(fetched()) == [fetching.BACK]
    assert what(fetched()) == [fetching.SAME]
    assert kept(workspace) == [FIRST, SECOND]


def test_a_renamed_address_with_the_same_bytes(publisher, workspace, fetched):
    publisher.serve(FILE, FIRST)
    fetched()
    publisher.page(PAGE, f"/99/ZZZZZZ/{NAME}")
    publisher.serve(f"/99/ZZZZZZ/{NAME}", FIRST)
    assert what(fetched()) == [fetching.MOVED]
    assert kept(workspace) == [FIRST]
    assert what(fetched()) == [fetching.SAME]


def test_a_renamed_address_with_other_bytes(publisher, workspace, fetched):
    publisher.serve(FILE, FIRST)
    fetched()
    publisher.page(PAGE, f"/99/ZZZZZZ/{NAME}")
    publisher.serve(f"/99/ZZZZZZ/{NAME}", SECOND)
    assert what(fetched()) == [fetching.NEW]
    assert kept(workspace) == [FIRST, SECOND]


def test_a_newer_edition_is_called_so(publisher, workspace, fetched):
    publisher.serve(FILE, FIRST)
    fetched()
    later = FILE.replace("March", "April")
    publisher.page(LANDING, PAGE, PAGE.replace("march", "april"))
    publisher.page(PAGE.replace("march", "april"), later)
    publisher.serve(later, SECOND)
    run = fetched(newest=1)
    assert [(one.edition, one.what) for one in run.outcomes] == [("2025-04", fetching.NEWER)]
    assert sorted(kept(workspace)) == sorted([FIRST, SECOND])


def test_a_web_page_with_status_200_is_refused(publisher, workspace, fetched, slept):
    publisher.serve(FILE, Answer(ERROR_PAGE, headers={"Content-Type": "text/html"}))
    fault = only_fault(fetched())
    assert "a web page" in fault.found and NAME in fault.where
    assert kept(workspace) == [] and slept == []


def test_what_was_fetched_stays_when_the_next_answer_is_bad(publisher, workspace, fetched):
    publisher.serve(FILE, FIRST)
    fetched()
    publisher.serve(FILE, ERROR_PAGE)
    only_fault(fetched())
    assert kept(workspace) == [FIRST]
    publisher.serve(FILE, FIRST)
    assert fetched().faults == {} and read_log(workspace.fetched).faults == {}


def test_a_body_that_breaks_off_is_tried_again(publisher, workspace, fetched, slept):
    publisher.serve(FILE, Answer(FIRST[:30], declared=len(FIRST)), FIRST)
    assert what(fetched()) == [fetching.NEW]
    assert kept(workspace) == [FIRST] and slept == [1]


def test_a_body_that_always_breaks_off_is_refused(publisher, workspace, fetched, policy):
    publisher.serve(FILE, Answer(FIRST[:30], declared=len(FIRST)))
    fault = only_fault(fetched())
    assert f"of {len(FIRST)} bytes" in fault.found and f"{policy.attempts} times" in fault.found
    assert publisher.paths().count(FILE) == policy.attempts
    assert kept(workspace) == []


def test_an_archive_without_its_end_is_refused_though_the_server_calls_it_whole(publisher, workspace, fetched):
    name = "/01_July_2026_Latest_ratings.ods"
    publisher.page(LANDING, name)
    publisher.serve(name, zipped({"content.xml": b"x" * 5000})[:-40])
    assert "an archive without its end" in only_fault(fetched(at(publisher, CQC)), CQC).found
    assert kept(workspace, CQC) == []


def test_another_kind_of_file_under_the_name_is_refused(publisher, workspace, fetched):
    name = "/01_July_2026_Latest_ratings.ods"
    publisher.page(LANDING, name)
    publisher.serve(name, b"Location ID,Domain,Latest Rating\r\n")
    assert "first bytes of a .ods file" in only_fault(fetched(at(publisher, CQC)), CQC).expected


def test_an_answer_that_stalls_is_tried_again(publisher, workspace, fetched, slept):
    publisher.serve(FILE, Answer(FIRST, stalls=True), FIRST)
    assert what(fetched()) == [fetching.NEW]
    assert kept(workspace) == [FIRST] and slept == [1]


@pytest.mark.parametrize("answer", [Answer(FIRST), Answer(FIRST, declared=10**9), Answer(FIRST, is_untold=True)])
def test_a_file_that_is_too_large_is_refused(publisher, workspace, fetched, answer):
    publisher.serve(FILE, answer)
    fault = only_fault(fetched(at(publisher, SICKNESS, max_bytes=50)))
    assert "at most 50 bytes" in fault.expected
    assert kept(workspace) == []


def test_an_answer_that_trickles_for_too_long_is_refused(publisher, workspace, fetched, policy):
    publisher.serve(FILE, FIRST)
    hours = itertools.count(step=3600.0)
    slow = replace(policy, clock=lambda: next(hours), longest_answer=3000)
    run = fetch_all([at(publisher, SICKNESS)], workspace, policy=slow)
    assert "not yet the end" in only_fault(run).found
    assert kept(workspace) == []


def test_a_file_that_is_gone(publisher, workspace, fetched):
    fault = only_fault(fetched())
    assert "404" in fault.found and "renamed or removed" in fault.likely


def test_a_link_to_a_file_of_this_machine_is_refused(publisher, workspace, fetched, tmp_path):
    secret = tmp_path / NAME
    secret.write_bytes(FIRST)
    publisher.page(PAGE, secret.as_uri())
    assert only_fault(fetched()).found.startswith("the address file://")
    assert kept(workspace) == []


def test_a_dry_run_sends_for_no_file_and_leaves_no_trace(publisher, workspace, fetched):
    publisher.serve(FILE, Answer(FIRST, headers={"ETag": '"1"'}))
    run = fetched(is_dry=True)
    assert [(one.edition, one.file_name, one.bytes, one.what) for one in run.outcomes] == [
        ("2025-03", NAME, len(FIRST), fetching.NEW)
    ]
    assert publisher.paths("GET") == [LANDING, PAGE] and publisher.paths("HEAD") == [FILE]
    assert not workspace.fetched.exists()


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (Answer(FIRST, headers={"ETag": '"1"'}), fetching.SAME),
        (Answer(SECOND, headers={"ETag": '"2"'}), fetching.REVISED),
        (Answer(status=405), fetching.UNSURE),
    ],
)
def test_a_dry_run_tells_what_would_happen_to_a_known_address(publisher, fetched, later, said):
    publisher.serve(FILE, Answer(FIRST, headers={"ETag": '"1"'}))
    fetched()
    publisher.serve(FILE, later)
    assert what(fetched(is_dry=True)) == [said]


def test_one_source_that_fails_stops_no_other(publisher, workspace, fetched):
    publisher.serve(FILE, FIRST)
    broken = at(publisher, CQC)
    run = fetched(broken, at(publisher, SICKNESS))
    assert "no link that fits" in only_fault(run, CQC).found
    assert what(run) == [fetching.NEW] and kept(workspace) == [FIRST]


def test_one_file_that_fails_stops_no_other_of_its_source(publisher, workspace, fetched):
    publisher.page(PAGE, FILE, FILE.replace("March", "February"))
    publisher.serve(FILE, FIRST)
    run = fetched(newest=2)
    assert "February" in only_fault(run).where
    assert kept(workspace) == [FIRST]


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, one in files.items():
            archive.writestr(name, one)
    return content.getvalue()


BUNDLE = "/static/0f3a/NSS25-detailed-spreadsheets.zip"
WANTED = "NSS25 detailed spreadsheets organisational results.xlsx"


def test_the_wanted_member_of_a_bundle_is_kept_under_its_own_name(publisher, workspace, fetched):
    wanted = zipped({"xl/workbook.xml": b"organisational"})
    others = {"NSS25/NSS25 detailed spreadsheets national results.xlsx": zipped({"xl/workbook.xml": b"national"})}
    publisher.page(LANDING, BUNDLE)
    publisher.serve(BUNDLE, Answer(zipped({f"NSS25/{WANTED}": wanted, **others}), headers={"ETag": '"1"'}))
    run = fetched(at(publisher, SURVEY))
    assert [(one.edition, one.what) for one in run.outcomes] == [("2025", fetching.NEW)]
    assert kept(workspace, SURVEY) == [wanted]
    assert [path.name for path in (workspace.fetched / SURVEY).rglob("*.*")] == [WANTED]
    assert what(fetched(at(publisher, SURVEY))) == [fetching.SAME]


def test_a_bundle_without_the_wanted_member_is_refused(publisher, workspace, fetched):
    publisher.page(LANDING, BUNDLE)
    publisher.serve(BUNDLE, zipped({"NSS25 results by trust.xlsx": zipped({"x": b""})}))
    fault = only_fault(fetched(at(publisher, SURVEY)), SURVEY)
    assert "NSS25 results by trust.xlsx" in fault.found and "fetch.members" in fault.todo
    assert kept(workspace, SURVEY) == []


def test_a_member_cannot_leave_its_folder(publisher, workspace, fetched):
    publisher.page(LANDING, BUNDLE)
    publisher.serve(BUNDLE, zipped({f"../../../{WANTED}": zipped({"x": b"1"})}))
    fetched(at(publisher, SURVEY))
    (path,) = workspace.root.rglob("*.xlsx")
    assert path.is_relative_to(workspace.fetched / SURVEY)


def test_a_report_made_at_the_moment_is_kept_when_it_changed(publisher, workspace, fetched):
    row = b'"ZX1","SOME TRUST"\r\n'
    publisher.serve("/report?report=etr", row)
    assert what(fetched(at(publisher, ODS))) == [fetching.NEW]
    assert what(fetched(at(publisher, ODS))) == [fetching.SAME]
    publisher.serve("/report?report=etr", row + row)
    fetched(at(publisher, ODS))
    assert kept(workspace, ODS) == [row, row + row]


def test_a_source_that_cannot_be_fetched_is_named():
    with pytest.raises(Fault, match="impact_self_assessment"):
        choose(load_sources(), ["impact_self_assessment"])
    assert SICKNESS in [source.source_id for source in choose(load_sources(), [])]


def test_a_page_without_its_file_is_listed_and_no_fault(publisher, fetched):
    publisher.serve(FILE, FIRST)
    later = PAGE.replace("march", "april")
    publisher.page(LANDING, PAGE, later)
    publisher.page(later)
    run = fetched(newest=1)
    assert [(one.url, one.what) for one in run.outcomes][0] == (publisher.url + later, fetching.NOTHING_YET)
    assert run.outcomes[1].edition == "2025-03" and run.faults == {}


@pytest.mark.parametrize(
    ("source_id", "folder", "name"),
    [
        (SICKNESS, "sickness", NAME),
        ("rtt_full_extract", "rtt", "Full-CSV-data-file-Jan26-ZIP-4M-WL5BiP.zip"),
    ],
)
def test_real_files_arrive_byte_for_byte(publisher, workspace, fetched, real_data: Path, source_id, folder, name):
    content = (real_data / folder / name).read_bytes()
    listed = (real_data / "PROVENANCE.tsv").read_text(encoding="utf-8")
    publisher.page(LANDING, f"/uploads/{name}")
    publisher.serve(f"/uploads/{name}", content)
    assert fetched(at(publisher, source_id, follow=())).faults == {}
    (entry,) = read_log(workspace.fetched).entries
    assert entry.sha256 in listed
    assert kept(workspace, source_id) == [content]
