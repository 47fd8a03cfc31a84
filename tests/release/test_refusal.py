"""Every kind of rule is shown failing on bad data, and holds the release back while the last good one is served."""

from __future__ import annotations

import shutil

import duckdb
import polars as pl
import pytest
import standin

from pipelines.errors import Fault
from pipelines.release import examinations, promote, rules, run_gate
from pipelines.release.differencing import CELLS
from pipelines.release.examinations import read_gate_policy
from pipelines.release.gate import GateResult
from pipelines.release.rules import ADVICE, Examination, Rule
from pipelines.release.waivers import Waiver, waive
from pipelines.release.why import read_words, why
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store import shown
from tests.release.test_gate import PERSONS

POLICY = read_gate_policy()
LAST, VERSION = "2026.1.0", "2026.2.0"
STRUCTURE = {"promised_columns": "alter table pub_driver_evidence drop column score"}
"""All else presumes it, so it fails alone."""
SPOILED = {
    "completeness": "insert into pub_measure_values from (select * replace ('2023-24' as period_key) "
    "from pub_measure_values where measure_id = 'm1' and org_code = 'R0')",
    "consent_minimum": "update pub_maturity_items set n_shared = 4 where item_id = 'i1'",
    "differencing": "update pub_maturity_items set n_shared = 21 where item_id = 'i0'",
    "freshness": "update dim_source set next_due_on = date '2026-01-01'",
    "hidden_value": "update pub_measure_values set value = 5 where value_status = 'suppressed'",
    "known_reference": "delete from dim_organisation where org_code = 'R7'",
    "least_rows": "delete from pub_theory_of_change where from_id = 'd0' and to_id = 's1'",
    "leak": "comment on table dim_driver is 'ask jo@trust.example'",
    "metadata": "update dim_measure set rationale = ' ' where measure_id = 'm3'",
    "newest_period": "update pub_measure_values set period_end = date '2020-03-31' where measure_id = 'm2'",
    "not_null": "update pub_driver_evidence set org_code = null where org_code = 'R1' and driver_id = 'd1'",
    "one_row": "insert into release_info from release_info",
    "order": "update pub_driver_outcome_association set rho_low = 0.4 where rho is not null",
    "person_count": "update pub_measure_values set numerator = 3 where measure_id = 'm0' and org_code = 'R5'",
    "portable_types": "alter table dim_driver add column total hugeint",
    "range": "update pub_driver_evidence set score = -1 where org_code = 'R0'",
    "required_source": "update pub_source_status set outcome = 'refused' where source_id = 'rtt_full_extract'",
    "review_date": "update dim_measure set review_date = date '2026-11-21' where measure_id = 'm4'",
    "rows_since_last": "delete from pub_suspected_defects",
    "shown_value": "update pub_measure_values set value = null where measure_id = 'm5'",
    "stamp": "update fct_cqc_ratings set release_id = '2026.1.0' where location_code = 'R1'",
    "trust_coverage": "delete from pub_measure_values where substr(org_code, 2, 1) in ('8', '9', '6', '4', '3')",
    "unique_key": "insert into dim_driver from dim_driver limit 1",
    "vocabulary": "update fct_cqc_ratings set value_status = 'hidden' where location_code = 'R2'",
    "withheld_value": "update fct_survey_results set value = 5 where value_status = 'withheld'",
}
"""By kind of rule: a statement that makes it fail."""
FILES = {
    "page": ("site/index.html", "<html><head><title>x</title></head><body>SYNTHETIC</body></html>"),
    "synthetic_mark": ("csv/dim_driver.csv", "driver_id\r\n"),
    "workbook": ("workbook/x_SYNTHETIC.xlsx", None),
}
"""By kind of rule: a file that makes it fail; None is a workbook of one empty sheet."""
ELSEWHERE = {
    "movement": "tests/release/test_movement.py",
    "schema_promise": "tests/release/test_promises.py",
}
"""Kinds that have a suite of their own for want of a place here."""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Workspace:
    """A candidate after a served release."""
    made = standin.workspace(tmp_path_factory.mktemp("home"))
    standin.published_release(made, LAST)
    standin.candidate(made, VERSION)
    return made


