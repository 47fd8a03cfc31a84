"""From landing page to staged rows, and the command line, with SYNTHETIC files and a publisher on this machine."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, materialize
from rich.console import Console
from typer.testing import CliRunner

from pipelines.assets import raw, staged
from pipelines.cli import app
from pipelines.fetch.rounds import read_rounds
from pipelines.registry import load_sources
from pipelines.settings import PROJECT_ROOT, SOURCES_DIR, Workspace
from pipelines.status import print_status
from pipelines.store import snapshots
from tests.fetch.publisher import Publisher
from tests.fetch.sources import LANDING, ODS, RTT, SICKNESS

PAGE = "/nhs-sickness-absence-rates/{month}-2026-provisional-statistics"
FILE = "/A1/B2C3D4/NHS Sickness Absence rates CSV, {month} 2026.csv"
REPORT = "/api/getReport?report=etr"
EARLIER, LATER = (FILE.format(month=month) for month in ("February", "March"))


@pytest.fixture
def offered(publisher: Publisher, sample: Path) -> Publisher:
    """A publisher with the trusts and two months of sickness absence of the SYNTHETIC sample."""
    publisher.page(LANDING, PAGE.format(month="february"), PAGE.format(month="march"))
    for month, file in (("february", EARLIER), ("march", LATER)):
        publisher.page(PAGE.format(month=month), file)
        publisher.serve(file, (sample / SICKNESS / file.rsplit("/", 1)[1]).read_bytes())
    publisher.serve(REPORT, max((sample / ODS).glob("*.csv")).read_bytes())
    return publisher


@pytest.fixture
def live(offered: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Settings of `impact refresh --live`, and the YAMLs of two sources whose addresses are of this machine."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for source_id in (ODS, SICKNESS):
        text = (SOURCES_DIR / f"{source_id}.yml").read_text(encoding="utf-8")
        source = load_sources()[source_id]
        text = text.replace(source.landing_page, offered.url + LANDING)
        for url in source.fetch.downloads.values():
            text = text.replace(url, offered.url + REPORT)
        (folder / f"{source_id}.yml").write_text(text, encoding="utf-8")
    settings = {"HOME": tmp_path / "home", "SOURCES": folder, "ORIGIN": "published", "LIVE": "yes"}
    for name, value in {**settings, "SECONDS_BETWEEN_REQUESTS": "0", "FROM": "", "SUBMISSIONS": ""}.items():
        monkeypatch.setenv(f"IMPACT_{name}", str(value))
    return Workspace(tmp_path / "home", "published")


def staged_live() -> ExecuteInProcessResult:
    """The job as far as the staged rows."""
    sources = load_sources().values()
    assets = [raw.fetched_files, raw.every_publisher_answered, raw.arrived_files]
    return materialize(
        [*assets, *map(raw.raw_asset, sources), *map(staged.staged_asset, sources)],
        instance=DagsterInstance.ephemeral(),
    )


def about(result: ExecuteInProcessResult, name: str) -> dict[str, object]:
    """Metadata of one asset."""
    (event,) = [one for one in result.get_asset_materialization_events() if one.asset_key.path == name.split("/")]
    return {key: value.value for key, value in event.materialization.metadata.items()}


def rows(workspace: Workspace, source_id: str) -> pl.DataFrame:
    return pl.read_parquet(workspace.staged / source_id / "*.parquet")


def test_from_the_landing_pages_to_staged_rows(offered, live, sample):
    result = staged_live()
    assert about(result, "raw/fetched") == {"asked": True, "new": 3, "faults": []}
    assert rows(live, SICKNESS)["edition"].unique().sort().to_list() == ["2026-02", "2026-03"]
    published = pl.read_csv(sample / SICKNESS / LATER.rsplit("/", 1)[1])
    march = rows(live, SICKNESS).filter(edition="2026-03")
    assert march["numerator"].sum() == pytest.approx(published["FTE_DAYS_LOST"].sum())
    assert rows(live, ODS).height > 100
    urls = {snapshot.url for snapshot in snapshots.read_lock(live.raw)}
    assert urls == {offered.url + path.replace(" ", "%20") for path in (EARLIER, LATER, REPORT)}


def test_a_revision_under_the_same_address_is_a_second_vintage_and_the_newest(offered, live):
    staged_live()
    header, first, *others = offered.answers[LATER][0].body.splitlines(keepends=True)
    offered.serve(LATER, b"".join([header, *others, first, first.replace(b"ZX", b"ZZ")]))
    result = staged_live()
    assert about(result, "raw/fetched")["new"] == 1
    vintages = rows(live, SICKNESS).filter(edition="2026-03").group_by("vintage_rank").len().sort("vintage_rank")
    assert vintages.rows() == [(1, len(others) + 2), (2, len(others) + 1)]


def test_a_file_cut_short_under_the_same_address_is_held(offered, live):
    staged_live()
    figures = offered.answers[LATER][0].body.splitlines(keepends=True)
    offered.serve(LATER, b"".join(figures[:-1]))
    result = staged_live()
    assert about(result, f"staged/{SICKNESS}")["files_held"] == 1
    assert rows(live, SICKNESS).filter(edition="2026-03")["vintage_rank"].to_list() == [1] * (len(figures) - 1)


def test_nothing_new_is_nothing_done(live):
    staged_live()
    result = staged_live()
    assert about(result, "raw/fetched")["new"] == 0
    assert about(result, f"staged/{SICKNESS}")["files_read_again"] == 0


def test_a_publisher_that_fails_is_a_warning_and_what_was_fetched_stays_in_use(offered, live, monkeypatch):
    monkeypatch.setenv("IMPACT_TODAY", "2026-06-01")
    staged_live()
    offered.page(LANDING, "/something-else")
    result = staged_live()
    (reason,) = about(result, "raw/fetched")["faults"]
    assert "fetch.follow" in reason
    (check,) = (item for item in result.get_asset_check_evaluations() if not item.passed)
    assert (check.check_name, check.severity.value) == ("every_publisher_answered", "WARN")
    assert rows(live, SICKNESS)["edition"].n_unique() == 2
    printed = io.StringIO()
    print_status([live], "table", Console(file=printed, width=200), reasons=True)
    assert "not fetched: sickness_absence" in printed.getvalue() and reason in printed.getvalue()


def test_an_edition_that_is_late_beyond_its_grace_is_an_error_of_a_required_source(live, monkeypatch):
    """The rates of April 2026 are due on the last Thursday of August, the 27th, and two weeks are usual."""
    for today, is_late in (("2026-09-10", False), ("2026-09-11", True)):
        monkeypatch.setenv("IMPACT_TODAY", today)
        found = [item for item in staged_live().get_asset_check_evaluations() if item.check_name == "arrived_in_time"]
        (check,) = (item for item in found if item.asset_key.path[-1] == SICKNESS)
        assert (check.passed, check.severity.value) == (not is_late, "ERROR")


def test_only_the_publishers_of_the_sources_in_the_configuration_are_asked(offered, live):
    config = {"ops": {raw.ASKED: {"config": {"sources": [SICKNESS]}}}}
    materialize([raw.fetched_files], instance=DagsterInstance.ephemeral(), run_config=config)
    assert LATER in offered.paths("GET") and REPORT not in offered.paths("GET")
    assert set(read_rounds(live)) == {SICKNESS}


def test_a_file_is_of_use_to_every_source_that_knows_its_name(live, sample):
    name = LATER.rsplit("/", 1)[1]
    fetched_for_another = live.fetched / ODS / "20260601T120000000000Z"
    fetched_for_another.mkdir(parents=True)
    (fetched_for_another / name).write_bytes((sample / SICKNESS / name).read_bytes())
    (one,) = raw.claimed_files(load_sources()[SICKNESS], live)
    assert one.edition.key == "2026-03"


def test_what_was_fetched_later_is_newer_whatever_its_name(live):
    names = {"20260601T120000000000Z": "zz.zip", "20260602T120000000000Z": "aa.zip"}
    for folder, suffix in names.items():
        (live.fetched / RTT / folder).mkdir(parents=True)
        (live.fetched / RTT / folder / f"Full-CSV-data-file-Jan26-ZIP-4M-{suffix}").write_bytes(suffix.encode())
    claimed = raw.claimed_files(load_sources(SOURCES_DIR)[RTT], live)
    assert [one.name[-6:] for one in claimed] == ["zz.zip", "aa.zip"]


def test_nobody_is_asked_unless_it_is_live(offered, live, monkeypatch):
    monkeypatch.setenv("IMPACT_LIVE", "no")
    assert about(staged_live(), "raw/fetched") == {"asked": False}
    assert offered.asked == []


def test_the_command_lists_then_fetches_then_finds_nothing_new(offered, live):
    def printed(*words: str) -> str:
        done = CliRunner().invoke(app, ["fetch", *words])
        assert done.exit_code == 0, done.exception
        return done.stdout

    listed = printed("--dry-run", "--newest", "1")
    assert "NHS Sickness Absence rates CSV, March 2026.csv" in listed and "February" not in listed
    assert not live.fetched.exists() and LATER not in offered.paths("GET")
    assert printed(SICKNESS).count("│ new ") == 2
    assert LATER in offered.paths("GET") and REPORT not in offered.paths("GET")
    assert printed(SICKNESS).count("not changed") == 2


def test_the_command_reports_every_fault_and_fails(offered, live):
    offered.page(LANDING, "/something-else")
    offered.serve(REPORT, b"<html><body>Sorry</body></html>")
    command = [sys.executable, "-m", "pipelines.cli", "fetch"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "fetch.follow" in done.stderr and "a web page" in done.stderr
