"""Broken files of CQC, one by one: records of its interface, and the sheet of providers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import progress, staging
from pipelines.registry import load_sources
from pipelines.sample import ratings
from pipelines.sample.spreadsheets import write_ods
from pipelines.settings import Workspace
from pipelines.store import arrivals, parquet, snapshots

RECORDS, LOCATIONS, PROVIDERS = "cqc_api_locations", "cqc_location_ratings", "cqc_provider_ratings"
ODS = "01_March_2026_Latest_ratings.ods"
PROVIDER = [
    "ZX001",
    "ZX001",
    "SYNTHETIC Trust",
    "NHS Healthcare Organisation",
    "Acute",
    "1 Road",
    "",
    "Town",
    "ZX1 9ZZ",
]
PROVIDER += ["District", "London", "London", "Overall", "Overall", "Good", "01/02/2024", "Provider", "N", "-", "-", "-"]


def take(folder: Path, source_id: str, workspace: Workspace) -> tuple[staging.StagedSource, pl.DataFrame]:
    """What became of the only file of the folder, and its rejects."""
    source = load_sources()[source_id]
    snapshots.take(arrivals.look_into(folder, [source]).claimed, workspace.raw)
    result = staging.stage_source(source, workspace)
    (snapshot,) = result.notes
    path = parquet.rejects_path(workspace, snapshot)
    return result, pl.read_parquet(path) if path.exists() else pl.DataFrame()


def record(number: int = 1, **more: Any) -> dict[str, Any]:
    overall = {"rating": "Good", "reportDate": "2024-01-31", "keyQuestionRatings": []}
    return {
        "locationId": f"ZX0{number:03}",
        "providerId": "ZX001",
        "organisationType": "Location",
        "name": "SYNTHETIC Site",
        "type": "NHS Healthcare Organisation",
        "registrationStatus": "Registered",
        "currentRatings": {"overall": overall, "serviceRatings": []},
        "historicRatings": [],
        "assessment": [],
        **more,
    }


@pytest.fixture
def records(tmp_path: Path, workspace: Workspace) -> Callable[..., tuple[staging.StagedSource, pl.DataFrame]]:
    """Takes these lines in as a file of the interface."""

    def prepare(*lines: dict[str, Any] | str) -> tuple[staging.StagedSource, pl.DataFrame]:
        folder = tmp_path / "in"
        folder.mkdir()
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        (folder / "invented_location_details_2026-03.jsonl").write_text("\n".join(texts))
        return take(folder, RECORDS, workspace)

    return prepare


def reason(found: tuple[staging.StagedSource, pl.DataFrame]) -> str:
    (reason,) = found[0].reasons
    return reason


def test_an_error_message_in_place_of_a_record(records):
    said = reason(records(record(), {"statusCode": 401, "message": "Access denied"}))
    assert "line 2" in said and "Access denied" in said and "an error message" in said


def test_the_real_error_message(real_data, tmp_path, workspace):
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(real_data / "cqc/api/error_401_2025-11.json", folder / "invented_location_details_2025-11.jsonl")
    assert "invalid subscription key" in reason(take(folder, RECORDS, workspace))


def test_a_line_that_was_cut(records):
    assert "line 2" in reason(records(record(), json.dumps(record(2))[:-40]))


def test_a_list_where_an_object_was(records):
    said = reason(records(record(currentRatings=[{"overall": {}}])))
    assert "`currentRatings` is list" in said and "line 1" in said


def test_a_renamed_key_is_no_lack_of_ratings(records):
    renamed = [record(number) for number in range(150)]
    for one in renamed:
        one["ratingsNow"] = one.pop("currentRatings")
    said = reason(records(*renamed))
    assert "currentRatings" in said and "any of 150 records, but ratingsNow" in said


def test_a_new_key_is_told_and_does_no_harm(records):
    told: list[str] = []
    with progress.listening(told.append):
        result, _ = records(record(brandNew=1))
    assert result.count("accepted") == 1
    assert any("does not know yet: brandNew" in line for line in told)


def test_a_rating_in_new_words_is_rejected(records):
    overall = {"rating": "Splendid", "reportDate": "2024-01-31"}
    lines = [record(number) for number in range(60)]
    result, rejected = records(*lines, record(99, currentRatings={"overall": overall}))
    assert result.total("rows_accepted") == 60
    assert rejected.select("source_row", "column", "found").rows()[0] == (61, "rating", "Splendid")


def test_a_rating_that_is_absent_is_no_word(records):
    lines = [record(number) for number in range(60)]
    _, rejected = records(*lines, record(99, currentRatings={"overall": {"reportDate": "2024-01-31"}}))
    assert rejected.select("column", "found", "expected").rows() == [("rating", "", "a value")]


def test_the_same_record_twice(records):
    _, rejected = records(*(record(number) for number in range(120)), record(7))
    assert rejected["source_row"].to_list() == [8, 121]


@pytest.fixture
def sheets(tmp_path: Path, workspace: Workspace) -> Callable[..., Path]:
    """A folder with a file of both sheets; `providers` are its rows, header first."""

    def prepare(*providers: list[str], name: str = "Providers") -> Path:
        folder = tmp_path / "in"
        location = dict.fromkeys(ratings.HEADER, "x") | {"Care Home?": "N", "Inherited Rating (Y/N)": "N"}
        location |= {"Publication Date": "01/02/2024", "Latest Rating": "Good"}
        locations = [ratings.HEADER, list(location.values())]
        write_ods(folder / ODS, {"README": [["about"]], "Locations": locations, name: providers})
        return folder

    return prepare


def test_two_sources_take_one_file(sheets, workspace):
    folder = sheets(ratings.PROVIDER_HEADER, PROVIDER)
    for source_id in (LOCATIONS, PROVIDERS):
        result, _ = take(folder, source_id, workspace)
        assert (result.count("accepted"), result.total("rows_accepted")) == (1, 1)
    assert not arrivals.look_into(folder, load_sources().values()).unclaimed


def test_no_sheet_of_providers(sheets, workspace):
    said = reason(take(sheets(ratings.PROVIDER_HEADER, PROVIDER, name="Organisations"), PROVIDERS, workspace))
    assert "There are: README; Locations; Organisations" in said


def test_a_renamed_column_of_providers(sheets, workspace):
    header = ["Trust Type" if name == "Provider Type" else name for name in ratings.PROVIDER_HEADER]
    assert "lacks Provider Type" in reason(take(sheets(header, PROVIDER), PROVIDERS, workspace))


def test_a_date_in_another_order(sheets, workspace):
    wrong = ["2024/13/01" if cell == "01/02/2024" else cell for cell in PROVIDER]
    _, rejected = take(sheets(ratings.PROVIDER_HEADER, *[PROVIDER] * 60, wrong), PROVIDERS, workspace)
    assert rejected.select("source_row", "column", "found").rows()[0] == (62, "publication_date", "2024/13/01")


def test_an_older_file_without_newer_columns(sheets, workspace):
    drop = [ratings.PROVIDER_HEADER.index(name) for name in ("Provider ODS Code", "Provider NHS Region")]
    old = [[cell for place, cell in enumerate(row) if place not in drop] for row in (ratings.PROVIDER_HEADER, PROVIDER)]
    result, _ = take(sheets(*old), PROVIDERS, workspace)
    assert result.total("rows_accepted") == 1