@pytest.fixture
def place(home, tmp_path) -> Workspace:
    """A home of its own, to be spoiled."""
    shutil.copytree(home.root, tmp_path / "home", symlinks=True)
    return Workspace(tmp_path / "home", home.origin)


@pytest.fixture(scope="module")
def spoiled(home, tmp_path_factory):
    """Everything is wrong at once, and judged as if it were of real data with counts of persons."""
    root = tmp_path_factory.mktemp("spoiled") / "home"
    shutil.copytree(home.root, root, symlinks=True)
    place = Workspace(root, home.origin)
    remember(place)
    spoil(place, SPOILED.values())
    write(place)
    policy = read_gate_policy()
    policy["freshness"]["asked_of"] = ["synthetic"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipelines.release.gate.read_gate_policy", lambda: policy)
        patched.setattr(examinations, "load_sources", lambda: PERSONS)
        result, folder = refused(place)
    return place, result, folder


def spoil(place: Workspace, statements) -> None:
    with duckdb.connect(str(place.candidate / DUCKDB_FILE)) as writer:
        for statement in statements:
            writer.execute(statement)


def write(place: Workspace) -> None:
    for name, text in FILES.values():
        path = place.candidate / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            from xlsxwriter import Workbook

            Workbook(str(path)).close()
        else:
            path.write_text(text)


def remember(place: Workspace) -> None:
    """As if the last release had counted one organisation more behind one figure."""
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        cells = connection.execute(f"select * from {CELLS} where group_key = 'v1|2026|i0'").pl()
    more = cells.head(1).with_columns(member_key=pl.lit("S") + pl.col("member_key"))
    shown.folder(place).mkdir(parents=True, exist_ok=True)
    pl.concat([cells, more]).select(shown.COLUMNS.names()).write_parquet(shown.folder(place) / f"{LAST}.parquet")


def failed(result) -> set[str]:
    return {check.check_id.partition(":")[0] for check in result.checks if check.outcome == "failed"}


def refused(place: Workspace):
    result = run_gate(place)
    assert not result.passed
    with pytest.raises(promote.Refused) as caught:
        promote.refuse(place.candidate, result, place)
    return result, caught.value.folder


def test_no_kind_of_rule_is_without_a_bad_example():
    assert {*STRUCTURE, *SPOILED, *FILES} | {*ELSEWHERE} >= set(ADVICE)
    assert {*STRUCTURE, *SPOILED, *FILES} <= set(ADVICE)


def test_every_kind_of_rule_fails_on_bad_data_and_the_last_release_stays(spoiled):
    place, result, folder = spoiled
    assert failed(result) == {*SPOILED, *FILES}
    assert promote.current_release(place).name == LAST
    assert {path.name for path in folder.iterdir()} == {"gate.json", "reasons.txt", "why.md"}


def test_a_broken_structure_is_refused_by_itself(place):
    spoil(place, STRUCTURE.values())
    result, _ = refused(place)
    assert failed(result) == {"promised_columns"}
    assert promote.current_release(place).name == LAST


def test_a_table_that_nobody_promised_is_refused(place):
    """It would have no rules."""
    spoil(place, ["create table pub_more as select * from pub_maturity_responses"])
    result, folder = refused(place)
    assert failed(result) == {"promised_columns"}
    assert "table_name pub_more" in (folder / "why.md").read_text()


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_no_number_is_no_figure(place, monkeypatch, value):
    """To pandas it is as good as null, so that no other rule sees it."""
    spoil(place, [f"update pub_measure_values set value = '{value}'::double where value_status = 'suppressed'"])
    monkeypatch.setattr(examinations, "MAKERS", (lambda candidate: [rules.numbers()],))
    result, _ = refused(place)
    assert [check.check_id for check in result.checks if check.outcome == "failed"] == ["range:pub_measure_values"]


def test_an_address_in_the_reason_of_a_waiver_is_a_leak(place, monkeypatch):
    """The reason is released with the gate's account, which is written while the gate looks."""
    monkeypatch.setattr(examinations, "MAKERS", (examinations.indicators, examinations.leaks))
    spoil(place, [SPOILED["review_date"]])
    day = standin.BUILT_AT.date()
    waive(place, [Waiver("review_date:m4", "ask jo@trust.example", "J", day, day)], POLICY["waivers"], ADVICE)
    result, _ = refused(place)
    found = {check.check_id: check.found for check in result.checks if check.outcome == "failed"}
    assert "review_date:m4" not in found
    assert "evidence/data_docs/index.html" in found["leak:email"] and "gate.json" in found["leak:email"]


def test_why_is_told_in_plain_words_and_in_order_of_importance(spoiled):
    _, result, folder = spoiled
    opening, *reasons, last = (folder / "why.md").read_text().split("\n## ")
    assert "# Why release 2026.2.0 was not made" in opening
    assert "**Still in service:** release 2026.1.0, since " in opening
    assert len(reasons) == len(failed(result))
    first = reasons[0]
    assert first.startswith("1. Something confidential or personal stands in a file of the release")
    assert "- **Found:** email: times 1, where found nhs_impact_warehouse.duckdb: dim_driver (comment)." in first
    assert "**Waiver:** none; this must be mended." in first
    second = next(reason for reason in reasons if "m3.rationale" in reason)
    assert "An indicator has not been assured" in second and "empty fields rationale" in second
    assert "the head of profession may let it through" in second
    for part in ("**What should hold:**", "**What is likely:**", "**What to do:**", "**Who can do it:**"):
        assert all(part in reason for reason in reasons)
    (command,) = [line for line in last.splitlines() if "impact release waive" in line]
    assert (
        "freshness:rtt_full_extract" in command and "'trust_coverage:open trusts'" in command and "leak:" not in command
    )
    assert "`leak:email`" in last and "`leak:email`" not in opening + "".join(reasons)
    assert "jo@trust.example" not in opening + "".join(reasons) + last


def test_many_cases_of_one_reason_stay_within_a_page(place):
    fault = Fault("where", "found", "expected", "likely", "todo")
    names = [f"metadata:m{number}.risks" for number in range(27)]
    result = GateResult(VERSION, (), (fault,) * 27, tuple(names), ())
    reason = why(result, place, None, standin.BUILT_AT).split("\n## ")[1]
    assert reason.count("**Found:**") == 8 and "and 19 more" in reason
    assert len(reason.splitlines()) < 50


def test_every_kind_of_rule_has_plain_words_once():
    kinds = [kind for words in read_words() for kind in words["kinds"]]
    assert len(kinds) == len(set(kinds))
    assert set(ADVICE) | set(ELSEWHERE) == set(kinds)


def test_two_looks_at_one_candidate_leave_the_same_bytes(place, monkeypatch):
    spoil(place, [SPOILED["range"]])
    monkeypatch.setattr(examinations, "MAKERS", (examinations.indicators, examinations.disclosure, driver_evidence))

    def written() -> dict[str, bytes]:
        run_gate(place)
        evidence = place.candidate / "evidence"
        kept = {path.name: path.read_bytes() for path in [*evidence.rglob("*.*"), place.candidate / "gate.json"]}
        shutil.rmtree(evidence)
        return kept

    first = written()
    assert "pub_driver_evidence.html" in first
    assert written() == first


def driver_evidence(candidate) -> list[Examination]:
    return [part for part in examinations.content(candidate) if part.name == "pub_driver_evidence"]


def test_makers_are_a_list_to_which_demands_are_added(place, monkeypatch):
    arguments = {"column": "moved", "value_set": [0]}
    rule = Rule("range", "all indicators", "nothing moves", "ExpectColumnValuesToBeInSet", arguments, by="name")

    def made(candidate) -> list[Examination]:
        return [Examination("moved", "select 'm1' as name, 1 as moved", (rule,), ("name",))]

    monkeypatch.setattr(examinations, "MAKERS", (made,))
    assert [check.check_id for check in run_gate(place).checks if check.outcome == "failed"] == ["range:m1"]
