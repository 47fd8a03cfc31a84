"""The static interface and Fingertips' shape: as described, and the same figures in every format."""

from __future__ import annotations

import csv
import json

import jsonschema
import openapi_spec_validator
import polars as pl
import pytest
import standin
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from pipelines import release
from pipelines.release.api import write_api
from pipelines.release.fingertips import write_fingertips
from pipelines.release.record import read_record

FINGERTIPS = (
    "Indicator ID,Indicator Name,Parent Code,Parent Name,Area Code,Area Name,Area Type,Sex,Age,Category Type,Category,"
    "Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,Lower CI 99.8 limit,Upper CI 99.8 limit,Count,"
    "Denominator,Value note,Recent Trend,Compared to England value or percentiles,compared_to_parent,"
    "Time period Sortable,New data,Compared to goal,Time period range"
)
METADATA = (
    "Indicator ID,Indicator,Definition,Rationale,Data source,Indicator source,Methodology,"
    "Standard population/values,Confidence interval details,Source of numerator,Definition of numerator,"
    "Source of denominator,Definition of denominator,Disclosure control,Caveats,Copyright,Data re-use,Links,"
    "Indicator number,Notes,Frequency,Rounding,Indicator Content,Specific rationale,Unit,Value type,Year type,Polarity,"
    "Impact of COVID-19,parent_type"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = standin.workspace(tmp_path_factory.mktemp("home"))
    made = release.build_candidate(place, standin.manifest_path(place), "2026.1.0", "abc1234", standin.BUILT_AT)
    record = read_record(made)
    write_api(made, record)
    write_fingertips(made, record)
    return made


@pytest.fixture(scope="module")
def api(folder):
    return folder / "api" / "v1"


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def _faults(api, name, answer):
    """Where an answer is not what the description says of it."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": _read(api / "openapi.json")["components"]}
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    return [error.message for error in validator.iter_errors(answer)]


def _answers(api):
    """Every JSON file with the schema that its path has in the description."""
    for path, item in _read(api / "openapi.json")["paths"].items():
        content = item["get"]["responses"]["200"]["content"]
        if "application/json" in content:
            name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
            for indicator_id in item.get("parameters", [{"schema": {"enum": [""]}}])[0]["schema"]["enum"]:
                yield path.format(indicator_id=indicator_id).lstrip("/"), name


def test_every_answer_is_what_openapi_says(api):
    answers = dict(_answers(api))
    assert len(answers) == 2 + 2 * 19
    for path, name in answers.items():
        assert _faults(api, name, _read(api / path)) == [], path


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        ("indicators/m0.json", {"rationale": 1}, "is not of type"),
        ("indicators/m0.json", {"data_origin": "real"}, "is not one of"),
        ("indicators/m0.json", {"rank": 1}, "Additional properties"),
        ("index.json", {"built_at": None}, "is not of type"),
    ],
)
def test_an_answer_of_another_shape_is_found(api, path, change, expected):
    name = dict(_answers(api))[path]
    assert any(expected in fault for fault in _faults(api, name, _read(api / path) | change))


def test_every_file_of_the_interface_is_described_and_the_other_way_round(api):
    described = set()
    for path, item in _read(api / "openapi.json")["paths"].items():
        ids = item["parameters"][0]["schema"]["enum"] if "parameters" in item else [""]
        described |= {path.format(indicator_id=indicator_id).lstrip("/") for indicator_id in ids}
    found = {path.relative_to(api).as_posix() for path in api.rglob("*") if path.is_file()}
    assert found == described | {"openapi.json"}


def test_the_description_itself_is_valid(api):
    document = _read(api / "openapi.json")
    openapi_spec_validator.validate(document)
    del document["paths"]["/index.json"]["get"]["responses"]["200"]["description"]
    with pytest.raises(OpenAPIValidationError):
        openapi_spec_validator.validate(document)


def test_examples_are_answers_of_this_release(api):
    for item in _read(api / "openapi.json")["paths"].values():
        for media, said in item["get"]["responses"]["200"]["content"].items():
            if media == "application/json":
                assert _faults(api, said["schema"]["$ref"].rsplit("/", 1)[-1], said["example"]) == []
                assert said["example"]["release_id"] == "2026.1.0"


def test_links_are_relative_and_lead_to_files(folder, api):
    standin.write_outputs(folder)
    for path, _ in _answers(api):
        for link in _links(_read(api / path)):
            assert not link.startswith(("/", "http"))
            assert (api / path).parent.joinpath(link).resolve().is_file(), (path, link)


def _links(answer):
    if isinstance(answer, dict):
        own = answer.get("links", {}).values()
        return [*own, *(link for name, part in answer.items() if name != "links" for link in _links(part))]
    return [link for part in answer for link in _links(part)] if isinstance(answer, list) else []


def test_three_formats_hold_the_same_figures(api):
    """R1's m0 is 0.1 in the stand-in, of 10 in 30; R9's is suppressed."""
    place = api / "indicators" / "m0"
    parquet = pl.read_parquet(place / "data.parquet")
    by_column = _read(place / "data.json")["data"]
    with (place / "data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert parquet.height == len(rows) == len(by_column["value"]) == 121
    for name in ("area_code", "value", "lower_95", "period_start", "value_status"):
        held = ["" if value is None else str(value) for value in parquet[name]]
        assert held == [row[name] for row in rows] == ["" if v is None else str(v) for v in by_column[name]]
    one = {row["area_code"]: row for row in rows}
    assert (one["R1"]["value"], one["R1"]["numerator"], one["R1"]["value_status"]) == ("0.1", "10.0", "observed")
    assert (one["R9"]["value"], one["R9"]["value_status"], one["R9"]["note"]) == ("", "suppressed", "c")


def test_every_answer_says_which_release_it_is_of_and_that_it_is_invented(api):
    for path, _ in _answers(api):
        answer = _read(api / path)
        assert (answer["release_id"], answer["data_origin"]) == ("2026.1.0", "SYNTHETIC")
    assert pl.read_parquet_metadata(api / "indicators/m0/data.parquet")["data_origin"] == "SYNTHETIC"


def test_the_same_candidate_gives_the_same_bytes(folder, api):
    record = read_record(folder)
    before = {path: path.read_bytes() for path in api.rglob("*") if path.is_file()}
    write_api(folder, record)
    write_fingertips(folder, record)
    assert {path: path.read_bytes() for path in api.rglob("*") if path.is_file()} == before


def _fingertips(api, indicator_id):
    with (api / "fingertips/data.csv").open(encoding="utf-8", newline="") as file:
        return {row["Area Code"]: row for row in csv.DictReader(file) if row["Indicator ID"] == indicator_id}


def test_fingertips_columns_are_its_27_in_its_order(api):
    with (api / "fingertips/data.csv").open(encoding="utf-8") as file:
        assert file.readline().rstrip("\n") == FINGERTIPS
    assert len(FINGERTIPS.split(",")) == 27
    with (api / "fingertips/metadata.csv").open(encoding="utf-8") as file:
        assert file.readline().rstrip("\n") == METADATA


@pytest.mark.parametrize(
    ("indicator_id", "expected"),
    [("m0", "Better"), ("m2", "Similar"), ("m6", "Worse"), ("m7", "Better"), ("m8", "Not compared")],
)
def test_an_area_is_compared_by_its_interval_and_the_polarity(api, indicator_id, expected):
    """10 of 30 gives 19.2 to 51.2. England is as R0: 0 in m0, 24 in m2, 72 in m6, 84 in m7, of which less is better.
    A score has no interval."""
    row = _fingertips(api, indicator_id)["R1"]
    assert row["Compared to England value or percentiles"] == expected
    assert (row["compared_to_parent"], row["Recent Trend"]) == ("Not compared", "Cannot be calculated")


def test_invented_figures_and_missing_ones_say_so_in_fingertips_shape(api):
    rows = _fingertips(api, "m0")
    assert rows["R1"]["Indicator Name"].startswith("SYNTHETIC. ")
    assert (rows["R9"]["Value"], rows["R9"]["Value note"]) == ("", "suppressed to protect confidentiality")
    assert (rows["R1"]["Parent Code"], rows["R1"]["Time period Sortable"]) == ("Y56", "20250331")
