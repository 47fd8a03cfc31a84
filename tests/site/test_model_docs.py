"""dbt's documentation beside each release: complete, the same each time, and with nothing that must not be told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import cli
from pipelines.errors import Fault
from pipelines.release import modeldocs
from pipelines.release.leaks import CLOSE
from pipelines.release.modeldocs import write_model_docs
from pipelines.settings import DBT_PROJECT_DIR, DUCKDB_FILE, Workspace

MANIFEST = "synthetic/dbt_target/manifest.json"


@pytest.fixture(scope="module")
def place(served_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A home with the release as its candidate and the file that dbt built; nothing is copied."""
    found = Workspace(tmp_path_factory.mktemp("home"), "synthetic")
    for path, target in (
        (found.candidate / DUCKDB_FILE, served_sample / "serving" / "current" / DUCKDB_FILE),
        (found.warehouse, served_sample / "synthetic" / "warehouse" / "build.duckdb"),
    ):
        path.parent.mkdir(parents=True)
        path.symlink_to(target.resolve())
    return found


@pytest.fixture(scope="module")
def page(place: Workspace, served_sample: Path) -> Path:
    return write_model_docs(place, served_sample / MANIFEST)


def texts(page: Path) -> dict[str, Any]:
    """The two texts that stand in the page."""
    text = page.read_text(encoding="utf-8")
    found = {}
    for name in modeldocs.PLACES:
        start = re.search(rf"\b{name}:(?=\{{)", text).end()
        found[name], _ = json.JSONDecoder().raw_decode(text, start)
    return found


def test_every_model_is_there_with_its_code_its_columns_and_what_it_is_made_of(page: Path) -> None:
    told = texts(page)
    models = {one["name"]: one for one in told["manifest"]["nodes"].values() if one["resource_type"] == "model"}
    assert set(models) == {
        path.stem for path in (DBT_PROJECT_DIR / "models").rglob("*") if path.suffix in (".sql", ".py")
    }
    shown = models["pub_driver_maturity"]
    assert shown["raw_code"].strip() == (DBT_PROJECT_DIR / "models" / shown["path"]).read_text().strip()
    assert shown["columns"]["n_shared"]["description"].startswith("Count of organisations")
    typed = told["catalog"]["nodes"][shown["unique_id"]]["columns"]
    assert (typed["n_shared"]["type"], typed["median_level"]["type"]) == ("INTEGER", "DOUBLE")
    assert "model.nhs_impact.int_driver_maturity__disclosed" in told["manifest"]["parent_map"][shown["unique_id"]]
    assert "exposure.nhs_impact.static_site" in told["manifest"]["child_map"][shown["unique_id"]]
    assert "metric.nhs_impact.coverage_of_maturity" in told["manifest"]["metrics"]


def test_it_tells_of_no_machine_no_clock_and_no_row(page: Path, served_sample: Path) -> None:
    text = page.read_text(encoding="utf-8")
    told = texts(page)
    assert [kind for kind in ("machine_path", "email", "secret") if CLOSE[kind].search(text)] == []
    assert str(served_sample) not in text
    assert told["manifest"]["unit_tests"] == {}
    assert {tuple(one["stats"]) for one in told["catalog"]["nodes"].values()} == {()}
    assert not re.search(r"\bZX\d{3}\b", json.dumps(told))
    assert told["manifest"]["metadata"].keys() == {
        "adapter_type",
        "dbt_version",
        "generated_at",
        "project_name",
        "send_anonymous_usage_stats",
    }


def test_the_same_release_gives_the_same_bytes(page: Path, place: Workspace, served_sample: Path) -> None:
    first = page.read_bytes()
    built = json.loads((served_sample / MANIFEST).read_text())
    built["metadata"] |= {"invocation_id": "other", "generated_at": "2027-01-01", "user_id": "somebody"}
    for node in built["nodes"].values():
        node |= {"created_at": 1.0, "compiled_code": "select '/home/somebody/secret'", "build_path": "/home/somebody/x"}
    other = place.root / "other.json"
    other.write_text(json.dumps(built))
    assert write_model_docs(place, other).read_bytes() == first


def test_in_a_browser_it_asks_nobody_for_anything(browser, page: Path) -> None:
    asked: list[str] = []
    shown = browser.new_page()
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto(page.as_uri())
    shown.get_by_role("heading", name="SYNTHETIC. How the tables of release 2026.1.0 are computed").wait_for()
    shown.goto(f"{page.as_uri()}#!/model/model.nhs_impact.pub_driver_maturity")
    shown.get_by_text("Self-assessed maturity; one row for each driver").first.wait_for()
    refused = shown.evaluate("fetch('https://example.org').then(() => 'asked', () => 'refused')")
    shown.close()
    assert refused == "refused"
    assert {url.split(":")[0] for url in asked} <= {"file", "data"}


def test_a_page_of_another_dbt_is_refused(place: Workspace, served_sample: Path, monkeypatch) -> None:
    monkeypatch.setattr(modeldocs, "_dbts_page", lambda: "<head></head><script>none</script>")
    with pytest.raises(Fault, match="not exactly one place for"):
        write_model_docs(place, served_sample / MANIFEST)


def test_the_refresh_wrote_one_and_the_command_says_where(served_sample: Path, monkeypatch) -> None:
    monkeypatch.setenv("IMPACT_HOME", str(served_sample))
    done = CliRunner().invoke(cli.app, ["docs"])
    assert done.stdout.strip() == str(served_sample / "docs" / "2026.1.0" / "index.html")
    assert Path(done.stdout.strip()).exists()
    with pytest.raises(Fault, match="no such page"):
        CliRunner().invoke(cli.app, ["docs", "2020.1.0"], catch_exceptions=False)
