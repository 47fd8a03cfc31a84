"""A measure that the project has never seen: by the command, on a copy of the project, to a released figure.

The layout is invented: a title, a group row above the header, a national total, a mark for what does not apply.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import openpyxl
import pytest
import typer
import xlsxwriter
import yaml
from rich.console import Console

from pipelines.errors import Fault, Faults
from pipelines.registry import load_sources
from pipelines.scaffold import asking, writing
from pipelines.scaffold.asking import complete
from pipelines.scaffold.guessing import file_pattern, look_at
from pipelines.scaffold.writing import Answers, source_yaml
from pipelines.settings import PROJECT_ROOT
from schemas.source import Source

GROUPS = {5: "Available beds", 7: "Occupied beds"}
HEADER = ["", "Year", "Region", "Org Code", "Org Name", "Adult", "Paediatric", "Adult", "Paediatric"]
# Available and occupied beds: of all, 620 + 40 = 660 of 800 + 50 = 850.
TRUSTS = [
    ("ZX001", 300, 50, 240, 40),
    ("ZX002", 200, "-", 150, "-"),
    ("ZX003", 100, 0, 80, 0),
    ("ZX004", 100, 0, 90, 0),
    ("ZX005", 100, 0, 60, 0),
]
PLACES = ("pipelines", "schemas", "sources", "dbt_project", "pyproject.toml", "dagster.yaml")
OPTIONS = {
    "--id": "beds_occupied",
    "--name": "Beds occupied overnight",
    "--polarity": "lower_is_better",
    "--domain": "operations",
    "--exposure": "beds available overnight",
    "--minimum-denominator": "20",
    "--shares-data-with": "none",
    "--landing-page": "https://example.org/beds",
    "--owner": "bed analysis",
}


@pytest.fixture
def beds(tmp_path: Path) -> Path:
    """A workbook of a quarter under a publisher's kind of name, with a random suffix."""
    folder = tmp_path / "files"
    folder.mkdir()
    path = folder / "Beds-Open-Overnight-Q4-2024-25-Xk3Pq.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("Contents").write(0, 0, "SYNTHETIC")
    sheet = book.add_worksheet("By provider")
    sheet.write(0, 1, "Average daily beds, SYNTHETIC")
    for column, group in GROUPS.items():
        sheet.write(5, column, group)
    sheet.write_row(6, 0, HEADER)
    sheet.write_row(7, 1, ["2024-25", "", "England", "England", 800, 50, 620, 40])
    for place, (code, *counts) in enumerate(TRUSTS, start=9):
        sheet.write_row(place, 1, ["2024-25", "Y56", code, f"Fictitious Trust {code}", *counts])
    book.close()
    return path


def columns(group: str) -> list[str]:
    return [f"{group}: Adult", f"{group}: Paediatric"]


def test_the_table_is_found(beds):
    table = look_at(beds)
    assert (table.sheet, table.columns[table.org], len(table.providers)) == ("By provider", "Org Code", 5)
    assert table.counts == [*columns("Available beds"), *columns("Occupied beds")]
    assert table.totals == ("Org Code", ["England"])
    assert table.marks == {"-": "not_applicable"}


@pytest.mark.parametrize(
    ("name", "like", "kind"),
    [
        ("Monthly-AE-March-2025.csv", "Monthly-AE-June-2031-revised.csv", "month"),
        ("May-26-AE-by-provider-QVPHP.xls", "June-27-AE-by-provider-abc12-revised.xls", "month"),
        ("20260131-RTT-full-extract.csv", None, None),
        ("Beds-Q1-2025-26-Final-9fkWq.xlsx", "Beds-Q3-2026-27-Final-aa1Bc.xlsx", "quarter"),
        ("KH03 202503.csv", "KH03 202612.csv", "month"),
    ],
)
def test_a_pattern_fits_the_next_edition(name, like, kind):
    if like is None:
        with pytest.raises(Fault, match="tells no month or quarter"):
            file_pattern(name)
        return
    pattern, found = file_pattern(name)
    assert found == kind
    assert re.fullmatch(pattern, name) and re.fullmatch(pattern, like)


ANSWERS = {
    **{"source_id": "cancelled", "source_name": "Cancelled operations", "publisher": "NHS England"},
    **{"landing_page": "https://example.org", "measure_id": "cancelled", "measure_name": "Cancelled operations"},
    **{"polarity": "lower_is_better", "outcome_domain": "operations", "owner": "x", "review_date": "2027-11-30"},
    **{"exposure": "operations", "minimum_denominator": "none", "shares_data_with": "none"},
}
NOTED = """Cancelled operations, SYNTHETIC
Period,Org Code,Org Name,Cancelled
March,,England,15
{rows}

Note: revised
"""


def test_a_note_under_the_table_is_no_row_of_it(tmp_path):
    """Only the note leaves the name blank: the national total has one, though no code."""
    path = tmp_path / "Cancelled-March-2025.csv"
    path.write_text(NOTED.format(rows="\n".join(f"March,ZX00{n},Fictitious Trust {n},{n}" for n in range(1, 6))))
    assert look_at(path).filled == "Org Name"
    assert look_at(path).totals == ("Org Name", ["England"])
    answers = Answers(**ANSWERS, numerator=("Cancelled",), denominator=("Cancelled",), complement=False)
    written = Source.model_validate(yaml.safe_load(source_yaml(path, look_at(path), answers)))
    assert written.scope.filled == ("Org Name",)


