"""Data Package, CSVW and DCAT: they describe every data file, hold on it, and fail on a damaged one."""

from __future__ import annotations

import hashlib
import json
import shutil

import duckdb
import pytest
import rfc4180
import standin

from pipelines import release
from pipelines.release.dcat import catalogue_entry
from pipelines.release.record import read_record

MEASURES = "csv/dim_measure_SYNTHETIC.csv"
EVIDENCE = "csv/pub_driver_evidence_SYNTHETIC.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = standin.workspace(tmp_path_factory.mktemp("home"))
    made = release.build_candidate(place, standin.manifest_path(place), "2026.1.0", "abc1234", standin.BUILT_AT)
    standin.write_outputs(made)
    return made


def _read(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def _data_files(folder):
    """Charts' tables belong to their pages."""
    found = [path.relative_to(folder) for form in ("csv", "parquet") for path in folder.rglob(f"*.{form}")]
    return {path.as_posix() for path in found if path.parts[0] != "site"}


def test_every_data_file_is_described_and_none_twice(folder):
    package = [resource["path"] for resource in _read(folder, "datapackage.json")["resources"]]
    assert sorted(package) == sorted(_data_files(folder))
    tables = [table["url"] for table in _read(folder, "csv-metadata.json")["tables"]]
    assert sorted(tables) == sorted(path for path in package if path.endswith(".csv"))
    entries = [node["@id"] for node in _read(folder, "dcat.jsonld")["@graph"] if "dcat:byteSize" in node]
    assert sorted(entries) == sorted([*package, "nhs_impact_warehouse.duckdb"])


def test_hashes_and_sizes_are_those_of_the_files(folder):
    for resource in _read(folder, "datapackage.json")["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()
    for node in _read(folder, "dcat.jsonld")["@graph"]:
        if "spdx:checksum" in node:
            content = (folder / node["@id"]).read_bytes()
            assert node["spdx:checksum"]["spdx:checksumValue"] == hashlib.sha256(content).hexdigest()


def test_invented_figures_say_so_and_claim_no_publisher(folder):
    package = _read(folder, "datapackage.json")
    assert package["description"].startswith("SYNTHETIC.")
    assert all(resource["title"].startswith("SYNTHETIC.") for resource in package["resources"])
    assert "NHS England" not in json.dumps([package["sources"], package["licenses"]])
    assert all(
        table["notes"][0]["dc:description"] == "SYNTHETIC" for table in _read(folder, "csv-metadata.json")["tables"]
    )


def test_promises_stand_as_constraints(folder):
    resources = {resource["name"]: resource for resource in _read(folder, "datapackage.json")["resources"]}
    schema = resources["dim_measure"]["schema"]
    assert schema["primaryKey"] == ["measure_id"]
    polarity = next(field for field in schema["fields"] if field["name"] == "polarity")
    assert polarity["categories"] == ["higher_is_better", "lower_is_better"]
    assert polarity["constraints"]["required"] is True
    foreign = resources["pub_driver_evidence"]["schema"]["foreignKeys"]
    assert foreign == [
        {"fields": ["driver_id"], "reference": {"resource": "dim_driver", "fields": ["driver_id"]}},
    ]


def test_frictionless_finds_nothing_wrong_with_the_whole_package(folder):
    assert _frictionless(folder) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (MEASURES, b"Share seen", b"Share SEEN", "hash-count"),
        ("parquet/dim_measure_SYNTHETIC.parquet", b"PAR1", b"PAR2", "hash-count"),
    ],
)
def test_frictionless_finds_an_altered_byte(folder, tmp_path, path, old, new, expected):
    assert expected in _frictionless(_damaged(folder, tmp_path, path, old, new))


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (EVIDENCE, b",60.5,", b",sixty,", "type-error"),
        (MEASURES, b"\r\nm1,", b"\r\nm0,", "primary-key"),
        (MEASURES, b",higher_is_better,", b",bigger_is_better,", "constraint-error"),
        (EVIDENCE, b"\r\nd0,", b"\r\nd9,", "foreign-key"),
    ],
)
def test_frictionless_finds_content_that_breaks_a_promise_though_the_hash_is_right(
    folder, tmp_path, path, old, new, expected
):
    damaged = _damaged(folder, tmp_path, path, old, new)
    package = _read(damaged, "datapackage.json")
    for resource in package["resources"]:
        content = (damaged / resource["path"]).read_bytes()
        resource |= {"bytes": len(content), "hash": "sha256:" + hashlib.sha256(content).hexdigest()}
    (damaged / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    assert expected in _frictionless(damaged)


def test_csvw_finds_nothing_wrong(folder):
    assert _csvw_is_valid(folder)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (EVIDENCE, b",60.5,", b",sixty,"),
        (EVIDENCE, b",60.5,", b",160.5,"),
        (MEASURES, b"\r\nm1,", b"\r\nm0,"),
    ],
)
def test_csvw_finds_what_breaks_a_promise(folder, tmp_path, path, old, new):
    assert not _csvw_is_valid(_damaged(folder, tmp_path, path, old, new))


def test_every_csv_file_is_as_rfc_4180_says(folder):
    for path in sorted(folder.rglob("*.csv")):
        assert rfc4180.faults(path.read_bytes()) == [], path


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,b\n1,2\n", "no record begins at byte 0"),
        (b"a,b\r\n1,2", "no record begins at byte 5"),
        (b"a,b\r\n1,2,3\r\n", "record 2 has another number of fields"),
        (b'a,b\r\n1,a "word"\r\n', "no record begins at byte 5"),
        (b'a,b\r\n1,"open\r\n', "no record begins at byte 5"),
        (b"a,a\r\n1,2\r\n", "the header repeats or lacks a name"),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", "a byte order mark"),
        (b"a,b\r\n1,\xff\r\n", "not UTF-8 at byte 7"),
    ],
)
def test_the_check_of_bytes_finds_each_fault(content, found):
    assert any(fault.startswith(found) for fault in rfc4180.faults(content))


def test_the_check_of_bytes_lets_quoted_commas_quotes_and_line_ends_pass():
    assert rfc4180.faults(b'a,b\r\n"1,5","a ""word"" on\r\ntwo lines"\r\n,""\r\n') == []


def test_the_catalogue_entry_names_the_release_before(folder, tmp_path):
    """The first release has none; the difference table says which one a later release was compared with."""
    assert "dcat:previousVersion" not in _read(folder, "dcat.jsonld")["@graph"][0]
    later = tmp_path / "nhs_impact_warehouse.duckdb"
    with duckdb.connect(str(later)) as connection:
        connection.execute("create table pub_release_changes as select '2026.1.0' as release_from")
    entry = catalogue_entry(tmp_path, read_record(folder), [])["@graph"][0]
    assert entry["dcat:previousVersion"] == {"@id": "../2026.1.0/"}


def _frictionless(folder):
    """The kinds of errors found, in the whole package.

    Parquet is checked as a file: frictionless reads it as a table through pandas, and then knows neither size nor hash.
    """
    from frictionless import Package

    package = _read(folder, "datapackage.json")
    for resource in package["resources"]:
        resource |= {} if resource["format"] == "csv" else {"type": "file"}
    report = Package.from_descriptor(package, basepath=str(folder)).validate()
    return [error.type for task in report.tasks for error in task.errors] + [error.type for error in report.errors]


def _csvw_is_valid(folder):
    """csvw raises a ValueError for a key that occurs twice. Of words that are not allowed it only warns."""
    import warnings

    from csvw import CSVW

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return CSVW(str(folder / "csv-metadata.json"), validate=True).is_valid
        except ValueError:
            return False


def _damaged(folder, tmp_path, path, old, new):
    """A copy in which one text of one file is another, with a description of the tables this needs."""
    copy = tmp_path / "damaged"
    kept = {path, "csv/dim_driver_SYNTHETIC.csv"}
    for name in kept:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, copy / name)
    content = (copy / path).read_bytes()
    assert old in content
    (copy / path).write_bytes(content.replace(old, new, 1))
    _describe(folder, copy, "datapackage.json", "resources", "path", kept)
    _describe(folder, copy, "csv-metadata.json", "tables", "url", kept)
    return copy


def _describe(folder, copy, name, items, place, kept):
    document = _read(folder, name)
    document[items] = [item for item in document[items] if item[place] in kept]
    (copy / name).write_text(json.dumps(document), encoding="utf-8")
