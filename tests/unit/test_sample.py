"""The synthetic sample: the same bytes every time, in the publishers' layouts, with the planted effects.

The files are read here by a few lines of their own, not by the product's readers, so that both can be wrong
apart from each other.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import zipfile
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from pipelines.sample import (
    SampleSummary,
    ae,
    cancer,
    population,
    sickness,
    submissions,
    survey,
    survey_benchmark,
    survey_national,
    truth,
    waiting,
    write_sample,
)

PLANTED = Path(truth.__file__).parent / "data" / "planted.csv"
SURVEY = "NSS{} detailed spreadsheets organisational results.xlsx"
YEARS = {
    "staff_survey_evidence": 2024,
    "self_assessment": 2025,
}  # in which exposure and outcomes are compared
EVIDENCE = {
    "shared_purpose": "q6a q7a q8a q23c q25a",
    "people_and_culture": "q3c q3d q3e q5b q19a q20a q24a q24b q24d q25e",
    "leadership_behaviours": "q9a q9b q9c q9f q9g q9h q9i",
    "capability_and_capacity": "q3f q23b q24c q24e",
    "management_systems": "q7b q7d q19b q19c q19d q20b q25b q25f",
}
POSITIVE = {"% Agree", "% Strongly agree", "% Often", "% Always", "% Yes, definitely"}
ITEMS = {"p1": 4, "p2": 4, "p3": 5, "p4": 5, "p5": 4}
ACUTE = "Acute and Acute & Community Trusts"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def sample(folder: Path) -> SampleSummary:
    return write_sample(folder)


@pytest.fixture(scope="module")
def surveys(sample: SampleSummary, folder: Path) -> dict[int, dict]:
    return {year: read_survey(folder, year) for year in YEARS.values()}


@pytest.fixture(scope="module")
def questions(surveys: dict[int, dict]) -> dict:
    return surveys[2024]


def read_survey(folder: Path, year: int) -> dict[str, dict[str, list[tuple[str, object]]]]:
    """Question -> organisation -> (label, cell), from rows 1 and 5; '' -> benchmarking group."""
    book = CalamineWorkbook.from_path(folder / "nhs_staff_survey" / SURVEY.format(year % 100))
    found: dict = defaultdict(lambda: defaultdict(list))
    for name in book.sheet_names[1:]:
        rows = book.get_sheet_by_name(name).to_python()
        found[""] = {row[0]: [("Benchmarking group", row[2])] for row in rows[5:]}
        question = ""
        for column in range(6, len(rows[4])):
            question = str(rows[0][column]).split(" - ")[0].lower() or question
            for row in rows[5:]:
                found[question][row[0]].append((rows[4][column], row[column]))
    return found


def texts(path: Path) -> str:
    """All text of a file, with that of the members of an archive."""
    content = path.read_bytes()
    if not zipfile.is_zipfile(path):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read_waits(folder: Path, year: int) -> list[dict[str, str]]:
    """The January that falls into the financial year that begins in `year`."""
    name = f"Full-CSV-data-file-Jan{year % 100 + 1}-ZIP-4M-SYNTH.zip"
    with zipfile.ZipFile(folder / "rtt_full_extract" / name) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode())))


# --- what is written


def test_a_second_run_writes_the_same_bytes(sample: SampleSummary, folder: Path, tmp_path: Path) -> None:
    people = population.build()
    again = [
        *survey.write(tmp_path, people, [2024]),
        *survey_national.write(tmp_path, people, [2024]),
        *survey_benchmark.write(tmp_path, people),
        *waiting.write(tmp_path, people, [date(2026, 1, 31)]),
        *sickness.write(tmp_path, people, [date(2021, 4, 1), date(2026, 3, 1)]),
        *ae.write(tmp_path, people, [date(2025, 4, 1)]),
        *cancer.write(tmp_path, people, [2025]),
        *submissions.write(tmp_path, people),
    ]
    changed = [p.name for p in again if digest(p) != digest(folder / p.relative_to(tmp_path))]
    assert changed == []


def test_every_file_says_synthetic(sample: SampleSummary) -> None:
    assert sample.file_count == sum(1 for paths in sample.files.values() for _ in paths) > 130
    silent = [p.name for paths in sample.files.values() for p in paths if "SYNTHETIC" not in texts(p)]
    assert silent == []


def test_no_code_can_be_taken_for_a_real_one() -> None:
    people = population.build().organisations
    assert all(re.fullmatch(r"Z[XY]\d{3}", one.code) for one in people)
    assert len({one.code for one in people}) == len({one.name for one in people}) == len(people)
    assert all(one.name.startswith("SYNTHETIC ") for one in people)


def test_merged_and_split_trusts_leave(sample: SampleSummary, questions: dict, folder: Path) -> None:
    surveyed = set(questions["q3f"])
    waits = {row["Provider Org Code"] for row in read_waits(folder, 2024)}
    absent = read_csv(folder / "sickness_absence" / "NHS Sickness Absence rates CSV, October 2024.csv")
    assert {"ZX031", "ZX032", "ZX190"}.isdisjoint(surveyed | waits | {row["ORG_CODE"] for row in absent})
    assert "ZX211" in surveyed & waits
    before = read_csv(folder / "sickness_absence" / "NHS Sickness Absence rates CSV, September 2024.csv")
    assert "ZX190" in {row["ORG_CODE"] for row in before}


# --- layouts


def test_survey_percentages_of_a_shown_question_sum_to_100(questions: dict) -> None:
    sums = [
        sum(value for label, value in cells if label.startswith("% "))
        for question, organisations in questions.items()
        if not question.startswith("q16c")
        for cells in organisations.values()
        if any(label.startswith("% ") for label, _ in cells) and "-" not in [value for _, value in cells]
    ]
    assert len(sums) > 10_000
    assert all(math.isclose(total, 100, abs_tol=1e-9) for total in sums)


def test_survey_suppresses_small_numbers(questions: dict) -> None:
    cells = [cell for rows in questions.values() for cells in rows.values() for cell in cells]
    assert [value for _, value in cells].count("-") > 20
    few = {code: dict(pair) for code, pair in questions["q16c_1"].items() if pair[0][1] == "-" != pair[1][1]}
    assert few and all(pair["Base (number of responses)"] >= 10 for pair in few.values())
    assert min(value for label, value in cells if label.startswith("Base") and value != "-") >= 10


def test_survey_numbers_its_questions_as_the_year_did(sample: SampleSummary, folder: Path) -> None:
    titles = {}
    for year in (21, 22, 23):
        book = CalamineWorkbook.from_path(folder / "nhs_staff_survey" / SURVEY.format(year))
        rows = [book.get_sheet_by_name(sheet).to_python(nrows=5) for sheet in book.sheet_names]
        titles[year] = {title for sheet in rows for title in sheet[0] if " - " in str(title)}
        assert ("ICS/STP" in rows[1][4]) == (year < 23)
    recommended = "I would recommend my organisation as a place to work."
    assert [f"Q{n}c - {recommended}" in titles[y] for y, n in ((21, 21), (22, 23), (23, 25))] == [True] * 3


def test_waits_add_up_to_their_totals(sample: SampleSummary, folder: Path) -> None:
    rows = read_waits(folder, 2024)
    assert len(rows[0]) == 121
    assert 2_500 <= len(rows) <= 4_000
    bands = [column for column in rows[0] if column.startswith("Gt ")]
    total: dict = defaultdict(int)
    for row in rows:
        key = (row["Provider Org Code"], row["Commissioner Org Code"], row["RTT Part Type"])
        sign = -1 if row["Treatment Function Code"] == "C_999" else 1
        total[key] += sign * int(row["Total All"])
        counted = sum(int(row[band] or 0) for band in bands)
        assert counted == (0 if row["RTT Part Type"] == "Part_3" else int(row["Total All"]))
        assert (row["Total"] == "") == (row["RTT Part Type"] != "Part_1B")
    assert set(total.values()) == {0}
    assert any(row[bands[-1]] == "" for row in rows if row["RTT Part Type"] == "Part_2")


def test_sickness_rates_are_those_of_their_days(sample: SampleSummary, folder: Path) -> None:
    rows = read_csv(folder / "sickness_absence" / "NHS Sickness Absence rates CSV, March 2025.csv")
    for row in rows:
        rate = 100 * float(row["FTE_DAYS_LOST"]) / float(row["FTE_DAYS_AVAILABLE"])
        assert abs(rate - float(row["SICKNESS_ABSENCE_RATE_PERCENT"])) <= 0.0050001
    assert sum(row["ORG_TYPE"] == "Integrated Care Board" for row in rows) == 36


def test_attendances_add_up_and_one_month_is_revised(sample: SampleSummary, folder: Path) -> None:
    first, revised = (read_csv(folder / "ae_four_hour" / f"Monthly-AE-April-2025{end}.csv") for end in ("", "-revised"))
    for rows in (first, revised):
        *providers, total = rows
        assert set(list(total.values())[:4]) == {"TOTAL"} and len(total) == 22
        for column in list(total)[4:]:
            assert sum(int(row[column]) for row in providers) == int(total[column])
    changed = [old["Org Code"] for old, new in zip(first, revised, strict=True) if old != new]
    assert changed == ["ZX012", "TOTAL"]
    assert all(row["Parent Org"].endswith(" ") for row in first[:-1])
    community = [row for row in first if "COMMUNITY" in row["Org name"]]
    assert community and all(row["A&E attendances Type 1"] == "0" for row in community)


def test_cancer_patients_stand_in_both_slices_and_may_be_halves(sample: SampleSummary, folder: Path) -> None:
    path = folder / "cancer_62_day" / "CWT-CRS-Apr-2025-to-Mar-2026-Data-Extract-Provider.xlsx"
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert header[-3:] == ["TOTAL TREATED", "WITHIN STANDARD", "BREACHES"]
    assert all(row[-3] == row[-2] + row[-1] for row in rows)
    slices: dict = defaultdict(float)
    for row in rows:
        assert (row[6] == "ALL MODALITIES") != (row[7] == "ALL CANCERS")
        slices[row[0], row[4]] += row[-3] if row[7] == "ALL CANCERS" else -row[-3]
    assert set(slices.values()) == {0}
    assert {row[-3] % 1 for row in rows} == {0, 0.5}
    assert len({row[0] for row in rows}) == 12


def test_ratings_are_padded_and_hold_duplicated_keys(sample: SampleSummary, folder: Path) -> None:
    path = folder / "cqc_location_ratings" / "01_March_2026_Latest_ratings.ods"
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        repeated = re.findall(r'number-rows-repeated="(\d+)"', archive.read("content.xml").decode())
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Locations").to_python()
    assert len(rows) + int(repeated[1]) == 1_048_576
    assert {len(row) for row in rows} == {28}
    place = [rows[0].index(name) for name in ("Location ID", "Service / Population Group", "Domain")]
    keys = [tuple(row[column] for column in place) for row in rows[1:]]
    assert len(keys) - len(set(keys)) == 3


def test_the_list_of_trusts_keeps_closed_ones(sample: SampleSummary, folder: Path) -> None:
    def rows(edition: str) -> list[list[str]]:
        with (folder / "ods_trusts" / f"etr_{edition}.csv").open(newline="") as stream:
            return list(csv.reader(stream))

    assert {len(row) for row in rows("2022-01")} == {24}
    assert {len(row) for row in rows("2025-01")} == {27}
    closed = {row[0]: row[11] for row in rows("2025-01") if row[11]}
    assert closed == {"ZX031": "20230331", "ZX032": "20230331", "ZX190": "20240930"}


def test_successions_are_dated_as_the_publisher_does(sample: SampleSummary, folder: Path) -> None:
    with (folder / "ods_successions" / "succ_2026-04.csv").open(newline="") as stream:
        rows = [row[:4] for row in csv.reader(stream)]
    assert rows == [
        ["ZX031", "ZX211", "R", "20230401"],
        ["ZX032", "ZX211", "R", "20230401"],
        ["ZX190", "ZX150", "R", "20240930"],
        ["ZX190", "ZX191", "R", "20240930"],
        ["ZZ901", "ZZ902", "R", "20260430"],
    ]


def test_submissions_hold_every_kind(sample: SampleSummary, folder: Path) -> None:
    rows = [row for path in (folder / "submissions").glob("*.csv") for row in read_csv(path)]
    assert {row["submission_status"] for row in rows} >= {"draft", "board_approved", "reassessment"}
    scopes = {"private", "system", "national_aggregate", "national_named", "published", ""}
    assert {row["sharing_scope"] for row in rows} == scopes
    assert {row["level"] for row in rows} == {"1", "2", "3", "4", "5", "", "n/a"}
    assert len(list((folder / "submissions").glob("*withdrawn.xlsx"))) == 2


# --- planted effects


def test_the_plan_states_its_own_truth() -> None:
    found = truth.population_truth(size=20_000)
    for row in read_csv(PLANTED):
        key = (row["basis"], row["driver_id"], row["measure_id"])
        assert found[key] == pytest.approx(float(row["population_rho"]), abs=0.025), key
        assert float(row["raw_rho"]) == pytest.approx(float(row["population_rho"]), abs=0.006), key


@pytest.fixture(scope="module")
def exposures(questions: dict, folder: Path) -> dict:
    acute = {code for code, cells in questions[""].items() if cells[0][1] == ACUTE}
    found: dict = {
        ("staff_survey_evidence", driver): {
            code: sum(positive(questions[item][code]) for item in items.split()) / len(items.split()) for code in acute
        }
        for driver, items in EVIDENCE.items()
    }
    answers = self_assessments(folder)
    for number, driver in enumerate(EVIDENCE, 1):
        found["self_assessment", driver] = {
            code: mean
            for code in answers.keys() & acute
            if (mean := mean_level(answers[code], f"p{number}")) is not None
        }
    return found


@pytest.fixture(scope="module")
def outcomes(surveys: dict[int, dict], folder: Path) -> dict:
    """By basis and measure, of the basis's year; CQC's are of the edition of autumn 2024."""
    good = good_locations(folder)
    return {
        basis: {
            "sickness_absence": pooled_sickness(folder, year),
            "rtt_within_18_weeks": within_18_weeks(folder, year),
            "cqc_locations_good_or_outstanding": good,
            "staff_burnout": {code: positive(cells) for code, cells in surveys[year]["q12b"].items()},
            "staff_intention_to_leave": {code: positive(cells) for code, cells in surveys[year]["q26a"].items()},
        }
        for basis, year in YEARS.items()
    }


@pytest.mark.parametrize("row", read_csv(PLANTED), ids=lambda row: "-".join(list(row.values())[:3]))
def test_planted_association_lies_in_the_sample_interval(row: dict, exposures: dict, outcomes: dict) -> None:
    from scipy.stats import spearmanr

    exposure, outcome = exposures[row["basis"], row["driver_id"]], outcomes[row["basis"]][row["measure_id"]]
    codes = sorted(exposure.keys() & outcome.keys())
    assert len(codes) > 50
    rho = spearmanr([exposure[code] for code in codes], [outcome[code] for code in codes]).statistic
    reach = 1.959964 * math.sqrt((1 + rho**2 / 2) / (len(codes) - 3))
    low, high = math.tanh(math.atanh(rho) - reach), math.tanh(math.atanh(rho) + reach)
    assert low <= float(row["raw_rho"]) <= high


def positive(cells: list[tuple[str, object]]) -> float:
    """The share of positive answers, or not a number where it is suppressed."""
    return sum(math.nan if value == "-" else value for label, value in cells if label in POSITIVE)


def self_assessments(folder: Path) -> dict[str, dict[str, str]]:
    """Organisation -> item -> level, of the approved submissions of the second round in both forms."""
    found: dict = defaultdict(dict)
    for row in read_csv(folder / "submissions" / "national_export_2025-26.csv"):
        if row["submission_status"] != "draft":
            found[row["ods_code"]][row["item"]] = row["level"]
    for path in (folder / "submissions").glob("*_2025-26_board_approved.xlsx"):
        rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Answers").to_python()
        for item, _, level, _ in rows[-22:]:
            found[path.name[:5]][item] = level
    return found


def mean_level(answers: dict, part: str) -> float | None:
    """The mean level of a driver's items, or None unless every item has a level."""
    levels = [level for item, level in answers.items() if item.startswith(part)]
    if len(levels) != ITEMS[part] or any(level in ("", "n/a") for level in levels):
        return None
    return sum(map(float, levels)) / len(levels)


