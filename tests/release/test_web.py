"""The web root: what readers get, over HTTP too, and that they never get half of it."""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin
from xml.etree import ElementTree

import outlet
import pytest
import yaml

from pipelines import settings
from pipelines.errors import Fault
from pipelines.release import after
from pipelines.release.web import root, tree
from pipelines.release.web.alerts import insert
from pipelines.release.web.serving import server
from pipelines.settings import PROJECT_ROOT, Workspace

FIRST, SECOND, PATCH = "2026.1.0", "2026.2.0", "2026.2.1"
WHY = "The numerators of March were counted <twice>."
SHOWN = "The numerators of March were counted &lt;twice&gt;."
WHO = "Nobody Inparticular"
ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Every look at the clock is a minute later than the one before."""
    moments = (datetime(2026, 11, 23, 10, minute % 60, tzinfo=UTC) for minute in range(60))
    monkeypatch.setattr(settings, "now", lambda: next(moments))


@pytest.fixture
def two(workspace):
    outlet.out(workspace, FIRST, "2026-10-01T08:30:00Z")
    outlet.out(workspace, SECOND, "2026-11-22T09:30:00Z")
    after.settle(workspace)
    return workspace


@pytest.fixture
def corrected(two):
    after.correct(two, SECOND, WHY, WHO)
    outlet.out(two, PATCH, "2026-11-24T09:30:00Z")
    after.settle(two)
    return two


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def links(page: str) -> list[str]:
    parser = _Links()
    parser.feed(page)
    return parser.found


def crawled(start: str) -> dict[str, tuple[int, str]]:
    """Every address that can be reached from one, on the same server, with status and text."""
    seen: dict[str, tuple[int, str]] = {}
    left = [start]
    while left:
        address = left.pop()
        if address in seen or not address.startswith(start):
            continue
        status, headers, text = outlet.get(address)
        seen[address] = status, text
        if headers["Content-Type"].startswith("text/html"):
            left += [urldefrag(urljoin(address, link)).url for link in links(text)]
    return seen


def pages(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.html"))


def test_every_link_of_every_page_leads_somewhere(corrected):
    after.withdraw(corrected, FIRST, WHY, WHO)
    with outlet.online(corrected) as home:
        found = crawled(home)
    assert {address: status for address, (status, _) in found.items() if status != 200} == {}
    reached = {address.removeprefix(home) for address in found}
    assert {"", "releases/index.html", "feed.atom", f"releases/{SECOND}/site/releases.html"} <= reached
    assert {"latest/csv/values.csv", f"releases/{FIRST}/index.html"} <= reached
    assert not [address for address in reached if address.endswith("/")]  # such links do not open from disk


def test_the_first_page_is_the_current_release_itself(two):
    page = (two.web / "index.html").read_text()
    assert outlet.SECRET.format(version=SECOND) in page
    assert "latest/site/assets/style.css" in links(page) and "#main" in links(page)
    assert "latest/site/releases.html#top" in links(page) and "latest/csv/values.csv" in links(page)
    assert "releases/index.html" in links(page)
    assert "This " not in page  # nothing to be alarmed about


def test_the_current_release_is_linked_and_says_where_the_history_is(two):
    assert (two.web / "latest" / "csv").is_symlink()
    assert (two.web / "latest/site/indicators/rtt_18_weeks.html").is_symlink()
    assert "../../releases/index.html" in links((two.web / "latest/site/releases.html").read_text())


def test_a_correction_shows_on_every_page_of_the_older_release_and_nowhere_else(corrected):
    with outlet.online(corrected) as home:
        for path in ("index.html", *outlet.PAGES):
            status, _, page = outlet.get(f"{home}releases/{SECOND}/{path}")
            assert status == 200 and page.count("This release was corrected on 23 November 2026.") == 1
            assert f"What was wrong: {SHOWN}" in page
            patch = f"{home}releases/{PATCH}/index.html"
            assert patch in {urljoin(f"{home}releases/{SECOND}/{path}", link) for link in links(page)}
            for good in (f"releases/{PATCH}", "latest"):
                assert "corrected" not in outlet.get(f"{home}{good}/{path}")[2].replace("corrections", "")
    original = corrected.releases / SECOND / "site/index.html"
    assert "This release" not in original.read_text()


def test_an_older_release_says_that_it_is_not_the_current_one(two):
    for path in pages(two.web / "releases" / FIRST):
        page = path.read_text()
        assert "This is not the current release." in page and f"Release {SECOND}, the current one" in page


def test_a_tombstone_is_all_that_is_left_of_a_withdrawn_release(two):
    with outlet.online(two) as home:
        assert outlet.get(f"{home}releases/{SECOND}/csv/values.csv")[0] == 200
        after.withdraw(two, SECOND, WHY, WHO)
        for path in ("index.html", "site/index.html"):
            status, _, page = outlet.get(f"{home}releases/{SECOND}/{path}")
            assert status == 200 and "This release was withdrawn on 23 November 2026." in page and SHOWN in page
            assert "1,200" in page and "22 November 2026" in page  # what it was
        for path in ("csv/values.csv", "manifest.json", "nhs_impact_warehouse.duckdb", "site/releases.html"):
            assert outlet.get(f"{home}releases/{SECOND}/{path}")[0] == 404
            assert (two.releases / SECOND / path).is_file()
        served = [outlet.get(f"{home}{path}")[2] for path in ("", "latest/csv/values.csv", "api/v1/index.json")]
    assert all(FIRST in text and outlet.SECRET.format(version=SECOND) not in text for text in served)
    assert outlet.SECRET.format(version=SECOND) not in everything(two.web)
    assert (two.current / "csv/values.csv").read_text() == (two.releases / FIRST / "csv/values.csv").read_text()


def test_when_every_release_was_withdrawn_the_pages_say_so(two):
    after.withdraw(two, FIRST, WHY, WHO)
    after.withdraw(two, SECOND, WHY, WHO)
    assert "No release is being served" in (two.web / "index.html").read_text()
    assert not (two.web / "latest").exists() and not two.current.exists()
    assert [path.name for path in (two.web / "api/v1").iterdir()] == ["releases.json"]
    index = json.loads((two.web / "index.json").read_text())
    assert index["current"] is None and index["links"]["latest"] is None


def test_rolled_back_pages_say_so_and_are_clean_again_when_it_is_taken_up(two):
    page = two.web / "releases" / SECOND / "site/index.html"
    after.rollback(two, FIRST, WHY, WHO)
    assert "This release was taken back on 23 November 2026." in page.read_text()
    assert (two.web / "latest/csv/values.csv").read_text() == (two.releases / FIRST / "csv/values.csv").read_text()
    after.rollback(two, SECOND, "It was right after all.", WHO)
    assert "taken back" not in page.read_text()
    assert "taken up again" in (two.web / "releases/index.html").read_text()


def test_answers_withdrawn_since_are_told_of_without_a_name(two):
    (two.releases / f"{FIRST}.withdrawals.json").write_text(json.dumps({"withdrawn": [{"named": ["ZX007"]}]}))
    after.settle(two)
    assert (
        "It holds answers that an organisation has withdrawn since"
        in (two.web / "releases" / FIRST / "site/index.html").read_text()
    )
    assert "ZX007" not in everything(two.web)


def test_the_sample_is_not_among_published_releases(two):
    outlet.out(Workspace(two.root, "synthetic"), "2026.9.0")
    outlet.out(two, "2026.10.0")
    after.settle(two)
    assert "2026.9.0" not in everything(two.web) and not (two.web / "releases/2026.9.0").exists()


def test_synthetic_pages_and_feed_say_so(tmp_path):
    sample = Workspace(tmp_path, "synthetic")
    outlet.out(sample, FIRST)
    after.settle(sample)
    for path in ("releases/index.html", "feed.atom", "index.json"):
        assert "synthetic" in (sample.web / path).read_text().lower()


# What machines read


def test_the_index_tells_states_notices_and_hashes_relative_to_where_it_stands(corrected):
    after.withdraw(corrected, FIRST, WHY, WHO)
    with outlet.online(corrected) as home:
        for address in (f"{home}index.json", f"{home}api/v1/releases.json"):
            index = json.loads(outlet.get(address)[2])
            assert index["current"] == PATCH
            states = {each["release_id"]: each["state"] for each in index["releases"]}
            assert states == {PATCH: "current", SECOND: "corrected", FIRST: "withdrawn"}
            newest, second, first = index["releases"]
            assert second["notices"][0] | {"at": ""} == {
                "kind": "corrected",
                "at": "",
                "reason": WHY,
                "release_id": PATCH,
            }
            assert first["links"]["manifest"] is None
            linked = [each["links"]["page"] for each in index["releases"]]
            linked += [newest["links"]["manifest"], *index["links"].values()]
            assert {outlet.get(urljoin(address, link))[0] for link in linked} == {200}
    manifest = corrected.releases / PATCH / "manifest.json"
    assert newest["manifest_sha256"] == outlet.sha256_of(manifest)


def test_addresses_of_the_api_stay_while_the_release_changes(two):
    for version in (SECOND, FIRST):
        with outlet.online(two) as home:
            for path in ("index.json", "indicators/rtt_18_weeks.json"):
                assert json.loads(outlet.get(f"{home}api/v1/{path}")[2]) == {"release_id": version}
            assert version in outlet.get(f"{home}api/v1/indicators/rtt_18_weeks/data.csv")[2]
        if version == SECOND:
            after.rollback(two, FIRST, WHY, WHO)


def test_the_feed_is_as_rfc_4287_wants_it(corrected):
    after.rollback(corrected, FIRST, WHY, WHO)
    after.withdraw(corrected, SECOND, WHY, WHO)
    feed = ElementTree.parse(corrected.web / "feed.atom").getroot()
    assert feed.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated", "author"):
        assert len(feed.findall(f"{ATOM}{name}")) == 1
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert {link.get("rel") for link in feed.findall(f"{ATOM}link")} == {"self", "alternate"}
    entries = feed.findall(f"{ATOM}entry")
    for entry in entries:
        assert [child.tag.removeprefix(ATOM) for child in entry] == ["id", "title", "updated", "link", "summary"]
        assert all((child.text or child.get("href") or "").strip() for child in entry)
        assert RFC3339.fullmatch(entry.findtext(f"{ATOM}updated"))
    ids = [element.text for element in (feed.find(f"{ATOM}id"), *(entry.find(f"{ATOM}id") for entry in entries))]
    assert len(set(ids)) == len(ids) == 7
    assert all(re.fullmatch(r"tag:[a-z.]+,\d{4}(-\d\d){0,2}:[\w./-]+", each) for each in ids)
    moments = [entry.findtext(f"{ATOM}updated") for entry in entries]
    assert moments == sorted(moments, reverse=True) and feed.findtext(f"{ATOM}updated") == moments[0]
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [
        f"Release {PATCH}",
        f"Release {SECOND}: was withdrawn on 23 November 2026",
        f"Release {PATCH}: was taken back on 23 November 2026",
        f"Release {SECOND}: was corrected on 23 November 2026",
        f"Release {SECOND}",
        f"Release {FIRST}",
    ]


def test_ids_of_the_feed_stay_and_the_clock_changes_nothing(two):
    def ids() -> list[str]:
        feed = ElementTree.parse(two.web / "feed.atom").getroot()
        return [element.text for element in feed.iter(f"{ATOM}id")]

    before, bytes_before = ids(), made(two.web)
    after.settle(two)
    assert made(two.web) == bytes_before
    after.withdraw(two, FIRST, WHY, WHO)
    assert set(before) < set(ids())


def test_what_will_go_is_announced_and_old_addresses_of_what_was_renamed_lead_on(two, tmp_path, monkeypatch):
    going = {"kind": "column", "name": "pub_revisions.largest", "announced_in": FIRST, "gone_not_before": "2026.9.0"}
    going |= {"replacement": None, "reason": "Nobody uses it."}
    renamed = {"from": "rtt_old", "to": "rtt_18_weeks", "since": SECOND}
    listed = {"deprecations": [going], "redirects": [renamed]}
    policy = tmp_path / "deprecations.yml"
    policy.write_text(yaml.safe_dump(listed))
    monkeypatch.setattr(root, "DEPRECATIONS", policy)
    after.settle(two)
    with outlet.online(two) as home:
        page = outlet.get(f"{home}latest/site/indicators/rtt_old.html")[2]
        assert 'http-equiv="refresh" content="0; url=rtt_18_weeks.html"' in page
        assert json.loads(outlet.get(f"{home}api/v1/indicators/rtt_old.json")[2]) == {"release_id": SECOND}
        assert SECOND in outlet.get(f"{home}api/v1/indicators/rtt_old/data.csv")[2]
        index = json.loads(outlet.get(f"{home}index.json")[2])
        assert (index["deprecations"], index["redirects"]) == ([going], {"rtt_old": "rtt_18_weeks"})
        said = outlet.get(f"{home}releases/index.html")[2]
        assert "pub_revisions.largest" in said and "not before release 2026.9.0" in said and "Nobody uses it." in said


def test_types_of_content_and_the_header_for_other_sites(two):
    with outlet.online(two) as home:
        for path, type_ in (
            ("feed.atom", "application/atom+xml"),
            ("index.json", "application/json"),
            ("latest/csv/values.csv", "text/csv; charset=utf-8"),
            ("latest/parquet/values.parquet", "application/vnd.apache.parquet"),
            ("latest/site/assets/style.css", "text/css; charset=utf-8"),
            ("", "text/html; charset=utf-8"),
        ):
            status, headers, _ = outlet.get(home + path)
            assert (status, headers["Content-Type"], headers["Access-Control-Allow-Origin"]) == (200, type_, "*")


def test_a_server_that_cannot_be_is_a_fault(two, tmp_path):
    with pytest.raises(Fault, match="no web root"):
        server(tmp_path / "web", 0)
    with server(two.web, 0) as running, pytest.raises(Fault, match="a port that cannot be used"):
        server(two.web, running.server_port)


# Whole, or not at all


def test_readers_get_the_old_web_root_or_the_new_one_while_it_is_flipped(two):
    """Four readers take the link once, as a web server does for a request, and read three files through it."""
    versions = (FIRST, SECOND)
    stop, failed, mixed, seen = threading.Event(), [], [], [set() for _ in range(4)]

    def read(mine: set[str]) -> None:
        while not stop.is_set():
            try:
                found = set(versions_of(two.web.resolve()))
            except OSError as error:
                failed.append(str(error))
                continue
            if len(found) > 1:
                mixed.append(found)
            mine.update(found)

    readers = [threading.Thread(target=read, args=(mine,)) for mine in seen]
    for reader in readers:
        reader.start()
    try:
        for turn in range(8):
            for mine in seen:
                mine.clear()
            version = versions[turn % 2]
            after.rollback(two, version, WHY, WHO)
            wait_until(lambda version=version: all(version in mine for mine in seen))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert (failed, mixed) == ([], [])


def versions_of(web: Path) -> Iterator[str]:
    yield json.loads((web / "index.json").read_text())["current"]
    yield json.loads((web / "latest/manifest.json").read_text())["release_id"]
    yield json.loads((web / "api/v1/index.json").read_text())["release_id"]


def wait_until(holds) -> None:
    """The limit only keeps a broken reader from hanging the test."""
    limit = datetime.now(UTC) + timedelta(seconds=60)
    while not holds():
        assert datetime.now(UTC) < limit


@pytest.mark.parametrize("step", ["copy_assets", "_release", "_interface", "_for_machines", "flip"])
def test_a_stop_while_it_is_made_leaves_the_web_root_that_was_there(two, monkeypatch, step):
    before = made(two.web)

    def stop(*_):
        raise KeyboardInterrupt

    outlet.out(two, PATCH)
    with monkeypatch.context() as patched:
        patched.setattr(root, step, stop)
        with pytest.raises(KeyboardInterrupt):
            after.settle(two)
    assert made(two.web) == before and not list(two.web.parent.glob(".web.*"))
    after.settle(two)
    assert json.loads((two.web / "index.json").read_text())["current"] == PATCH
    assert len(list((two.web.parent / ".web").iterdir())) == 2  # this one and the one before


def test_a_copy_that_follows_the_links_is_whole_and_a_moved_home_still_serves(two, tmp_path):
    shutil.copytree(two.web, tmp_path / "copy")
    assert not [path for path in (tmp_path / "copy").rglob("*") if path.is_symlink()]
    assert everything(tmp_path / "copy") == everything(two.web)
    moved = Workspace(two.root.rename(tmp_path / "elsewhere"), "published")
    with outlet.online(moved) as home:
        assert {status for status, _ in crawled(home).values()} == {200}


def test_no_path_of_this_machine_and_no_name_of_a_person_is_public(corrected):
    after.rollback(corrected, SECOND, WHY, WHO)
    after.withdraw(corrected, FIRST, WHY, WHO)
    text = everything(corrected.web)
    assert WHO not in text and str(corrected.root) not in text and str(PROJECT_ROOT) not in text
    assert not [path for path in corrected.web.resolve().rglob("*") if path.is_symlink() and is_absolute(path)]


def is_absolute(link: Path) -> bool:
    return posixpath.isabs(link.readlink().as_posix())


def everything(folder: Path) -> str:
    """Names and texts of all files, links followed."""
    found = [Path(place) / name for place, _, names in os.walk(folder.resolve(), followlinks=True) for name in names]
    texts = {path.relative_to(folder.resolve()).as_posix(): path.read_text() for path in found}
    return "\n".join(f"{path} {texts[path]}" for path in sorted(texts))


def made(web: Path) -> dict[str, bytes]:
    """Every file that was made for the web root."""
    folder = web.resolve()
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


# Pages


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<body><main><!-- alerts --><p>x", "<body><main><!-- alerts -->\nALERT<p>x"),
        ('<body class="a"><main id="m"><p>x', '<body class="a"><main id="m">\nALERT<p>x'),
        ("<BODY>\n<p>x", "<BODY>\nALERT\n<p>x"),
        ("<p>x", "ALERT<p>x"),
    ],
)
def test_where_an_alert_is_put(page, expected):
    assert insert(page, "ALERT") == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("a.html", "x/site/a.html"),
        ("../csv/a.csv", "x/csv/a.csv"),
        ("a.html#b", "x/site/a.html#b"),
        ("folder/", "x/site/folder/"),
        ("#b", "#b"),
        ("", ""),
        ("https://example.org/a", "https://example.org/a"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("data:image/png;base64,AA", "data:image/png;base64,AA"),
        ("/a", "/a"),
    ],
)
def test_links_of_a_page_that_is_put_elsewhere(link, expected):
    assert tree.moved(f'<a href="{link}">', "x/site") == f'<a href="{expected}">'