def test_what_is_at_risk_is_written_with_the_measure(beds):
    lists = {"numerator": columns("Occupied beds"), "denominator": columns("Available beds"), "complement": False}
    said = {"exposure": "beds: all", "minimum_denominator": "20", "shares_data_with": "beds_open|beds_closed"}
    text = source_yaml(beds, look_at(beds), Answers(**{**ANSWERS, **lists, **said}))
    (measure,) = Source.model_validate(yaml.safe_load(text)).measures
    assert (measure.exposure, measure.minimum_denominator, measure.windows_overlap) == ("beds: all", 20, False)
    assert measure.shares_data_with == "beds_open|beds_closed" and "Not averaged" in measure.overlap_rule


def test_what_a_statistician_must_still_write_says_so(beds):
    lists = {"numerator": columns("Occupied beds"), "denominator": columns("Available beds"), "complement": False}
    text = source_yaml(beds, look_at(beds), Answers(**ANSWERS, **lists))
    (measure,) = Source.model_validate(yaml.safe_load(text)).measures
    for words in (measure.rationale, measure.interpretation, measure.limitations, measure.perverse_incentive):
        assert words.startswith("Not yet written; ")
    assert measure.interval_method == "none"


def test_a_file_without_organisations_is_refused(tmp_path):
    path = tmp_path / "National-March-2025.csv"
    path.write_text("Month,Value\nMarch,12\n")
    with pytest.raises(Fault, match="no column with 5 or more ODS codes"):
        look_at(path)


def test_from_a_file_to_a_released_figure(beds, tmp_path):
    project = tmp_path / "project"
    for place in PLACES:
        source = PROJECT_ROOT / place
        (shutil.copytree if source.is_dir() else shutil.copy)(source, _parent(project / place))
    words = [word for pair in OPTIONS.items() for word in pair]
    words += [word for name in columns("Occupied beds") for word in ("--numerator", name)]
    words += [word for name in columns("Available beds") for word in ("--denominator", name)]
    said = _impact(project, tmp_path / "home", "new-measure", str(beds), *words)
    assert "20 rows accepted, 0 rejected" in said
    assert "660 of 850 = 77.6471 %" in said
    # The gate refuses a release of this one series; the warehouse behind it is built all the same.
    refused = _impact(project, tmp_path / "home", "refresh", "--from", str(beds.parent), expected=1)
    assert "least rows does not hold" in refused
    found = _measured(tmp_path / "home")
    assert found["ZX001"] == (280, 350, 80, "observed")
    assert found["ZX002"] == (None, None, None, "not_applicable")
    # England is the sum over the organisations that have all counts: 510 of 650.
    assert found["ENG"] == (510, 650, pytest.approx(100 * 510 / 650), "observed")


def test_what_does_not_load_is_taken_back(beds, monkeypatch, tmp_path):
    """A polarity that does not exist would stop every later command, so nothing of it stays."""
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setenv("IMPACT_SOURCES", str(folder))
    monkeypatch.setattr(writing, "DBT_PROJECT_DIR", tmp_path)
    lists = {"numerator": columns("Occupied beds"), "denominator": columns("Available beds")}
    words = {"measure_id": "beds", "measure_name": "Beds", "polarity": "lower", "outcome_domain": "operations"}
    words |= {"exposure": "beds", "minimum_denominator": "none", "shares_data_with": "none"}
    rest = {"source_id": "", "publisher": "NHS England", "landing_page": "x", "owner": "x", "complement": False}
    with pytest.raises(Faults, match="polarity"):
        complete(beds, "", {**lists, **words, **rest}, Console(quiet=True))
    assert not list(tmp_path.rglob("*.yml"))
    assert load_sources(folder) == {}


# The total of England says 640 occupied beds, and the trusts make up 620.
def test_a_file_that_its_own_yaml_refuses_ends_with_exit_code_1(beds, monkeypatch, tmp_path, capsys):
    book = openpyxl.load_workbook(beds)
    book["By provider"]["H8"] = 640
    book.save(beds)
    (tmp_path / "sources").mkdir()
    monkeypatch.setenv("IMPACT_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setattr(writing, "DBT_PROJECT_DIR", tmp_path)
    monkeypatch.setattr(asking, "PROJECT_ROOT", tmp_path)
    monkeypatch.setattr(asking.sync, "write", list)
    given = ANSWERS | {"complement": False, "owner": "bed analysis"}
    lists = {"numerator": columns("Occupied beds"), "denominator": columns("Available beds")}
    with pytest.raises(typer.Exit) as ended:
        complete(beds, "", given | lists, Console(width=200))
    assert ended.value.exit_code == 1
    said = capsys.readouterr().out
    assert "tried on the file: 0 rows accepted" in said and "correct sources/cancelled.yml" in said


def _measured(home: Path) -> dict[str, tuple[object, ...]]:
    sql = (
        "select org_code, numerator, denominator, value, value_status from published.pub_measure_values "
        "where measure_id = 'beds_occupied' and period_type = 'quarter' and period_key = '2024-25 Q4'"
    )
    with duckdb.connect(str(home / "published" / "warehouse" / "build.duckdb"), read_only=True) as connection:
        return {code: tuple(rest) for code, *rest in connection.execute(sql).fetchall()}


def _parent(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return path


def _impact(project: Path, home: Path, *words: str, expected: int = 0) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IMPACT_", "DAGSTER_"))}
    environment = {**kept, "IMPACT_HOME": str(home), "PYTHONPATH": str(project)}
    environment["IMPACT_SAMPLE_AS_PUBLISHED"] = "yes"
    command = [sys.executable, "-m", "pipelines.cli", *words]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr
