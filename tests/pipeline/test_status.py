"""What `impact status` says: edition by edition, what is late against the calendar, and what comes next."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import settings, status
from pipelines.errors import Fault
from pipelines.settings import Workspace
from pipelines.staging import StagedSource
from pipelines.status import print_status
from pipelines.store import arrivals
from pipelines.store.parquet import Staged
from pipelines.store.snapshots import Snapshot
from tests.months import take_and_stage, write_month


@pytest.fixture
def months(tmp_path: Path, workspace: Workspace) -> Workspace:
    """March and its silent revision; the same March again in other bytes; an April that is held."""
    path = write_month(tmp_path, "March 2025")
    take_and_stage(tmp_path, workspace)
    write_month(tmp_path, "March 2025", lost="6")
    write_month(tmp_path, "April 2025", organisations=40)
    take_and_stage(tmp_path, workspace)
    path.write_text(path.read_text() + "\n")
    take_and_stage(tmp_path, workspace)
    arrivals.note_left(workspace, arrivals.Left(("stray.csv",), {"notes.csv": "Derived by others."}))
    return workspace


def shown(workspace: Workspace, width: int = 180) -> str:
    out = Console(file=io.StringIO(), width=width)
    print_status([workspace], "table", out, reasons=True)
    return out.file.getvalue()


def state(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> dict:
    print_status([workspace], "json", Console(file=io.StringIO()), reasons=True)
    (found,) = json.loads(capsys.readouterr().out)
    return found


def test_every_edition_is_one_line_of_180_columns(months):
    lines = [line for line in shown(months).splitlines() if "│ 2025-0" in line]
    words = ["superseded (2)", "accepted  ", "unchanged, as ", "held"]
    assert len(lines) == 5 and all(word in "\n".join(lines[:4]) for word in words)
    assert "100 rows, silent" in lines[1] and "about 2025-07-31 (calendar)" in lines[0]
    assert max(map(len, lines)) <= 180


def test_reasons_unclaimed_and_out_of_scope_files_are_named(months):
    text = shown(months)
    assert "April 2025.csv: held for a decision, not loaded" in text
    assert "WARNING: no source knows this file: stray.csv" in text
    assert "out of scope: notes.csv: Derived by others." in text


# The edition of May 2025 is due on the last Thursday of September, the 25th; 14 days more are no delay.
@pytest.mark.parametrize(("today", "late"), [("2025-09-24", None), ("2025-10-09", None), ("2025-10-10", 15)])
def test_late_is_what_the_calendar_says_on_the_day(months, monkeypatch, capsys, today, late):
    monkeypatch.setenv("IMPACT_TODAY", today)
    found = state(months, capsys)
    (sickness,) = [row for row in found["sources"] if row["source_id"] == "sickness_absence"]
    assert (found["today"], sickness["days_late"]) == (today, late)
    assert (sickness["newest_edition"], sickness["next_edition"]) == ("2025-04", "2025-05")
    assert sickness["next_due_on"] == "2025-09-25" and sickness["is_calendar_verified"] is False
    assert ("late by 15 days" in shown(months)) == (late is not None)


def test_a_refused_edition_is_still_awaited(months, monkeypatch, tmp_path, capsys):
    """May arrives empty and is refused: it is still the edition that is awaited, and late."""
    (tmp_path / "NHS Sickness Absence rates CSV, May 2025.csv").write_text("")
    take_and_stage(tmp_path, months)
    monkeypatch.setenv("IMPACT_TODAY", "2025-10-10")
    found = state(months, capsys)
    (sickness,) = [row for row in found["sources"] if row["source_id"] == "sickness_absence"]
    assert (sickness["newest_edition"], sickness["next_edition"]) == ("2025-04", "2025-05")
    assert sickness["days_late"] == 15


# January and February 2025 did not come, nor May and June; a July that is refused does not end a gap.
def test_editions_that_are_missing_between_others_are_told(months, tmp_path, capsys):
    for month in ("December 2024", "August 2025"):
        write_month(tmp_path, month)
    (tmp_path / "NHS Sickness Absence rates CSV, July 2025.csv").write_text("")
    take_and_stage(tmp_path, months)
    found = {row["source_id"]: row["missing_between"] for row in state(months, capsys)["sources"]}
    gaps = [{"first": "2025-01", "last": "2025-02"}, {"first": "2025-05", "last": "2025-07"}]
    assert found.pop("sickness_absence") == gaps and not any(found.values())
    assert "2025-01 to 2025-02, 2025-05 to 2025-07" in shown(months)


def test_each_extract_of_cancer_repeats_the_months_before_it(workspace, monkeypatch, capsys):
    extracts = {_extract(edition): Staged("", "accepted") for edition in ("2025-04", "2025-09")}
    monkeypatch.setattr(status, "already_staged", lambda source, _: StagedSource(source.source_id, extracts, 0))
    found = {row["source_id"]: row["missing_between"] for row in state(workspace, capsys)["sources"]}
    assert found["cancer_62_day"] == [] and found["rtt_full_extract"] == [{"first": "2025-05", "last": "2025-08"}]


def _extract(edition: str) -> Snapshot:
    day = f"{edition}-01"
    return Snapshot("any", edition, day, day, "csv", "any.csv", "0" * 64, 1, "2026-01-01T00:00:00+00:00")


def test_a_source_without_any_file_says_so(months):
    (line,) = [line for line in shown(months).splitlines() if "│ rtt_full_extract" in line]
    assert "nothing yet" in line


@pytest.mark.parametrize("name", ["IMPACT_TODAY", "IMPACT_AS_AT"])
def test_a_day_that_is_none_is_named(monkeypatch, name):
    monkeypatch.setenv(name, "tomorrow")
    with pytest.raises(Fault, match=f"environment variable {name}"):
        settings.today(), settings.workspace()


def test_json_tells_what_was_revised(months, capsys):
    editions = state(months, capsys)["editions"]
    assert [row["outcome"] for row in editions] == ["accepted", "accepted", "accepted", "held"]
    first, revised, again, _ = editions
    assert revised["revision"]["old_vintage"] == first["vintage"]
    assert (revised["revision"]["rows"], revised["revision"]["is_announced"]) == (100, False)
    assert again["same_as"] == revised["vintage"]


def test_no_other_form(months):
    with pytest.raises(Fault, match="table or json"):
        print_status([months], "csv", Console(), reasons=False)
