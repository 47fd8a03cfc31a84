"""The gate: good data pass, and each rule refuses the bad data it is there for."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from types import SimpleNamespace

import duckdb
import pytest
import standin

from pipelines.errors import Fault
from pipelines.release import connect, publish, run_gate, write_manifest
from pipelines.release.disclosure_rules import consent, person_counts
from pipelines.release.examinations import read_gate_policy
from pipelines.release.gate import Examiner, last_row_counts
from pipelines.release.indicator_rules import completeness, freshness, newest_periods
from pipelines.release.pagecheck import page_faults
from pipelines.release.rules import ADVICE, Examination, content, structure, volume
from pipelines.release.waivers import Waiver, waive
from pipelines.settings import DUCKDB_FILE, Workspace
from schemas import published

LAST, VERSION = "2026.1.0", "2026.2.0"
FALL = "rows_since_last:pub_suspected_defects"
REASON = "the publisher mended it"
DAY = standin.BUILT_AT.date()
POLICY = read_gate_policy()
PERSONS = {
    "some_source": SimpleNamespace(
        disclosure=SimpleNamespace(is_of_persons=True, hide_up_to=7, round_to=5),
        measures=(SimpleNamespace(measure_id="m0"),),
    )
}
"""A source whose counts are of persons: 1 to 7 are hidden, others rounded to the nearest 5."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A good candidate after a served release of which one table has lost its rows."""
    made = standin.workspace(tmp_path_factory.mktemp("home"))
    standin.published_release(made, LAST)
    with duckdb.connect(str(made.warehouse)) as writer:
        writer.execute("delete from published.pub_suspected_defects")
    standin.candidate(made, VERSION)
    waiver = Waiver(FALL, REASON, "head of profession", DAY, DAY + dt.timedelta(days=30))
    waive(made, [waiver], POLICY["waivers"], ADVICE)
    return made


@pytest.fixture(scope="module")
def verdict(place):
    return run_gate(place)


@pytest.fixture
def examine(place, tmp_path):
    """The faults of some examinations, by check, on the good candidate after a statement has changed it."""

    def spoil(statement: str, examinations: list[Examination]) -> dict[str, Fault]:
        path = tmp_path / DUCKDB_FILE
        shutil.copy(place.candidate / DUCKDB_FILE, path)
        with duckdb.connect(str(path)) as writer:
            writer.execute(statement)
        with connect(path) as connection:
            examiner = Examiner(connection, VERSION, tmp_path)
            outcomes = [outcome for part in examinations for outcome in examiner.examine(part)]
        return {check.check_id: fault for check, fault in outcomes if fault}

    return spoil


def everything(last: dict[str, int] | None = None) -> list[Examination]:
    """All examinations of the tables of a candidate with as many rows as it promises."""
    now = {table.name: table.least_rows for table in published.TABLES}
    return [
        structure(),
        *content("synthetic", VERSION),
        *volume(now, last or {}),
        completeness(POLICY["completeness"]),
        newest_periods(POLICY["freshness"]),
        consent(POLICY["consent"]),
    ]


def examinations_of(check_id: str) -> list[Examination]:
    """Those with that check, or with the kind of it where each name that fails is a check of its own."""
    kind = check_id.partition(":")[0]
    return [
        part
        for part in everything()
        if any(rule.check_id == check_id or (rule.by and rule.kind == kind) for rule in part.rules)
    ]


def test_good_data_pass_every_check(verdict):
    assert [check for check in verdict.checks if check.outcome not in ("passed", "waived")] == []
    assert verdict.passed
    assert verdict.faults == ()


def test_every_check_has_its_own_name_and_its_words(verdict):
    ids = [check.check_id for check in verdict.checks]
    assert len(ids) == len(set(ids))
    assert {name.partition(":")[0] for name in ids} <= set(ADVICE)
    assert all(check.description for check in verdict.checks)


def test_rows_are_compared_with_the_served_release_of_the_same_origin(place):
    assert last_row_counts(place)["fct_cqc_ratings"] == 1000
    assert last_row_counts(Workspace(place.root, "published")) == {}
    assert last_row_counts(Workspace(place.root / "elsewhere", "synthetic")) == {}


