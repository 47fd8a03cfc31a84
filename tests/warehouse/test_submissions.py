"""Submissions in the warehouse: consent, withdrawal and instruments, from the inbox to the candidate.

One small workspace of SYNTHETIC trusts is built three times: before ZX001 and ZX007 share, with them, and after they
have withdrawn. Every table must then be as it was before. A third instrument comes by rows of reference data alone, and
a marker stands wherever somebody could write a name.
"""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pytest
from rich.console import Console

from pipelines import release, settings, staging
from pipelines.editions.tables import write_registry
from pipelines.progress import listening
from pipelines.registry import load_sources
from pipelines.release.export import export
from pipelines.settings import DBT_PROJECT_DIR, Workspace
from pipelines.status import print_status
from tests.running import dbt
from tests.submitting import RETURNS, fill_in, put_json, submission, take

MARKER = "Qmarker.Person@trust.example"
SCHEMAS = ("core", "published", "intermediate")
# What a file came with, and what was withdrawn, is told there on purpose.
ABOUT_FILES = {"pub_source_status", "int_maturity__withdrawn"}
INVENTED = {
    "instrument": "ward-round-1,ward_round,Invented instrument,any,false,,false",
    "instrument_item": "w_1,ward-round-1,,Who is heard,1,false\nw_2,ward-round-1,people_and_culture,Who acts,2,false",
    "instrument_level": "ward-round-1,1,Never,No.,false\nward-round-1,7,Always,Yes.,false",
}
CAPABILITY = "provider-capability-1"


