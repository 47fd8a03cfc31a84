"""`impact submissions check`: everything wrong at once, in words and with the cell; or what the submission says."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from pipelines.settings import Workspace
from pipelines.submissions.checking import Answer, check
from pipelines.submissions.commands import app
from tests.submitting import fill_in, know_trusts, put_json, submission, take

TODAY = dt.date(2025, 9, 1)
LEVELS = [3] * 22


@pytest.fixture
def knowing(tmp_path, workspace) -> Workspace:
    know_trusts(tmp_path / "ods", workspace)
    return workspace


def checked(path: Path, workspace: Workspace) -> Answer:
    return check(path, workspace, TODAY)


def change(path: Path, sheet: str, cell: str, value: object) -> Path:
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)
    return path


def test_a_good_workbook_is_told_what_it_says(tmp_path, knowing):
    answer = checked(fill_in(tmp_path / "a.xlsx", sharing_scope="National aggregate"), knowing)
    assert answer.can_be_sent and answer.warnings == []
    (line,) = answer.summary
    assert line.startswith("22 of 22 answered, ZX001, NHS IMPACT self-assessment, first version, 01/06/2025")
    assert "board approved, shared as: national_aggregate, which means: it counts in national figures" in line


def test_everything_wrong_is_told_at_once_with_its_cell(tmp_path, knowing):
    path = fill_in(
        tmp_path / "a.xlsx", levels=[*LEVELS[:10], 7, *LEVELS[11:]], org_code="QQ999", sharing_scope="Friends"
    )
    change(path, "Answers", "A22", "p1_1")
    answer = checked(path, knowing)
    assert not answer.can_be_sent
    said = "\n".join(answer.problems)
    assert (
        "Answers!D12: question p3_3 (Go-and-see visits): you wrote 7; "
        "choose a level from 1 (Starting) to 5 (Improving and sustaining)" in said
    )
    assert "Submission!B2: ODS code: you wrote QQ999" in said
    assert (
        "Submission!B7: Sharing scope: you wrote a text that is not repeated here; choose one of Private, System"
        in said
    )
    assert "Answers!A2, Answers!A22: question p1_1 is there more than once; keep one." in said
    assert len(answer.problems) == 4


def test_a_level_whose_number_and_name_disagree_is_wrong(tmp_path, knowing):
    answer = checked(fill_in(tmp_path / "a.xlsx", levels=["3 - Starting", *LEVELS[1:]]), knowing)
    (problem,) = answer.problems
    assert problem.startswith("Answers!D2: question p1_1")


@pytest.mark.parametrize("written", [3, "3", "3 - Progressing", "3 – progressing", "Progressing", " PROGRESSING "])
def test_a_level_may_be_a_number_or_its_name(written, tmp_path, knowing):
    path = put_json(tmp_path / "a.json", submission("ZX001", level=written))
    answer = checked(path, knowing)
    assert answer.can_be_sent and answer.summary[0].startswith("22 of 22 answered")


def test_what_is_missing_is_a_warning(tmp_path, knowing):
    path = fill_in(
        tmp_path / "a.xlsx",
        levels=[None, *LEVELS[1:21], "Not applicable"],
        assessment_date="01/06/2026",
        submission_status="Draft",
    )
    answer = checked(path, knowing)
    assert answer.can_be_sent and answer.summary[0].startswith("21 of 22 answered")
    said = "\n".join(answer.warnings)
    assert "no answer to p1_1." in said
    assert "no score for Building a shared purpose and vision; Embedding improvement" in said
    assert "nobody outside your organisation will see it" in said
    assert "it is a draft" in said and "01/06/2026 lies in the future" in said


@pytest.mark.parametrize("day", ["31/02/2025", "soon"])
def test_a_day_that_is_none_is_told_once(day, tmp_path, knowing):
    (problem,) = checked(fill_in(tmp_path / "a.xlsx", assessment_date=day), knowing).problems
    assert problem.startswith("Submission!B5: Assessment date: you wrote a text that is not repeated here")
    (problem,) = checked(fill_in(tmp_path / "a.xlsx", assessment_date=None), knowing).problems
    assert problem.startswith("Submission!B5: Assessment date: nothing is written")


def test_json_without_answers_is_told_where_they_belong(tmp_path, knowing):
    bare = submission("ZX001")
    del bare["answers"]
    (problem,) = checked(put_json(tmp_path / "a.json", bare), knowing).problems
    assert problem == (
        "record 1: no question is named; give each answer with its question, in JSON in the list `answers`."
    )


# The seeds say that this instrument came out on 26 August 2025, and of the other that it is not known.
def test_a_day_before_the_instrument_came_out_is_noted(tmp_path, knowing):
    told = [
        " ".join(checked(put_json(tmp_path / "a.json", submission("ZX001", version, 1)), knowing).warnings)
        for version in ("provider-capability-1", "impact-sa-1")
    ]
    assert ["01/06/2025 lies before 26/08/2025" in text for text in told] == [True, False]


# ZX001 was open in the first list and closed in the next; ZX002 the other way round; ZX003 closed on the day itself.
def test_an_organisation_that_was_closed_by_then_is_noted(tmp_path, workspace):
    lists = {"2025-01": ("", "20241231", "20250601"), "2025-07": ("20250531", "", "20250601")}
    (tmp_path / "ods").mkdir()
    for edition, days in lists.items():
        rows = [
            f'"ZX{number:03d}","TRUST {number}","Y62","ZY1"' + ',""' * 5 + f',"M1 1AA","20010401","{day}"'
            for number, day in enumerate((*days, *[""] * 20), start=1)
        ]
        (tmp_path / "ods" / f"etr_{edition}.csv").write_text("\r\n".join(rows))
    take(tmp_path / "ods", workspace, "ods_trusts")
    path = put_json(tmp_path / "a.json", *(submission(f"ZX00{number}") for number in (1, 2, 3)))
    answer = checked(path, workspace)
    (said,) = [text for text in answer.warnings if "closed" in text]
    assert said.startswith("ZX001: the Organisation Data Service lists it as closed since 31/05/2025")
    assert answer.can_be_sent


def test_an_unknown_instrument_is_told_once(tmp_path, knowing):
    answer = checked(put_json(tmp_path / "a.json", submission("ZX001") | {"instrument_version": "sa-9"}), knowing)
    (problem,) = answer.problems
    assert problem.startswith(
        "record 1, record 2, record 3 and 19 more: Instrument version: you wrote sa-9; use one of"
    )


def test_a_withdrawal_needs_no_answers(tmp_path, knowing):
    gone = submission("ZX001", submission_status="withdrawn")
    del gone["answers"], gone["sharing_scope"]
    answer = checked(put_json(tmp_path / "a.json", gone), knowing)
    assert answer.can_be_sent and "withdrawn, which takes back" in answer.summary[0]


def test_without_organisations_it_says_that_they_were_not_checked(tmp_path, workspace):
    answer = checked(fill_in(tmp_path / "a.xlsx", org_code="QQ999", sharing_scope="System"), workspace)
    assert answer.can_be_sent
    assert "not checked: no list of organisations" in answer.warnings[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "text that is not JSON"),
        ('{"ods_code": "A", "ods_code": "B"}', "gives a key twice"),
        ("3", "something other than objects"),
        ('{"answers": [{"item": "p1_1"}]}', "no key level"),
        ('{"answers": "none"}', "`answers` is no list of objects"),
        ('{"ods_code": ["A"]}', "a list or an object under `ods_code`"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_json_of_another_form(content, says, tmp_path, knowing):
    (tmp_path / "a.json").write_text(content)
    (problem,) = checked(tmp_path / "a.json", knowing).problems
    assert says in problem


def test_the_command_looks_at_every_file_and_ends_with_1_if_one_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(tmp_path / "home"))
    good = put_json(tmp_path / "good.json", submission("ZX001"))
    bad = put_json(tmp_path / "bad.json", submission("ZX001", level=9))
    done = CliRunner().invoke(app, ["check", str(bad), str(tmp_path / "no.docx"), str(good)])
    assert done.exit_code == 1
    assert "To mend: record 1: question p1_1" in done.stdout and "This can be sent: 22 of 22 answered" in done.stdout
    assert "no.docx: no such file" in done.stdout
    assert CliRunner().invoke(app, ["check", str(good)]).exit_code == 0


@pytest.mark.parametrize(("name", "found"), [(".", "no file of a kind"), ("gone.xlsx", "no such file")])
def test_what_is_no_file_is_said(knowing, name, found):
    (said,) = checked(Path(name), knowing).problems
    assert found in said


def test_the_schema_accepts_what_the_reader_accepts():
    from jsonschema import Draft202012Validator

    schema = json.loads(CliRunner().invoke(app, ["schema"]).stdout)
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    assert judge.is_valid([submission("ZX001"), submission("ZX002", level="3 - Progressing")])
    assert not judge.is_valid(submission("ZX001") | {"sharing_scope": "everyone"})