def test_a_waiver_is_put_on_record(place, verdict):
    assert [(check.outcome, check.check_id) for check in verdict.checks if check.outcome != "passed"] == [
        ("waived", FALL)
    ]
    (kept,) = json.loads((place.candidate / "gate.json").read_text())["waivers"]
    assert kept == {
        "check_id": FALL,
        "reason": REASON,
        "given_on": "2026-11-22",
        "until": "2026-12-22",
    }
    index = (place.candidate / "evidence" / "data_docs" / "index.html").read_text()
    assert REASON in index and "2026-12-22" in index


def test_candidate_that_passed_can_be_published(place, verdict, tmp_path):
    home = standin.workspace(tmp_path)
    folder = shutil.copytree(place.candidate, home.candidate)
    write_manifest(folder, place, "f" * 64)
    assert publish(folder, home, VERSION).name == VERSION


def test_evidence_is_kept_with_the_candidate(place, verdict):
    kept = json.loads((place.candidate / "gate.json").read_text())
    assert kept["passed"] is True
    assert kept["release_id"] == VERSION
    assert len(kept["checks"]) == len(verdict.checks)
    report = json.loads((place.candidate / "evidence" / "pub_measure_values.json").read_text())
    assert report["success"] is True
    assert report["meta"].keys() == {"great_expectations_version"}


def test_data_docs_are_pages_like_any_other(place, verdict):
    """Rendered by Great Expectations, but usable by everybody, without a request to outside or a time of day."""
    docs = place.candidate / "evidence" / "data_docs"
    names = {path.stem for path in (place.candidate / "evidence").glob("*.json")}
    assert {path.stem for path in docs.glob("*.html")} == names | {"index"}
    assert page_faults(docs, is_synthetic=True) == []
    page = (docs / "pub_measure_values.html").read_text()
    assert "pub_measure_values.value in percent" not in page and "pub_measure_values has one row for each" in page
    assert "20261122T" not in page and "cdn" not in page