@dataclass
class Built:
    """Rows of every table after each build, by its name; and the workspace with what was printed."""

    workspace: Workspace
    printed: str
    before: dict[str, list[tuple[Any, ...]]]
    shared: dict[str, list[tuple[Any, ...]]]
    withdrawn: dict[str, list[tuple[Any, ...]]]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.workspace.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def built(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    home = tmp_path_factory.mktemp("consent")
    project, inbox = with_invented_instrument(home), home / "inbox"
    workspace, printed = Workspace(home, "synthetic"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, listening(lambda line: printed.write(f"{line}\n")):
        patch.setattr(settings, "DBT_PROJECT_DIR", project)
        take_publishers(sample, home, workspace)
        tables = []
        for turn, put in enumerate((put_others, put_two_more, put_withdrawals)):
            put(inbox)
            take(inbox, workspace)
            sources = load_sources()
            write_registry(workspace, sources, [staging.already_staged(one, workspace) for one in sources.values()])
            build(home, project, whole=turn == 0)
            tables.append(all_tables(workspace))
        print_status([workspace], "table", Console(file=printed, width=200), reasons=True)
    return Built(workspace, printed.getvalue(), *tables)


def with_invented_instrument(home: Path) -> Path:
    project = home / "project"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    for seed, rows in INVENTED.items():
        with (project / "seeds" / f"{seed}.csv").open("a") as stream:
            stream.write(f"{rows}\n")
    return project


def take_publishers(sample: Path, home: Path, workspace: Workspace) -> None:
    """Organisations and their types; the other sources have come with nothing yet."""
    workspace.warehouse.parent.mkdir(parents=True)
    for source in load_sources().values():
        staging.stage_source(source, workspace)
    for source_id, name in (
        ("ods_trusts", "etr_2026-04.csv"),
        ("sickness_absence", "NHS Sickness Absence rates CSV, March 2026.csv"),
    ):
        folder = home / source_id
        folder.mkdir()
        shutil.copy(sample / source_id / name, folder)
        take(folder, workspace, source_id)


def put_others(inbox: Path) -> None:
    """Five that may only be counted, ZX006 as a draft that would be named, and everything that may hold a name."""
    counted = [f"ZX00{number}" for number in range(2, 6)] + ["ZX008"]
    put_json(
        inbox / f"{MARKER}.json",
        # One level differs: a cell in which all are alike would be hidden.
        *(
            submission(code, contact=[{MARKER: MARKER}], level=2 if code == "ZX002" else 3) | {MARKER: MARKER}
            for code in counted
        ),
        *(submission(code, CAPABILITY, "Confirmed") for code in counted),
        *(submission(code, "ward-round-1", 7) for code in counted),
        submission("ZX006", submission_status="draft", sharing_scope="published"),
        submission("ZX003", unit_code="ZX00301", submission_status="reassessment", level=1),
    )
    put_personal(inbox)


def put_personal(inbox: Path) -> None:
    """A workbook, CSV files and JSON with the marker in every place that takes a text; some of them are refused."""
    path = fill_in(inbox / f"{MARKER}.xlsx", org_code="ZX009", sharing_scope="Private")
    book = openpyxl.load_workbook(path)
    for row in book["Submission"].iter_rows(min_row=2):
        if row[0].value in ("Organisation name", "Contact name", "Contact e-mail"):
            row[1].value = MARKER
    book["Answers"]["E2"], book["Answers"]["A3"], book["Answers"]["D4"] = MARKER, MARKER, MARKER
    book.create_sheet("Notes")["A1"] = MARKER
    book.save(path)
    book["Submission"]["B2"], book["Submission"]["B3"], book["Submission"]["B7"] = MARKER, MARKER, MARKER
    book["Submission"]["B4"], book["Submission"]["B5"], book["Submission"]["B6"] = MARKER, MARKER, MARKER
    book.save(inbox / "all-wrong.xlsx")
    book["Answers"].title = MARKER[:20]
    book.save(inbox / "no-answers.xlsx")
    header = (
        f"ods_code,organisation_name,instrument_version,assessment_date,submission_status,item,level,comment,{MARKER}"
    )
    row = f"ZX009,{MARKER},impact-sa-1,2025-05-01,draft,p1_1,{MARKER},{MARKER},{MARKER}"
    (inbox / "one.csv").write_text(f"{header}\n{row}\n{row}\n")
    (inbox / "ragged.csv").write_text(f"{header}\n{row},{MARKER}\n")
    (inbox / "page.csv").write_text(f"<!doctype html>{MARKER}")
    (inbox / "key.json").write_text(f'{{"{MARKER}": 1, "{MARKER}": 2}}')
    (inbox / "cut.json").write_text(f'{{"ods_code": "{MARKER}')
    (inbox / f"{MARKER}.docx").write_bytes(b"x")


def put_two_more(inbox: Path) -> None:
    put_json(
        inbox / "two.json",
        submission("ZX001", level=5),
        submission("ZX001", CAPABILITY, "Not confirmed"),
        submission("ZX001", "ward-round-1", "Never"),
        submission("ZX007", sharing_scope="national_named", level=5),
        submission("ZX007", CAPABILITY, 1, sharing_scope="published"),
    )


def put_withdrawals(inbox: Path) -> None:
    """Each in another way: JSON without answers, a CSV line, a workbook."""
    gone = {"submission_status": "withdrawn", "answers": []}
    put_json(inbox / "gone.json", submission("ZX001", **gone), submission("ZX007", CAPABILITY, **gone))
    lines = [f"ZX001,{version},2025-06-01,withdrawn,," for version in (CAPABILITY, "ward-round-1")]
    header = "ods_code,instrument_version,assessment_date,submission_status,item,level"
    (inbox / "gone.csv").write_text("\n".join([header, *lines]))
    fill_in(inbox / "gone.xlsx", levels=[None] * 22, org_code="ZX007", submission_status="Withdrawn")


def build(home: Path, project: Path, whole: bool) -> None:
    words = ["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    # Associations need twenty organisations; what they are made of is built each time.
    part = ["--select", "stg_impact_self_assessment__responses+", "stg_registry__editions+"]
    words += [] if whole else [*part, "--exclude", "int_associations__estimated+"]
    outcome = dbt(home, project, *words)
    assert {name: status for name, status in outcome.items() if not status.startswith("success")} == {}


def all_tables(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of every table that dbt built, in order; vintages are left out, because each file has its own."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        names = connection.execute(
            f"select table_schema, table_name from information_schema.tables where table_schema in {SCHEMAS}"
        ).fetchall()
        return {
            name: sorted(connection.execute(f"select * from {schema}.{name}").fetchall(), key=str)
            for schema, name in names
            if name not in ABOUT_FILES
        }


def naming(tables: dict[str, list[tuple[Any, ...]]], code: str) -> set[str]:
    return {name for name, rows in tables.items() if any(code in row for row in rows)}


def test_with_consent_an_organisation_is_in_every_mart_that_its_scope_allows(built):
    extra = naming(built.shared, "ZX007") - naming(built.before, "ZX007")
    named = {"pub_maturity_responses", "pub_driver_maturity", "pub_maturity_agreement"}
    assert {"fct_maturity_responses", *named} <= extra
    counted = {"pub_driver_maturity", "pub_maturity_distribution"}
    assert all(built.before[name] != built.shared[name] for name in counted)
    for code in ("ZX001", "ZX009"):
        assert not [name for name in naming(built.shared, code) if name.startswith("pub_maturity_")]
    assert "fct_maturity_responses" in naming(built.shared, "ZX001") - naming(built.before, "ZX001")
    assert "ZX001" not in {row[0] for row in built.shared["pub_maturity_responses"]}


def test_counts_take_in_whoever_shares(built):
    """Six count without a name (ZX006 by its draft), then ZX001 and ZX007 too; ward rounds are not ZX007's."""

    def counted(tables: dict[str, list[tuple[Any, ...]]]) -> set[tuple[str, int | None]]:
        return {(row[1], row[6]) for row in tables["pub_maturity_items"]}

    assert counted(built.before) == {("impact-sa-1", 6), (CAPABILITY, 5), ("ward-round-1", 5)}
    assert counted(built.shared) == {("impact-sa-1", 8), (CAPABILITY, 7), ("ward-round-1", 6)}


def test_after_a_withdrawal_every_table_is_as_if_they_had_never_shared(built):
    different = [name for name in built.before if built.before[name] != built.withdrawn[name]]
    assert different == []
    assert any(built.before[name] != built.shared[name] for name in built.before), "the test sees a difference"


def test_no_answer_that_was_withdrawn_is_in_the_build_file(built):
    sql = "select count(*) from core.fct_maturity_responses where org_code in ('ZX001', 'ZX007')"
    assert built.rows(sql) == [(0,)]
    assert built.rows("select count(*) from intermediate.int_maturity__withdrawn") == [(5,)]


def test_a_draft_counts_but_is_not_named(built):
    assert "ZX006" in {row[1] for row in built.before["fct_maturity_responses"]}
    assert "ZX006" not in {row[0] for row in built.before["pub_maturity_responses"]}
    assert "ZX006" not in {row[4] for row in built.before["pub_driver_maturity"]}


def test_a_part_of_an_organisation_does_not_speak_for_it(built):
    sql = (
        "select distinct unit_code, is_reportable from core.fct_maturity_responses where org_code = 'ZX003' order by 1"
    )
    assert built.rows(sql) == [("ZX00301", False), (None, True)]


def test_a_second_instrument_is_shown_item_by_item(built):
    areas = built.rows(
        "select item_id, driver_id, n_shared, median_level, value_status from published.pub_maturity_items "
        f"where instrument_version = '{CAPABILITY}' order by item_id"
    )
    assert len(areas) == 6
    assert {area[1:] for area in areas} == {(None, 5, 3.0, "observed")}


def test_a_third_instrument_needs_no_code(built):
    found = built.rows(
        "select item_id, n_shared, median_level, value_status from published.pub_maturity_items "
        "where instrument_version = 'ward-round-1' order by item_id"
    )
    assert found == [("w_1", 5, 7.0, "observed"), ("w_2", 5, 7.0, "observed")]


def test_an_instrument_with_levels_of_its_own_does_not_enter_a_drivers_maturity(built):
    """An item of the invented instrument belongs to a driver, with a level 7; no driver's median can be above 5."""
    assert built.rows("select max(median_level), max(n_shared) from published.pub_driver_maturity") == [(3.0, 6)]


def places_that_readers_see(workspace: Workspace) -> dict[str, str]:
    """Everything but raw/, as text: parquet and DuckDB files are packed, so their cells are written out too."""
    files = [path for path in workspace.base.rglob("*") if path.is_file() and not path.is_relative_to(workspace.raw)]
    found = {str(path): str(path) + path.read_bytes().decode("latin-1") for path in files}
    found |= {f"rows of {path}": pl.read_parquet(path).write_csv() for path in files if path.suffix == ".parquet"}
    found["lock"] = (workspace.raw / "lock.json").read_text()
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        names = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
        found |= {f"{s}.{n}": str(connection.execute(f"select * from {s}.{n}").fetchall()) for s, n in names}
    return found


def test_nothing_personal_leaves_the_raw_store(built, tmp_path):
    manifest = built.workspace.root / "target" / "manifest.json"
    candidate = release.build_candidate(built.workspace, manifest, "2026.1.0", "test")
    export(candidate)
    release.write_manifest(candidate, built.workspace, "test")
    places = places_that_readers_see(built.workspace)
    places["printed"] = built.printed
    assert len([name for name in places if "candidate" in name]) > 20
    for part in ("qmarker", "person@", "trust.example"):
        assert [name for name, text in places.items() if part in text.lower()] == []
    raw = built.workspace.raw / RETURNS
    assert any(MARKER.encode() in path.read_bytes() for path in raw.rglob("*") if path.is_file()), "the marker was sent"


def test_what_was_wrong_is_refused_or_rejected_and_told_without_quoting(built):
    notes = staging.already_staged(load_sources()[RETURNS], built.workspace)
    assert notes.count("refused") == 5 and notes.total("rows_rejected") >= 24
    assert "is not repeated here, because the file may hold personal data" in built.printed


def test_nobody_else_can_read_what_was_sent(built):
    workspace = built.workspace
    for folder in (workspace.raw, workspace.staged, workspace.rejected):
        assert (folder / RETURNS).stat().st_mode & 0o077 == 0
    files = [path for path in (workspace.raw / RETURNS).rglob("*") if path.is_file()]
    assert files and all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_whoever_must_write_back_finds_the_name(built):
    names = {path.read_text().strip() for path in (built.workspace.raw / RETURNS).rglob("received_as.txt")}
    assert {f"{MARKER}.json", f"{MARKER}.xlsx", "gone.csv"} <= names
