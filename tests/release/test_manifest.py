"""The manifest: what a release was made from, and whether a copy is still that release."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
import standin

from pipelines.release import read_manifest, verify


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    place = standin.workspace(tmp_path_factory.mktemp("home"))
    return standin.passed_candidate(place, "2026.1.0")


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / "copy")


def test_untouched_copy_verifies(folder):
    assert verify(folder) == []


def test_stock_tool_verifies_it_too(folder):
    subprocess.run(["sha256sum", "--check", "--strict", "manifest.sha256"], cwd=folder, check=True)


def _alter(folder):
    path = folder / "csv" / "pub_measure_values_SYNTHETIC.csv"
    path.write_bytes(path.read_bytes().replace(b"observed", b"withheld", 1))


def _same_length_link(folder):
    path = folder / "README.txt"
    shutil.move(path, folder.parent / "README.txt")
    path.symlink_to(folder.parent / "README.txt")


@pytest.mark.parametrize(
    ("tamper", "what"),
    [
        (_alter, "csv/pub_measure_values_SYNTHETIC.csv altered"),
        (_same_length_link, "README.txt altered"),
        (lambda folder: (folder / "README.txt").unlink(), "README.txt missing"),
        (lambda folder: (folder / "evidence.txt").write_text("x"), "evidence.txt extra"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "manifest.json altered"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json missing"),
        (lambda folder: (folder / "manifest.sha256").unlink(), "manifest.sha256 missing"),
    ],
)
def test_tampering_is_found(folder, tamper, what):
    tamper(folder)
    (fault,) = verify(folder)
    assert fault.where.endswith(what)


def test_says_what_the_release_was_made_from(folder):
    manifest = read_manifest(folder)
    assert manifest["release_id"] == "2026.1.0"
    assert manifest["built_at"] == "2026-11-22T06:30:00Z"
    assert (manifest["data_origin"], manifest["is_synthetic"]) == ("SYNTHETIC", True)
    assert manifest["fingerprint"] == "f" * 64
    assert {"python", "duckdb", "great-expectations"} <= set(manifest["tools"])
    assert manifest["tables"]["fct_cqc_ratings"] == 1000
    assert len(manifest["inputs"]) == len(standin.SOURCES)


def test_lists_rows_of_tables_and_bytes_of_all_files(folder):
    files = {entry["path"]: entry for entry in read_manifest(folder)["files"]}
    assert files["csv/dim_driver_SYNTHETIC.csv"]["rows"] == 5
    assert files["parquet/dim_driver_SYNTHETIC.parquet"]["rows"] == 5
    assert "rows" not in files["README.txt"]
    assert all(entry["bytes"] == (folder / path).stat().st_size for path, entry in files.items())


def test_of_the_files_of_a_restricted_source_nothing_is_told(folder):
    inputs = {entry["source_id"]: entry for entry in read_manifest(folder)["inputs"]}
    assert inputs["impact_self_assessment"] == {"source_id": "impact_self_assessment", "is_restricted": True}
    assert inputs["ods_trusts"]["file"] == "ods_trusts_secret.csv"
    assert "impact_self_assessment_secret" not in json.dumps(read_manifest(folder))
