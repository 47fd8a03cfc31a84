"""The client of CQC's interface against a server on this machine that misbehaves as the real one does."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import staging
from pipelines.errors import Fault
from pipelines.fetch.api import Records, fetch_records
from pipelines.fetch.fetching import SAME, fetch_all
from pipelines.fetch.http import Policy
from pipelines.registry import load_sources
from pipelines.settings import PROJECT_ROOT, Workspace
from pipelines.store import arrivals, snapshots
from tests.fetch.interface import KEY, Interface, served

KINDS = ("locations", "providers")
LOCATIONS, PROVIDERS = "cqc_api_locations", "cqc_api_providers"
TODAY = dt.date(2026, 11, 20)
FAULTS = {3: 429, 10: 500, 11: 503, 40: "drop", 70: "cut", 71: "slow", 200: 500}


def body(code: str, **more: Any) -> dict[str, Any]:
    """An invented record with a manager's name in it."""
    person = {"personGivenName": "Given", "personFamilyName": "Family"}
    return {
        "locationId": code,
        "providerId": "ZX1",
        "organisationType": "Location",
        "name": f"Site {code}",
        "type": "NHS Healthcare Organisation",
        "registrationStatus": "Registered",
        "regulatedActivities": [{"name": "Personal care", "contacts": [person], "nominatedIndividual": person}],
        **more,
    }


def provider(code: str) -> dict[str, Any]:
    """An invented record of a provider."""
    return {key: value for key, value in body(code, providerId=code).items() if key != "locationId"}


def invented(*codes: str) -> dict[str, dict[str, dict[str, Any]]]:
    return {"locations": {code: body(code) for code in codes}, "providers": {}}


@pytest.fixture
def policy() -> Policy:
    """Tries again without waiting."""
    return Policy(attempts=4, between=0, sleep=lambda _: None)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CQC_SUBSCRIPTION_KEY", KEY)


@dataclass(frozen=True)
class Taken:
    """The 451 locations and 20 providers of one town: as served, as fetched, and as staged."""

    interface: Interface
    got: Records
    waits: list[float]
    locations: pl.DataFrame
    providers: pl.DataFrame