def pooled_sickness(folder: Path, year: int) -> dict[str, float]:
    lost: dict = defaultdict(float)
    available: dict = defaultdict(float)
    for month in [date(year + (number > 11), number % 12 + 1, 1) for number in range(3, 15)]:
        name = f"NHS Sickness Absence rates CSV, {month:%B %Y}.csv"
        for row in read_csv(folder / "sickness_absence" / name):
            lost[row["ORG_CODE"]] += float(row["FTE_DAYS_LOST"])
            available[row["ORG_CODE"]] += float(row["FTE_DAYS_AVAILABLE"])
    return {code: 100 * lost[code] / available[code] for code in lost}


def within_18_weeks(folder: Path, year: int) -> dict[str, float]:
    soon: dict = defaultdict(int)
    everyone: dict = defaultdict(int)
    for row in read_waits(folder, year):
        if (row["RTT Part Type"], row["Treatment Function Code"]) == ("Part_2", "C_999"):
            bands = [value for column, value in row.items() if column.startswith("Gt ")]
            soon[row["Provider Org Code"]] += sum(int(value or 0) for value in bands[:18])
            everyone[row["Provider Org Code"]] += int(row["Total All"])
    return {code: 100 * soon[code] / everyone[code] for code in soon}


def good_locations(folder: Path) -> dict[str, float]:
    ranked: dict = defaultdict(list)
    scale = {"Outstanding": 1, "Good": 1, "Requires improvement": 0, "Inadequate": 0}
    for row in read_csv(folder / "cqc_location_ratings" / "01_September_2024_Latest_ratings.csv"):
        is_overall = row["Domain"] == row["Service / Population Group"] == "Overall"
        if is_overall and row["Latest Rating"] in scale:
            ranked[row["Provider ID"]].append(scale[row["Latest Rating"]])
    return {code: 100 * sum(values) / len(values) for code, values in ranked.items()}