BAD = [
    pytest.param("drop table dim_period", "promised_columns:all tables", id="missing table"),
    pytest.param(
        "alter table pub_driver_evidence drop column score",
        "promised_columns:all tables",
        id="missing column",
    ),
    pytest.param(
        "alter table pub_source_status alter rows_read type double",
        "promised_columns:all tables",
        id="another type",
    ),
    pytest.param("alter table dim_driver add column total hugeint", "portable_types:all tables", id="hugeint"),
    pytest.param(
        "insert into pub_measure_values from pub_measure_values limit 1",
        "unique_key:pub_measure_values",
        id="repeated compound key",
    ),
    pytest.param(
        "insert into pub_driver_maturity from pub_driver_maturity limit 1",
        "unique_key:pub_driver_maturity",
        id="repeated key with nulls",
    ),
    pytest.param(
        "insert into dim_driver from dim_driver limit 1",
        "unique_key:dim_driver",
        id="repeated single key",
    ),
    pytest.param(
        "update pub_driver_evidence set org_code = null where org_code = 'R1' and driver_id = 'd1'",
        "not_null:pub_driver_evidence.org_code",
        id="null in a key",
    ),
    pytest.param(
        "update pub_driver_evidence set value_status = 'hidden', score = null where driver_id = 'd1'",
        "vocabulary:pub_driver_evidence.value_status",
        id="unknown status",
    ),
    pytest.param(
        "update fct_cqc_ratings set data_origin = 'published' where location_code = 'R1'",
        "stamp:all tables.data_origin",
        id="another origin",
    ),
    pytest.param(
        "update fct_cqc_ratings set release_id = '2026.1.0' where location_code = 'R1'",
        "stamp:all tables.release_id",
        id="another release",
    ),
    pytest.param(
        "update release_info set is_synthetic = false",
        "stamp:release_info.is_synthetic",
        id="synthetic data that do not say so",
    ),
    pytest.param("insert into release_info from release_info", "one_row:release_info", id="stamped twice"),
    pytest.param(
        "update pub_measure_values set value = 100.5 where measure_id = 'm0' and org_code = 'R0'",
        "range:pub_measure_values.value in percent",
        id="percent above 100",
    ),
    pytest.param(
        "update pub_measure_values set value = 10.5 where measure_id = 'm8' and org_code = 'R0'",
        "range:pub_measure_values.value in score",
        id="score above 10",
    ),
    pytest.param(
        "update pub_driver_evidence set score = -1 where org_code = 'R0'",
        "range:pub_driver_evidence.score",
        id="driver score below 0",
    ),
    pytest.param(
        "update pub_driver_outcome_association set rho_low = null, rho = -1.5, rho_high = null",
        "range:pub_driver_outcome_association.rho",
        id="rho outside -1 to 1",
    ),
    pytest.param(
        "update pub_driver_outcome_association set rho_low = 0.4 where rho is not null",
        "order:pub_driver_outcome_association.rho_low,rho",
        id="rho below its interval",
    ),
    pytest.param(
        "update pub_driver_outcome_association set rho_high = 0.2 where rho is not null",
        "order:pub_driver_outcome_association.rho,rho_high",
        id="rho above its interval",
    ),
    pytest.param(
        "update pub_measure_values set value = null where measure_id = 'm0'",
        "shown_value:pub_measure_values.value",
        id="observed without a value",
    ),
    pytest.param(
        "update pub_measure_values set value = 'nan' where measure_id = 'm0' and org_code = 'R0'",
        "shown_value:pub_measure_values.value",
        id="observed but not a number",
    ),
    pytest.param(
        "update pub_measure_values set value = 5 where value_status = 'suppressed'",
        "hidden_value:pub_measure_values.value",
        id="suppressed with a value",
    ),
    pytest.param(
        "update fct_survey_results set value = 5 where value_status = 'withheld'",
        "withheld_value:fct_survey_results.value",
        id="withheld with a value",
    ),
    pytest.param(
        "delete from dim_organisation where org_code = 'R7'",
        "known_reference:pub_measure_values.org_code",
        id="unknown organisation",
    ),
    pytest.param(
        "update pub_maturity_responses set sharing_scope = 'national_aggregate' where item_id = 'i1'",
        "vocabulary:pub_maturity_responses.sharing_scope",
        id="organisation that may not be named",
    ),
    pytest.param(
        "update pub_outcome_by_maturity_level set outcome_median = -4 where level = 1",
        "range:pub_outcome_by_maturity_level.outcome_median in percent",
        id="negative share that is no difference",
    ),
    pytest.param(
        "update pub_source_status set outcome = 'refused' where source_id = 'rtt_full_extract'",
        "required_source:accepted",
        id="required source without an accepted edition",
    ),
    pytest.param(
        "update pub_source_status set outcome = 'refused' where source_id = 'rtt_full_extract' and edition = '2024'",
        "required_source:newest",
        id="newest edition refused",
    ),
    pytest.param(
        "update pub_source_status set outcome = 'held' where source_id = 'rtt_full_extract' and edition = '2024'",
        "required_source:newest",
        id="newest edition held",
    ),
    pytest.param(
        "delete from pub_source_status where source_id = 'ods_trusts'",
        "required_source:accepted",
        id="required source that never came",
    ),
    pytest.param(
        "delete from pub_measure_values where substr(org_code, 2, 1) in ('1', '2')",
        "trust_coverage:open trusts",
        id="too few trusts",
    ),
    pytest.param(
        "update pub_maturity_items set n_shared = 4 where item_id = 'i1'",
        "consent_minimum:pub_maturity_items",
        id="figure of four organisations",
    ),
    pytest.param(
        # 120 of 2 x 120 cells, and one more.
        "insert into pub_measure_values from (select * replace ('2023-24' as period_key) from pub_measure_values "
        "where measure_id = 'm1' and org_code = 'R0')",
        "completeness:m1",
        id="year with one organisation",
    ),
    pytest.param(
        "update pub_measure_values set period_end = date '2024-03-29' where measure_id = 'm1'",
        "newest_period:m1",
        id="series that stopped more than a year before its source",
    ),
]


@pytest.mark.parametrize(("statement", "expected"), BAD)
def test_bad_data_are_refused(examine, statement, expected):
    assert expected in examine(statement, examinations_of(expected))


def test_what_the_promise_leaves_open_is_not_refused(examine):
    statements = (
        "alter table dim_driver add column driver_name varchar",
        "update pub_source_status set outcome = 'refused' where source_id = 'impact_self_assessment' "
        "and vintage = 'aaaaaaaaaaaa'",
        "update pub_outcome_by_maturity_level set is_difference = true, outcome_median = -4, outcome_median_low = -5, "
        "outcome_lower_quartile = -6 where level = 1",
        # The newest edition was wrong, and a person took it out of use.
        "update pub_source_status set outcome = 'dropped', decision = 'drop', decision_reason = 'another file' "
        "where source_id = 'rtt_full_extract' and edition = '2024'",
        "delete from pub_measure_values where org_code = 'R7'",
        # One in three of the cells is missing in the earlier of two years: five in six are there.
        "insert into pub_measure_values from (select * replace ('2023-24' as period_key) from pub_measure_values "
        "where measure_id = 'm1' and org_code <> 'ENG' and right(org_code, 1) not in ('3', '6', '9'))",
        "update pub_measure_values set period_start = date '2023-04-01', period_end = date '2024-03-30' "
        "where measure_id = 'm2'",
        "update pub_maturity_items set n_shared = 5 where item_id = 'i1'",
        "update pub_maturity_items set n_shared = 0 where item_id = 'i2'",
    )
    assert examine("; ".join(statements), everything()) == {}