@pytest.fixture(scope="module")
def taken(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """Real bodies, fetched once through all faults of the interface."""
    interface = Interface(
        {kind: {one[f"{kind[:-1]}Id"]: one for one in raw_bodies(real_data, kind)} for kind in KINDS},
        listed=("1-404", "rw404"),
        lower=("RM317", "RW603"),
        faults=dict(FAULTS),
    )
    folder, waits = tmp_path_factory.mktemp("taken"), []
    policy, workspace = Policy(attempts=4, between=0, sleep=waits.append), Workspace(folder / "home", "published")
    with pytest.MonkeyPatch.context() as patch, served(interface):
        patch.setenv("CQC_SUBSCRIPTION_KEY", KEY)
        got = fetched(interface, folder / "l", policy)
        fetched(interface, folder / "p", policy, PROVIDERS)
    locations = staged(folder / "l", LOCATIONS, workspace)
    return Taken(interface, got, waits, locations, staged(folder / "p", PROVIDERS, workspace))


def raw_bodies(real_data: Path, kind: str) -> list[dict[str, Any]]:
    with gzip.open(real_data / f"cqc/api/oldham_{kind[:-1]}_details_2025-03.jsonl.gz") as stream:
        return [json.loads(line) for line in stream]


def fetched(
    interface: Interface, folder: Path, policy: Policy, source_id: str = LOCATIONS, day: dt.date = TODAY
) -> Records:
    os.environ["CQC_BASE_URL"] = interface.url
    try:
        got = fetch_records(load_sources()[source_id], folder, day, policy)
    finally:
        del os.environ["CQC_BASE_URL"]
    assert got
    return got


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def staged(folder: Path, source_id: str, workspace: Workspace) -> pl.DataFrame:
    source = load_sources()[source_id]
    snapshots.take(arrivals.look_into(folder, [source]).claimed, workspace.raw)
    (note,) = staging.stage_source(source, workspace).notes.values()
    assert (note.outcome, note.rows_rejected) == ("accepted", 0), note.reason
    return pl.read_parquet(workspace.staged / source_id / "*.parquet")


def test_all_real_records_come_through_the_faults_of_the_interface(taken):
    assert not taken.interface.faults, "a fault that was never met proves nothing"
    assert 1 in taken.waits, "Retry-After asked for a second"
    assert (len(taken.interface.asked), set(taken.interface.asked.values())) == (451 + 20, {1})
    assert (taken.got.count, set(taken.got.gone)) == (451, {"1-404", "rw404"})
    (kept,) = taken.got.path.parent.rglob("*.gone.json")
    assert json.loads(kept.read_text()) == taken.got.gone
    found = taken.locations.group_by("framework", "is_current_rating").len().sort("framework", "is_current_rating")
    assert found.rows() == counted(taken.interface)
    assert taken.locations["rated_code"].n_unique() == 451
    assert taken.providers["rated_code"].n_unique() == 20


def counted(interface: Interface) -> list[tuple[str, bool, int]]:
    """Ratings of each framework, counted from the raw JSON by its `rating` keys alone."""
    found: Counter[tuple[str, bool]] = Counter()
    for one in interface.bodies["locations"].values():
        parts = {
            ("key_lines_of_enquiry", True): json.dumps(one.get("currentRatings", {})).count('"rating":'),
            ("key_lines_of_enquiry", False): json.dumps(one.get("historicRatings", [])).count('"rating":'),
            ("single_assessment_framework", True): json.dumps(one.get("assessment", [])).count('"rating":'),
        }
        found.update(parts if sum(parts.values()) else {("none", True): 1})
    return sorted(
        (framework, is_current_rating, count) for (framework, is_current_rating), count in found.items() if count
    )


def test_what_real_records_say(taken):
    rows = taken.locations

    def rating(code: str, group: str = "Overall", domain: str = "Overall") -> dict[str, Any]:
        found = rows.filter(
            pl.col("rated_code") == code,
            pl.col("service_group") == group,
            pl.col("domain") == domain,
            pl.col("is_current_rating"),
        )
        (only,) = found.rows(named=True)
        return only

    # The Royal Oldham Hospital moved from RW6 to RM3 in 2021 and kept most of its ratings.
    overall = rating("RM317")
    assert (overall["rating"], overall["publication_date"]) == ("Requires improvement", dt.date(2021, 2, 10))
    assert overall["inherited_from"] == rating("RM317", domain="Well-led")["inherited_from"] == "RW603"
    assert rating("RM317", "Surgery")["inherited_from"] is None
    assert rating("RM317", "Critical care", "Safe")["inherited_from"] == "RW603"
    # Its own overall rating, beside two key questions of a predecessor.
    assert rating("1-9588358014")["inherited_from"] is None
    assert rating("1-9588358014", domain="Caring")["inherited_from"] == "1-4815596978"
    home = rating("1-5312102242", "Care Homes")
    assert (home["rating"], home["publication_date"]) == ("Good", dt.date(2024, 8, 8))
    assert home["assessment_date"] == dt.date(2024, 4, 17)
    effective = rating("1-5312102242", "Care Homes", "Effective")
    assert (effective["assessment_status"], effective["percentage_score"]) == ("Not Assessed", 75)
    dentist = rating("1-16561595022", "Dental")
    assert (dentist["rating"], dentist["value_status"]) == ("No rating given", "not_rated")
    assert rating("1-16561595022", "Dental", "Safe")["rating"] == "Regulations met"
    closed = rows.filter(pl.col("registration_status") == "Deregistered")
    assert closed["rated_code"].n_unique() == 235 and closed["deregistered_on"].null_count() == 0


def test_personal_data_never_reaches_the_disk(taken):
    content = gzip.decompress(taken.got.path.read_bytes())
    assert b"regulatedActivities" in content
    for name in (b"contacts", b'"person', b"nominatedIndividual", b"REDACTED"):
        assert name not in content


def test_the_file_depends_on_the_records_alone(tmp_path, policy):
    first, second = Interface(invented("A1", "B2", "C3")), Interface(invented("C3", "A1", "B2"))
    with served(first), served(second):
        one, other = fetched(first, tmp_path / "1", policy), fetched(second, tmp_path / "2", policy)
    assert one.path.read_bytes() == other.path.read_bytes()
    assert [line["locationId"] for line in lines(one.path)] == ["A1", "B2", "C3"]


def test_nothing_is_lost_or_fetched_twice_when_the_run_is_killed(tmp_path, policy):
    codes = [f"1-{number}" for number in range(400)]
    interface = Interface(invented(*codes))
    with served(interface):
        killed_at = kill_midway(interface, tmp_path)
        assert 30 <= killed_at < 400
        got = fetched(interface, tmp_path, policy, day=TODAY + dt.timedelta(days=1))
    assert [line["locationId"] for line in lines(got.path)] == sorted(codes)
    twice = [path for path, count in interface.asked.items() if count > 1]
    assert len(twice) <= 1, "only the record that was on its way may come again"
    assert got.path.name == "cqc_api_locations_2026-11-20.jsonl.gz", "the day on which the run began"
    assert not list(tmp_path.rglob("*.jsonl"))


def kill_midway(interface: Interface, folder: Path) -> int:
    """Starts the client in a process of its own, kills it at once when some records came, and says how many."""
    script = (
        "import sys, datetime as dt; from pathlib import Path; from pipelines.registry import load_sources;"
        "from pipelines.fetch.api import fetch_records; from pipelines.fetch.http import Policy;"
        f"fetch_records(load_sources()[{LOCATIONS!r}], Path(sys.argv[1]), dt.date(2026, 11, 20), Policy(between=0.005))"
    )
    environment = {**os.environ, "CQC_BASE_URL": interface.url}
    process = subprocess.Popen([sys.executable, "-c", script, str(folder)], cwd=PROJECT_ROOT, env=environment)
    while len(interface.asked) < 30 and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return len(interface.asked)


def test_half_a_line_in_the_journal_is_fetched_again(tmp_path, policy):
    interface = Interface(invented("A1", "B2", "C3"))
    journal = tmp_path / ".journal" / f"{LOCATIONS}.jsonl"
    journal.parent.mkdir()
    kept = json.dumps({"asked": "A1", "id": "A1", "body": body("A1", name="kept")})
    journal.write_text(f'{{"day":"2026-11-19","since":null}}\n{kept}\n{{"asked":"B2","bo')
    with served(interface):
        got = fetched(interface, tmp_path, policy)
    assert [line["name"] for line in lines(got.path)] == ["kept", "Site B2", "Site C3"]
    assert sorted(interface.asked) == ["/locations/B2", "/locations/C3"]


def test_a_run_that_was_killed_after_its_file_was_made_is_over(tmp_path, policy):
    interface = Interface(invented("A1", "B2"))
    journal = tmp_path / ".journal" / f"{LOCATIONS}.jsonl"
    with served(interface):
        first = fetched(interface, tmp_path, policy)
        before = first.path.read_bytes()
        journal.write_text('{"day":"2026-11-20","since":null}\n')
        interface.changes = ("B2",)
        interface.bodies["locations"]["B2"] = body("B2", name="changed")
        got = fetched(interface, tmp_path, policy, day=dt.date(2026, 11, 21))
    assert first.path.read_bytes() == before
    assert [line["name"] for line in lines(got.path)] == ["Site A1", "changed"]


def test_changes_without_the_file_they_belong_to_begin_anew(tmp_path, policy):
    interface = Interface(invented("A1", "B2"))
    journal = tmp_path / ".journal" / f"{LOCATIONS}.jsonl"
    journal.parent.mkdir()
    journal.write_text('{"day":"2026-11-19","since":"2026-10-19"}\n')
    with served(interface):
        assert fetched(interface, tmp_path, policy).count == 2


def test_later_runs_ask_for_changes_only(tmp_path, policy):
    interface = Interface(invented("A1", "B2", "C3"))
    with served(interface):
        first = fetched(interface, tmp_path, policy)
        before = first.path.read_bytes()
        interface.asked.clear()
        interface.bodies["locations"] |= {"B2": body("B2", name="changed"), "D4": body("D4")}
        interface.changes = ("B2", "d4", "gone", "B2")
        got = fetched(interface, tmp_path, policy, day=dt.date(2026, 12, 24))
    assert sorted(interface.asked) == ["/locations/B2", "/locations/D4"]
    (query,) = interface.queries
    assert query["startTimestamp"] == ["2026-10-21T00:00:00Z"], "30 days before the file of 20 November"
    assert query["endTimestamp"] == ["2026-12-24T00:00:00Z"]
    assert [line["name"] for line in lines(got.path)] == ["Site A1", "changed", "Site C3", "Site D4"]
    assert got.gone.keys() == {"gone"}
    assert first.path.read_bytes() == before


def test_a_record_that_is_gone_leaves_the_next_file(tmp_path, policy):
    interface = Interface(invented("A1", "B2"))
    with served(interface):
        fetched(interface, tmp_path, policy)
        del interface.bodies["locations"]["B2"]
        interface.changes = ("B2",)
        got = fetched(interface, tmp_path, policy, day=dt.date(2026, 12, 1))
    assert [line["locationId"] for line in lines(got.path)] == ["A1"]
    assert "status 404" in got.gone["B2"]


def test_a_day_is_fetched_once(tmp_path, policy, monkeypatch):
    interface = Interface(invented("A1"))
    with served(interface):
        fetched(interface, tmp_path, policy)
        monkeypatch.setenv("CQC_BASE_URL", interface.url)
        assert fetch_records(load_sources()[LOCATIONS], tmp_path, TODAY, policy) is None


def reason(interface: Interface, folder: Path, policy: Policy) -> str:
    with served(interface), pytest.raises(Fault) as caught:
        fetched(interface, folder, policy)
    return str(caught.value)


def test_a_wrong_key_names_the_variable(tmp_path, policy, monkeypatch):
    monkeypatch.setenv("CQC_SUBSCRIPTION_KEY", "expired")
    said = reason(Interface(invented("A1")), tmp_path, policy)
    assert "status 401" in said and "set CQC_SUBSCRIPTION_KEY" in said and "expired\n" not in said


def test_no_key_is_said_before_anything_is_asked(tmp_path, policy, monkeypatch):
    monkeypatch.delenv("CQC_SUBSCRIPTION_KEY")
    assert "no variable CQC_SUBSCRIPTION_KEY" in reason(Interface(invented("A1")), tmp_path, policy)


def test_an_interface_that_stays_down_keeps_what_was_fetched(tmp_path, policy):
    interface = Interface(invented("A1", "B2"), faults=dict.fromkeys(range(2, 10), 500))
    assert "status 500" in reason(interface, tmp_path, policy)
    interface.faults.clear()
    with served(interface):
        assert fetched(interface, tmp_path, policy).count == 2
    assert interface.asked["/locations/A1"] == 1


def test_a_list_with_gaps_is_refused(tmp_path, policy):
    interface = Interface(invented("A1", "B2"), listed=("A1",))
    assert "2 different entries" in reason(interface, tmp_path, policy)


def test_another_record_than_asked_for_is_refused(tmp_path, policy):
    interface = Interface(invented("A1"))
    interface.bodies["locations"]["A1"] = body("B2")
    assert "the record B2" in reason(interface, tmp_path, policy)


def test_the_fetch_command_brings_records_or_says_why_not(tmp_path, policy, monkeypatch):
    interface = Interface({"locations": {"A1": body("A1")}, "providers": {"ZX1": provider("ZX1")}}, listed=("gone",))
    workspace = Workspace(tmp_path, "published")
    wanted = [load_sources()[LOCATIONS], load_sources()[PROVIDERS]]
    with served(interface):
        monkeypatch.setenv("CQC_BASE_URL", interface.url)
        run = fetch_all(wanted, workspace, policy=policy)
        assert [outcome.what for outcome in run.outcomes] == ["new; 1 ids without a record"] * 2
        assert [outcome.what for outcome in fetch_all(wanted, workspace, policy=policy).outcomes] == [SAME] * 2
        monkeypatch.delenv("CQC_SUBSCRIPTION_KEY")
        left = fetch_all(wanted, workspace, policy=policy)
    assert not run.faults and not left.faults
    assert {outcome.what for outcome in left.outcomes} == {"left out: no key in CQC_SUBSCRIPTION_KEY"}
    claimed = arrivals.look_into(workspace.fetched, wanted)
    assert {one.source_id for one in claimed.claimed} == {LOCATIONS, PROVIDERS}
    assert claimed.unclaimed == ("log.json",)
