"""Promotion: versions, immutable folders, a pointer that readers can follow at any moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import date

import duckdb
import pytest
import standin

from pipelines.errors import Fault, Faults
from pipelines.refreshing import refuse_sample_over_published
from pipelines.release import (
    Refused,
    current_release,
    list_releases,
    next_version,
    publish,
    refuse,
    run_gate,
    serve,
    verify,
    write_manifest,
)
from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT, Workspace

READER = """
import json, sys
from pathlib import Path
from pipelines.release import connect

path, log, stop = map(Path, sys.argv[1:])
query = ("select release_id from pub_measure_values union select release_id from dim_driver "
         "union select release_id from release_info")
held = connect(path)
with log.open("w") as out:
    while not stop.exists():
        try:
            with connect(path) as fresh:
                answer = [[sorted(con.execute(query).fetchall()) for con in (fresh, held)], None]
        except Exception as error:
            answer = [None, str(error)]
        out.write(json.dumps(answer) + "\\n")
        out.flush()
"""


@pytest.fixture
def place(tmp_path):
    return standin.workspace(tmp_path)


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        ([], "2026.1.0"),
        (["2026.1.0", "2026.2.0"], "2026.3.0"),
        (["2026.9.0", "2026.10.1"], "2026.11.0"),
        (["2025.7.0", "notes"], "2026.1.0"),
    ],
)
def test_next_version_counts_the_releases_of_the_year(tmp_path, existing, expected):
    for name in existing:
        (tmp_path / name).mkdir()
    assert next_version(tmp_path, date(2026, 11, 22)) == expected


def test_published_release_is_served_through_a_relative_link_and_read_only(place):
    folder = standin.published_release(place, "2026.1.0")
    assert current_release(place) == folder
    assert os.readlink(place.current) == "../releases/2026.1.0"
    assert folder.stat().st_mode & 0o777 == 0o555
    assert all(path.stat().st_mode & 0o222 == 0 for path in folder.rglob("*"))
    assert not place.candidate.exists()
    assert verify(folder) == []


def test_releases_are_listed_with_the_one_that_serves(place):
    for version in ("2026.1.0", "2026.2.0"):
        standin.published_release(place, version)
    first, second = list_releases(place)
    assert (first.release_id, first.is_serving) == ("2026.1.0", False)
    assert (second.release_id, second.is_serving) == ("2026.2.0", True)
    assert second.is_synthetic
    assert second.tables == 40
    assert second.rows > 10_000


def test_earlier_release_can_be_served_again(place):
    for version in ("2026.1.0", "2026.2.0"):
        standin.published_release(place, version)
    serve(place, "2026.1.0")
    assert current_release(place).name == "2026.1.0"
    with pytest.raises(Fault, match="release 2026.9.0: cannot be served"):
        serve(place, "2026.9.0")


def test_version_is_never_overwritten(place):
    folder = standin.published_release(place, "2026.1.0")
    before = (folder / "manifest.sha256").read_bytes()
    with pytest.raises(Fault, match="exists already"):
        standin.published_release(place, "2026.1.0")
    assert (folder / "manifest.sha256").read_bytes() == before


def test_candidate_that_has_not_passed_is_not_published(place):
    folder = standin.passed_candidate(place, "2026.1.0")
    with pytest.raises(Fault, match="may not be published"):
        publish(folder, place, "2026.2.0")
    (folder / "gate.json").write_text(json.dumps({"release_id": "2026.1.0", "passed": False}))
    write_manifest(folder, place, "f" * 64)
    with pytest.raises(Fault, match="gate passed: False"):
        publish(folder, place, "2026.1.0")
    assert current_release(place) is None


def test_candidate_that_was_touched_after_the_manifest_is_not_published(place):
    folder = standin.passed_candidate(place, "2026.1.0")
    (folder / "README.txt").write_text("edited")
    with pytest.raises(Faults, match="README.txt altered"):
        publish(folder, place, "2026.1.0")


def test_synthetic_release_does_not_replace_a_published_one_unless_allowed(place):
    real = standin.workspace(place.root, "published")
    served = standin.published_release(real, "2026.1.0")
    folder = standin.passed_candidate(place, "2026.2.0")
    with pytest.raises(Fault, match="a synthetic release would replace a published one"):
        publish(folder, place, "2026.2.0")
    assert current_release(place) == served
    publish(folder, place, "2026.2.0", allow_replace=True)
    assert current_release(place).name == "2026.2.0"


def test_synthetic_release_does_not_take_the_place_of_published_ones_that_were_taken_back(place):
    standin.published_release(standin.workspace(place.root, "published"), "2026.1.0")
    place.current.unlink()
    folder = standin.passed_candidate(place, "2026.2.0")
    with pytest.raises(Fault, match="a synthetic release would replace a published one"):
        publish(folder, place, "2026.2.0")
    with pytest.raises(Fault, match=r"release 2026.1.0 with published data"):
        refuse_sample_over_published(place)
    assert current_release(place) is None


def test_published_release_replaces_a_synthetic_one(place):
    standin.published_release(place, "2026.1.0")
    standin.published_release(standin.workspace(place.root, "published"), "2026.2.0")
    assert current_release(place).name == "2026.2.0"


def test_refusal_leaves_what_is_served_and_says_why(place):
    served = standin.published_release(place, "2026.1.0")
    before = {path: path.read_bytes() for path in served.rglob("*") if path.is_file()}
    with duckdb.connect(str(place.warehouse)) as writer:
        writer.execute("alter table published.pub_driver_evidence drop column score")
    folder = standin.candidate(place, "2026.2.0")
    result = run_gate(place)
    with pytest.raises(Refused, match="every promised table and column") as refusal:
        refuse(folder, result, place)
    assert current_release(place) == served
    assert {path: path.read_bytes() for path in served.rglob("*") if path.is_file()} == before
    assert [release.release_id for release in list_releases(place)] == ["2026.1.0"]
    kept = json.loads((refusal.value.folder / "gate.json").read_text())
    assert kept["passed"] is False
    reasons = (refusal.value.folder / "reasons.txt").read_text()
    for part in ("found", "expected", "likely", "to do", "column_name score"):
        assert part in reasons


def test_readers_never_fail_and_never_mix_releases_while_five_are_promoted(place, tmp_path):
    versions = [f"2026.{number}.0" for number in range(1, 7)]
    standin.published_release(place, versions[0])
    log, stop = tmp_path / "log", tmp_path / "stop"
    command = [sys.executable, "-c", READER, str(place.current / DUCKDB_FILE), str(log), str(stop)]
    reader = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)})
    try:
        for version in versions[1:]:
            folder = standin.passed_candidate(place, version)
            _wait_for(log, current_release(place).name, reader)
            publish(folder, place, version)
        _wait_for(log, versions[-1], reader)
    finally:
        stop.touch()
        reader.wait(timeout=30)
    answers, errors = zip(*map(json.loads, log.read_text().splitlines()), strict=True)
    assert set(errors) == {None}
    assert all(len(ids) == 1 for pair in answers for ids in pair)
    assert [version for version in versions if [[version]] in [pair[0] for pair in answers]] == versions
    assert {pair[1][0][0] for pair in answers} == {versions[0]}


def _wait_for(log, version: str, reader: subprocess.Popen) -> None:
    """Until the reader has seen a release; the limit only keeps a broken reader from hanging the test."""
    limit = time.monotonic() + 60
    while not (log.exists() and f'[["{version}"]]' in log.read_text()):
        assert reader.poll() is None and time.monotonic() < limit
        time.sleep(0.02)


def test_pointer_is_relative_so_that_the_home_can_be_moved(place, tmp_path_factory):
    standin.published_release(place, "2026.1.0")
    moved = tmp_path_factory.mktemp("elsewhere") / "home"
    os.rename(place.root, moved)
    assert current_release(Workspace(moved, "synthetic")).name == "2026.1.0"
