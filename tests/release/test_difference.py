"""What a release says otherwise than the one before it: rows, reasons, and what is not told."""

from __future__ import annotations

import shutil

import duckdb
import earlier
import polars as pl
import pytest
import standin
from earlier import FIRST, SECOND, change, rows

from pipelines.release import connect
from pipelines.release.changes import FIRST as NONE_BEFORE
from pipelines.release.changes import summary
from pipelines.release.comparison import last_release, read_policy
from pipelines.release.differencing import FIGURES
from pipelines.settings import DUCKDB_FILE, Workspace
from schemas import published

VALUES = "published.pub_measure_values"
MATURITY = "published.pub_driver_maturity"
ASSOCIATION = "published.pub_driver_outcome_association"
BEFORE = (
    "update core.dim_measure set source_id = 'sickness_absence' where measure_id = 'm4'",
    "update core.dim_measure set source_id = 'cqc_location_ratings' where measure_id = 'm5'",
    "update core.dim_measure set source_id = 'ods_trusts' where measure_id in ('m6', 'm7', 'm8')",
    f"update {ASSOCIATION} set basis = 'staff_survey_evidence', measure_id = 'm6' where exposure_id = 'd1'",
    f"update {VALUES} set value_status = 'missing' where measure_id = 'm6' and org_code = 'R29'",
    f"insert into {MATURITY} select * exclude (code) replace (code as org_code, 'Trust' as org_name) "
    f"from {MATURITY}, (values ('R0'), ('R1')) as named(code) where driver_id = 'd0'",
    f"update {MATURITY} set median_level = null, n_shared = null, share_at_or_above_3 = null, "
    "value_status = 'suppressed' where driver_id = 'd2'",
)
SINCE = {
    "correction": (
        "insert into published.pub_corrections select * replace ('another' as correction_id, "
        "'sickness_absence' as source_id) from published.pub_corrections",
        f"update {VALUES} set value = 50 where measure_id = 'm4' and org_code = 'R1'",
    ),
    "publishers_revision": (
        "insert into published.pub_source_status select * replace ('dddddddddddd' as vintage) "
        "from published.pub_source_status where source_id = 'rtt_full_extract' and outcome = 'accepted' limit 1",
        f"update {VALUES} set value = 2.7 where measure_id = 'm0' and org_code = 'R2'",
    ),
    "judged_together": (f"update {ASSOCIATION} set q_value = 0.03 where measure_id = 'm6'",),
    "decision": (
        "update published.pub_source_status set outcome = 'dropped', decision = 'drop', decision_reason = 'wrong' "
        "where source_id = 'cqc_location_ratings' and edition = '2023'",
        f"delete from {VALUES} where measure_id = 'm5' and org_code = 'R3'",
    ),
    "new_period": (
        f"insert into {VALUES} select * replace ('2025-26' as period_key) from {VALUES} "
        "where measure_id = 'm6' and org_code = 'R4'",
    ),
    "new_indicator": (
        "insert into core.dim_measure select * replace ('m9' as measure_id) from core.dim_measure limit 1",
        f"insert into {VALUES} select * replace ('m9' as measure_id) from {VALUES} "
        "where measure_id = 'm6' and org_code = 'R4' and period_key = '2024-25'",
    ),
    "organisation_change": (
        "insert into core.bridge_organisation_succession select * replace ('R7' as from_code, 'R8' as to_code) "
        "from core.bridge_organisation_succession",
        f"delete from {VALUES} where measure_id = 'm7' and org_code = 'R7'",
    ),
    "method": (
        "update core.dim_measure set exposure = 'beds' where measure_id = 'm8'",
        f"update {VALUES} set value = 9.5 where measure_id = 'm8' and org_code = 'R1'",
    ),
    "unexplained": (
        f"update {VALUES} set value = 61 where measure_id = 'm6' and org_code = 'R0'",
        f"update {VALUES} set value = value * (1 + 1e-13) where measure_id = 'm6' and org_code = 'R10'",
        f"update {VALUES} set value = 0, value_status = 'observed' where measure_id = 'm6' and org_code = 'R29'",
        f"update {VALUES} set value = null, numerator = null, value_status = 'suppressed' "
        "where measure_id = 'm6' and org_code = 'R11'",
    ),
    "self_assessments": (
        f"delete from {MATURITY} where org_code = 'R0'",
        f"update {MATURITY} set median_level = 4 where org_code = 'R1'",
        f"update {MATURITY} set median_level = 3.5 where driver_id = 'd1'",
        f"update {MATURITY} set median_level = 2, n_shared = 20, value_status = 'observed' where driver_id = 'd2'",
        f"update {MATURITY} set median_level = null, n_shared = null, value_status = 'suppressed' "
        "where driver_id = 'd3'",
    ),
}


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A workspace in which the first release is served."""
    place = standin.workspace(tmp_path_factory.mktemp("home"))
    change(place, *BEFORE)
    earlier.candidate(place, FIRST)
    earlier.serve(place, FIRST)
    return place


@pytest.fixture
def place(before, tmp_path):
    """A copy of it to change."""
    shutil.copytree(before.root, tmp_path / "home", symlinks=True)
    return Workspace(tmp_path / "home", "synthetic")


@pytest.fixture(scope="module")
def later(before, tmp_path_factory):
    """The candidate of the second release, in which something changed for each reason."""
    root = tmp_path_factory.mktemp("later") / "home"
    shutil.copytree(before.root, root, symlinks=True)
    place = Workspace(root, "synthetic")
    for statements in SINCE.values():
        change(place, *statements)
    return earlier.candidate(place, SECOND)


def revisions(folder) -> pl.DataFrame:
    return pl.read_parquet(folder / "revisions_SYNTHETIC.parquet")


def cells(folder, table: str) -> dict[tuple[str, str | None, str | None], tuple]:
    """By indicator, organisation and column: old, new, change and reason."""
    found = revisions(folder).filter(pl.col("table_name") == table)
    told = found.select("indicator_id", "org_code", "column_name", "old_value", "new_value", "change", "reason").rows()
    return {row[:3]: row[3:] for row in told}


def test_each_row_that_differs_is_told_with_old_new_and_reason(later):
    assert cells(later, "pub_measure_values") == {
        ("m0", "R2", "value"): ("0.2", "2.7", "revised", "publishers_revision"),
        ("m4", "R1", "value"): ("48.1", "50.0", "revised", "correction"),
        ("m5", "R3", "value"): ("60.3", None, "removed", "decision"),
        ("m6", "R0", "value"): ("72.0", "61.0", "revised", "unexplained"),
        ("m6", "R4", "value"): (None, "72.4", "added", "new_period"),
        # A null that becomes zero is a revision; what is suppressed now is not repeated from before.
        ("m6", "R29", "value"): (None, "0.0", "revised", "unexplained"),
        ("m6", "R29", "value_status"): ("missing", "observed", "revised", "unexplained"),
        ("m6", "R11", "value"): (None, None, "revised", "unexplained"),
        ("m6", "R11", "numerator"): (None, None, "revised", "unexplained"),
        ("m6", "R11", "value_status"): (None, "suppressed", "revised", "unexplained"),
        ("m7", "R7", "value"): ("84.7", None, "removed", "organisation_change"),
        ("m8", "R1", "value"): ("1.0", "9.5", "revised", "method"),
        ("m9", "R4", "value"): (None, "72.4", "added", "new_indicator"),
    }


def test_of_self_assessments_only_what_is_shown_is_told_and_under_one_word(later):
    """Neither the organisation that is no longer named, nor the cell that is suppressed now, leaves a trace.

    Nor does the earlier answer of one that is named: it may have been withdrawn.
    """
    assert cells(later, "pub_driver_maturity") == {
        ("d0", "R1", "median_level"): (None, "4.0", "changed", "self_assessments"),
        ("d1", None, "median_level"): ("3.0", "3.5", "changed", "self_assessments"),
        ("d2", None, "median_level"): (None, "2.0", "changed", "self_assessments"),
        ("d2", None, "n_shared"): (None, "20", "changed", "self_assessments"),
    }
    told = revisions(later).filter(pl.col("reason") == "self_assessments")
    assert told["old_status"].drop_nulls().is_empty()
    sums = "select indicator_id, n_rows, n_organisations from pub_release_changes where reason = 'self_assessments'"
    assert rows(later, f"{sums} order by all") == [
        ("d0", 1, None),
        ("d1", 1, None),
        ("d2", 1, None),
    ]


def test_no_word_tells_arrival_from_withdrawal(later):
    text = (later / "revisions_SYNTHETIC.csv").read_text() + str(
        rows(later, "select * from pub_release_changes where reason = 'self_assessments'")
    )
    assert not [word for word in ("withdr", "consent") if word in text]


def test_numbers_stand_in_columns_of_their_own_and_lines_end_as_rfc_4180_wants(later):
    found = revisions(later).filter(pl.col("indicator_id") == "m4").row(0, named=True)
    assert (found["old_number"], found["new_number"]) == (48.1, 50.0)
    assert found["row_key"] == "measure_id m4, org_code R1, period_type financial_year, period_key 2024-25"
    assert (found["release_from"], found["release_to"], found["data_origin"]) == (FIRST, SECOND, "SYNTHETIC")
    raw = (later / "revisions_SYNTHETIC.csv").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") == revisions(later).height + 1


def test_sum_tells_rows_organisations_and_the_largest_movement(later):
    columns = "n_rows, n_values, n_organisations, largest_movement, unit, release_from, sentence"
    (found,) = rows(
        later,
        f"select {columns} from pub_release_changes "
        "where table_name = 'pub_measure_values' and indicator_id = 'm6' and reason = 'unexplained'",
    )
    assert found == (
        3,
        3,
        3,
        -11.0,
        "percent",
        FIRST,
        "m6 in pub_measure_values: 3 rows of 3 organisations are revised, and nothing on record says why. "
        "The largest movement is -11, in measure_id m6, org_code R0, period_type financial_year, period_key 2024-25.",
    )


def test_summary_has_a_sentence_for_each_reason(later):
    with connect(later / DUCKDB_FILE) as connection:
        told = summary(connection)
    assert len(told) == len(SINCE)
    assert "1 row of 1 indicator or table differs from release 2026.1.0, because the period is new." in told


def test_first_release_has_nothing_to_be_compared_with(before):
    folder = before.releases / FIRST
    assert rows(folder, "from pub_release_changes") == []
    assert revisions(folder).height == 0
    with connect(folder / DUCKDB_FILE) as connection:
        assert summary(connection) == [NONE_BEFORE]


def test_release_without_any_difference_says_so(place):
    folder = earlier.candidate(place, SECOND)
    assert rows(folder, "select change, n_rows, sentence from pub_release_changes") == [
        ("unchanged", 0, "No row differs from the last release.")
    ]
    with connect(folder / DUCKDB_FILE) as connection:
        assert summary(connection) == [f"No row differs from release {FIRST}."]


def test_other_code_is_the_reason_only_where_no_file_changed(place):
    change(place, *SINCE["publishers_revision"], *SINCE["unexplained"])
    folder = earlier.candidate(place, SECOND, code="def5678")
    assert cells(folder, "pub_measure_values")["m6", "R0", "value"][-1] == "method"
    assert cells(folder, "pub_measure_values")["m0", "R2", "value"][-1] == "publishers_revision"


def test_what_is_judged_together_moves_with_the_files_of_others_and_with_nothing_else(place):
    """q of a measure whose files are the same: it is adjusted for all tests, of which one has a new p."""
    change(place, *SINCE["judged_together"], f"update {ASSOCIATION} set n = 101 where measure_id = 'm6'")
    told = ("pub_driver_outcome_association", ("m6", None, "q_value"), ("m6", None, "n"))
    found = cells(earlier.candidate(place, SECOND), told[0])
    assert [found[key][-1] for key in told[1:]] == ["unexplained", "unexplained"]
    change(place, *SINCE["publishers_revision"])
    found = cells(earlier.candidate(place, SECOND), told[0])
    assert [found[key][-1] for key in told[1:]] == ["judged_together", "unexplained"]


def test_table_that_is_new_is_the_reason_of_its_rows(place):
    with duckdb.connect(str(place.releases / FIRST / DUCKDB_FILE)) as writer:
        writer.execute("drop table pub_national_context")
    found = cells(earlier.candidate(place, SECOND), "pub_national_context")
    assert {told[-2:] for told in found.values()} == {("added", "new_table")}


def test_column_that_is_missing_is_left_to_the_gate(place):
    """It compares what both have, and does not fall over."""
    change(place, "alter table core.dim_measure drop column unit", *SINCE["decision"])
    folder = earlier.candidate(place, SECOND)
    assert cells(folder, "pub_measure_values")["m5", "R3", "value"] == ("60.3", None, "removed", "unexplained")


def test_row_of_which_nothing_but_its_sentence_changed_does_not_differ(place):
    change(place, f"update {MATURITY} set sentence = 'Other words.'")
    assert revisions(earlier.candidate(place, SECOND)).height == 0


def test_correction_is_held_against_the_release_it_corrects(place):
    earlier.candidate(place, SECOND)
    served = earlier.serve(place, SECOND)
    assert last_release(place, "2026.1.1") == place.releases / FIRST
    assert last_release(place, "2026.3.0") == served
    assert last_release(Workspace(place.root, "published"), "2026.3.0") is None


def test_two_builds_give_the_same_bytes(place):
    change(place, *SINCE["unexplained"], *SINCE["self_assessments"])
    names = ("revisions_SYNTHETIC.csv", "revisions_SYNTHETIC.parquet")
    folders = (earlier.candidate(place, SECOND) for _ in range(2))
    first, second = ([(folder / name).read_bytes() for name in names] for folder in folders)
    assert first == second


def test_two_hundred_thousand_revised_rows_are_each_told(place):
    """Written straight into the release that is served; R1 of m0 is 0.1 there, and 1.1 now."""
    many = (
        "insert into {} select v.* replace ('X' || i as period_key, {} as value) from {} as v, range(200000) as t(i) "
        "where v.measure_id = 'm0' and v.org_code = 'R1'"
    )
    with duckdb.connect(str(place.releases / FIRST / DUCKDB_FILE)) as writer:
        writer.execute(many.format("pub_measure_values", 0.1, "pub_measure_values"))
    change(place, many.format(VALUES, 1.1, VALUES))
    found = revisions(earlier.candidate(place, SECOND)).filter(pl.col("table_name") == "pub_measure_values")
    assert found.select("old_number", "new_number").unique().rows() == [(0.1, 1.1)]
    assert found["row_key"].n_unique() == 200_000


def test_every_published_table_is_compared_or_is_the_comparison():
    compared = {table.name for table in read_policy().tables}
    promised = {table.name for table in published.TABLES if table.name.startswith("pub_")}
    assert promised - compared == {"pub_release_changes"}
    assert all(table.promise.key for table in read_policy().tables)


def test_every_table_that_rests_on_self_assessments_is_known_as_such():
    known = {table.name for table in read_policy().tables if table.self_assessments}
    assert known >= {*FIGURES, "pub_maturity_responses"}


def test_every_reason_has_words():
    assert tuple(read_policy().reasons) == published.CHANGE_REASONS
