"""A note beside each earlier release that holds what was withdrawn since; the release itself stays as it is."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.release import note_withdrawals
from pipelines.settings import DUCKDB_FILE, Workspace

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (datetime(2026, 6, day, 12) for day in (1, 2, 3, 4))
NAMED, COUNTED, PRIVATE = "ZX007", "ZX001", "ZX002"


def make_release(workspace: Workspace, version: str, built_at: datetime, is_synthetic: bool = False) -> Path:
    """A release that names one organisation, with as much of a manifest as a list of releases needs."""
    folder = workspace.releases / version
    folder.mkdir(parents=True)
    said = {"release_id": version, "built_at": f"{built_at.isoformat()}Z", "is_synthetic": is_synthetic, "tables": {}}
    (folder / "manifest.json").write_text(json.dumps(said))
    with duckdb.connect(str(folder / DUCKDB_FILE)) as connection:
        for table in ("pub_driver_maturity", "pub_maturity_responses"):
            connection.execute(f"create table {table} as select '{NAMED}' as org_code, '2025-26' as round_key")
    return folder


@pytest.fixture
def after(workspace: Workspace) -> Workspace:
    """Shared on Monday, withdrawn on Wednesday; releases before, between and after, and one of the sample."""
    workspace.warehouse.parent.mkdir(parents=True)
    rows = ", ".join(
        f"('{code}', 'impact-sa-1', '2025-26', {shared}, timestamp '{MONDAY}', timestamp '{WEDNESDAY}')"
        for code, shared in ((NAMED, True), (COUNTED, True), (PRIVATE, False))
    )
    columns = "org_code, instrument_version, round_key, was_shared_nationally, received_at, withdrawn_at"
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            f"create table intermediate.int_maturity__withdrawn as select * from (values {rows}) as listed ({columns})"
        )
    make_release(workspace, "2026.1.0", datetime(2026, 5, 31))
    make_release(workspace, "2026.2.0", TUESDAY)
    make_release(workspace, "2026.3.0", TUESDAY, is_synthetic=True)
    served = make_release(workspace, "2026.4.0", THURSDAY)
    workspace.current.parent.mkdir()
    workspace.current.symlink_to(served)
    return workspace


def test_only_the_release_that_held_the_answers_gets_a_note(after):
    before = {path: path.read_bytes() for path in after.releases.rglob("*") if path.is_file()}
    (note,) = note_withdrawals(after)
    assert note == after.releases / "2026.2.0.withdrawals.json"
    assert {path: path.read_bytes() for path in before} == before
    assert [path.name for path in after.releases.glob("*.json")] == [note.name]


def test_it_names_whom_the_release_names_and_nobody_else(after):
    (note,) = note_withdrawals(after)
    said = json.loads(note.read_text())
    assert (said["release_id"], said["first_without_them"]) == ("2026.2.0", "2026.4.0")
    assert said["withdrawn"] == [{"instrument_version": "impact-sa-1", "round_key": "2025-26", "named": [NAMED]}]
    assert COUNTED not in note.read_text() and PRIVATE not in note.read_text()


def test_a_later_release_does_not_change_the_note(after):
    (note,) = note_withdrawals(after)
    first = note.read_bytes()
    later = make_release(after, "2026.5.0", datetime(2026, 6, 5))
    after.current.unlink()
    after.current.symlink_to(later)
    assert note_withdrawals(after) == [note] and note.read_bytes() == first


def test_nothing_withdrawn_no_note(after):
    with duckdb.connect(str(after.warehouse)) as connection:
        connection.execute("delete from intermediate.int_maturity__withdrawn")
    assert note_withdrawals(after) == []