def test_fault_names_the_rows_and_says_what_to_do(examine):
    check = "range:pub_measure_values.value in percent"
    statement = "update pub_measure_values set value = 684 where org_code = 'R7' and measure_id = 'm1'"
    fault = examine(statement, examinations_of(check))[check]
    assert fault.where == f"release {VERSION}, pub_measure_values.value in percent: range does not hold"
    for words in ("1 of 968 rows", "measure_id m1", "org_code R7", "value 684.0"):
        assert words in fault.found
    assert fault.expected.endswith("from 0 to 100")
    assert "unit" in fault.likely
    assert "sources/" in fault.todo


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        pytest.param(1000, {}, set(), id="no release to compare with"),
        pytest.param(999, {}, {"least_rows:all tables"}, id="fewer than promised"),
        pytest.param(1000, {"fct_cqc_ratings": 2000}, set(), id="half is kept"),
        pytest.param(1000, {"fct_cqc_ratings": 2001}, {"rows_since_last:fct_cqc_ratings"}, id="less than half is kept"),
        pytest.param(1000, {"gone": 1}, {"rows_since_last:gone"}, id="table is gone"),
        pytest.param(1000, {"empty": 0}, set(), id="table that was empty is gone"),
        pytest.param(1000, {"pub_release_changes": 500}, set(), id="less changed than the last time"),
    ],
)
def test_rows_are_held_to_the_promise_and_to_the_last_release(examine, now, last, expected):
    counts = {table.name: table.least_rows for table in published.TABLES} | {"fct_cqc_ratings": now}
    assert set(examine("checkpoint", volume(counts, last))) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # Monthly, due on 12 March 2026, and 62 days more.
        pytest.param(dt.date(2026, 5, 13), set(), id="last day"),
        pytest.param(dt.date(2026, 5, 14), {"freshness:rtt_full_extract"}, id="day after"),
    ],
)
def test_a_source_may_be_late_for_so_long(examine, day, expected):
    found = examine("checkpoint", [freshness(POLICY["freshness"], day)])
    assert set(found) == expected
    assert all("days more than allowed 1" in fault.found for fault in found.values())


@pytest.mark.parametrize(
    ("numerator", "expected"),
    [(0, set()), (10, set()), (7, {"numerator"}), (8, {"numerator"}), (12, {"numerator"}), (3, {"numerator"})],
)
def test_counts_of_persons_are_none_or_large_and_rounded(examine, numerator, expected):
    statement = (
        f"update pub_measure_values set numerator = {numerator} where org_code = 'R1';"
        "update pub_measure_values set numerator = 3 where org_code = 'ENG'"
    )
    found = examine(statement, person_counts(PERSONS))
    assert set(found) == {f"person_count:m0 in pub_measure_values.{part}" for part in expected}


def test_no_source_with_counts_of_persons_leaves_nothing_to_ask():
    assert person_counts({}) == []


def test_broken_structure_is_one_fault_and_the_rest_is_not_run(tmp_path):
    place = standin.workspace(tmp_path)
    with duckdb.connect(str(place.warehouse)) as writer:
        writer.execute("alter table published.pub_driver_evidence drop column score")
    standin.candidate(place, VERSION)
    result = run_gate(place)
    assert not result.passed
    assert len(result.faults) == 1
    assert "table_name pub_driver_evidence, column_name score" in result.faults[0].found.replace("; ", ", ")
    assert {check.outcome for check in result.checks} == {"failed", "not_run"}


def test_promises_are_consistent():
    names = [table.name for table in published.TABLES]
    assert len(names) == len(set(names))
    for table in published.TABLES:
        columns = [column.name for column in table.columns]
        assert len(columns) == len(set(columns))
        assert {*table.key, *(column for pair in table.ordered for column in pair)} <= set(columns)
        assert table.value is None or {table.value, "value_status"} <= set(columns)
        assert {column.type for column in table.columns} <= set(published.PORTABLE_TYPES)
