"""Large movements: refused without a reason, let through with one, and a reason for another release does not count."""

from __future__ import annotations

import shutil

import earlier
import pytest
import standin
from earlier import FIRST, SECOND, THIRD, change
from typer.testing import CliRunner

from pipelines.errors import Fault
from pipelines.release import commands, connect, examinations, reasons, run_gate
from pipelines.release.difference import account
from pipelines.release.gate import Examiner
from pipelines.release.movement import examination, explain, movements, movements_sql, read_limits
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.staging import fingerprint
from pipelines.store import explanations
from schemas import published

VALUES = "published.pub_measure_values"
NEW_FILE = (
    "insert into published.pub_source_status select * replace ('dddddddddddd' as vintage) "
    "from published.pub_source_status where source_id = 'rtt_full_extract' and outcome = 'accepted' limit 1"
)
ENGLAND = f"update {VALUES} set value = value + {{}} where measure_id = 'm1' and org_code = 'ENG'"
REASON = "The publisher counts waits from the referral now."


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A workspace in which the first release is served, and a new file of the measures' source has come since."""
    place = standin.workspace(tmp_path_factory.mktemp("home"))
    earlier.candidate(place, FIRST)
    earlier.serve(place, FIRST)
    change(place, NEW_FILE)
    return place


@pytest.fixture
def place(before, tmp_path):
    """A copy of it to change."""
    shutil.copytree(before.root, tmp_path / "home", symlinks=True)
    return Workspace(tmp_path / "home", "synthetic")


def asked(folder) -> list[tuple]:
    """What needs a reason, and the reason."""
    with connect(folder / DUCKDB_FILE) as connection:
        return [(row["indicator_id"], row["movement"], row["explanation"]) for row in movements(connection)]


TENTH = f"delete from {VALUES} where measure_id = '{{}}' and org_code in (select 'R' || i from range({{}}) as t(i))"
QUARTER = (
    f"update {VALUES} set value = value + 1 where measure_id = '{{}}' "
    "and org_code in (select 'R' || i from range({}) as t(i))"
)
OTHER_PERIOD = f"update {VALUES} set period_key = '2025-26' where measure_id = 'm6'"
MOVED = {
    # Five points are the limit for a percentage.
    "m0": (f"update {VALUES} set value = value + 5 where measure_id = 'm0' and org_code = 'ENG'", []),
    "m1": (ENGLAND.format(5.5), ["England moved by +5.5 (percent), limit 5"]),
    # Every tenth figure is suppressed. Of 121 rows, 30 are 24.8 %, and 31 are 25.6 %.
    "m2": (QUARTER.format("m2", 33), []),
    "m3": (QUARTER.format("m3", 34), ["25.6 % of the values are revised, limit 25 %"]),
    # Of 120 organisations, 12 are 10 %, and 13 are 10.8 %.
    "m4": (TENTH.format("m4", 12), []),
    "m5": (TENTH.format("m5", 13), ["10.8 % of the organisations are gone, limit 10 %"]),
    # One period in place of the only one.
    "m6": (OTHER_PERIOD, []),
    "m7": (
        f"delete from {VALUES} where measure_id = 'm7'",
        ["100 % of the organisations are gone, limit 10 %", "100 % of the periods are gone, limit 10 %"],
    ),
    # No file of the staff survey has come.
    "d1": (
        "update published.pub_driver_evidence set score = 61 where driver_id = 'd1' and org_code = 'R1'",
        ["rows that differ, and nothing on record says why: 1"],
    ),
    # Figures that rest on self-assessments need no reason.
    "d2": ("update published.pub_driver_maturity set median_level = 1 where driver_id = 'd2'", []),
}


@pytest.fixture(scope="module")
def moved(before, tmp_path_factory):
    """A workspace whose candidate has all these movements at once."""
    root = tmp_path_factory.mktemp("moved") / "home"
    shutil.copytree(before.root, root, symlinks=True)
    place = Workspace(root, "synthetic")
    change(place, *(statement for statement, _ in MOVED.values()))
    earlier.candidate(place, SECOND)
    return place


@pytest.mark.parametrize("indicator", MOVED)
def test_what_needs_a_reason(moved, indicator):
    found = [movement for subject, movement, _ in asked(moved.candidate) if subject == indicator]
    assert found == MOVED[indicator][1]


def test_huge_movement_is_refused_then_explained_then_passes(place, tmp_path, monkeypatch):
    """The explanation takes effect when the candidate is built again, and readers see it; who wrote it, they do not."""
    assert examinations.last_release in examinations.MAKERS
    monkeypatch.setattr(examinations, "MAKERS", (examinations.last_release,))
    change(place, ENGLAND.format(40))
    folder = standin.candidate(place, SECOND)
    refused = run_gate(place)
    assert [check.check_id for check in refused.checks if check.outcome == "failed"] == ["movement:all indicators"]
    assert "indicator_id m1" in refused.faults[0].found
    assert "impact release explain" in refused.faults[0].todo
    assert account(folder)[-1] == "needs a reason: m1 in pub_measure_values: England moved by +40 (percent), limit 5"
    explain([place, Workspace(place.root, "published")], "m1", f" {REASON} ", "Someone")
    folder = standin.candidate(place, SECOND)
    with connect(folder / DUCKDB_FILE) as connection:
        ((check, fault),) = Examiner(connection, SECOND, tmp_path).examine(examination())
    assert (check.outcome, fault) == ("passed", None)
    told = earlier.rows(folder, "select explanation from pub_release_changes where indicator_id = 'm1'")
    assert told == [(REASON,)]
    assert b"Someone" not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_commands_list_what_is_asked_and_take_the_reason_down(moved, tmp_path, monkeypatch):
    shutil.copytree(moved.root, tmp_path / "home", symlinks=True)
    monkeypatch.setenv("IMPACT_HOME", str(tmp_path / "home"))
    listed = CliRunner().invoke(commands.app, ["difference"]).stdout
    assert "needs a reason: m5 in pub_measure_values: 10.8 % of the organisations are gone, limit 10 %" in listed
    words = ["explain", "--indicator", "m5", "--reason", REASON, "--by", "Someone"]
    assert CliRunner().invoke(commands.app, words).exit_code == 0
    (written,) = explanations.read(Workspace(tmp_path / "home", "synthetic"))
    assert (written.release_from, written.indicator_id, written.reason, written.by) == (FIRST, "m5", REASON, "Someone")


def test_reason_for_another_step_does_not_count(place):
    change(place, ENGLAND.format(40))
    explanations.record(place, "2025.9.0", "m1", REASON, "Someone")
    explanations.record(place, FIRST, "m2", REASON, "Someone")
    assert asked(earlier.candidate(place, SECOND))[0][-1] is None
    explanations.record(place, FIRST, "m1", REASON, "Someone")
    assert asked(earlier.candidate(place, SECOND))[0][-1] == REASON
    earlier.serve(place, SECOND)
    change(place, ENGLAND.format(-40), NEW_FILE.replace("dddddddddddd", "eeeeeeeeeeee"))
    assert asked(earlier.candidate(place, THIRD)) == [("m1", "England moved by -40 (percent), limit 5", None)]


@pytest.mark.parametrize(
    ("indicator", "reason", "found"),
    [
        pytest.param("m1", "  ", "no reason", id="no reason"),
        pytest.param("m2", REASON, "no candidate asks for a reason for `m2`", id="nothing to explain"),
    ],
)
def test_reason_that_nobody_asked_for_is_not_taken_down(moved, indicator, reason, found):
    with pytest.raises(Fault) as raised:
        explain([moved], indicator, reason, "Someone")
    assert raised.value.found == found
    assert explanations.read(moved) == []


def test_without_a_refused_candidate_there_is_nothing_to_explain(place):
    with pytest.raises(Fault) as raised:
        explain([place], "m1", REASON, "Someone")
    assert raised.value.expected == "a candidate that was refused"


def test_written_reason_makes_another_release(place):
    without = fingerprint(place, [])
    explanations.record(place, FIRST, "m1", REASON, "Someone")
    assert fingerprint(place, []) != without


def test_limit_of_nothing_lets_nothing_through(moved):
    limits = read_limits() | {"england": {"percent": 0}, "revised_percent": 0}
    found = earlier.rows(moved.candidate, movements_sql(limits))
    assert [row[2] for row in found if row[1] == "m0"] == [
        "0.826 % of the values are revised, limit 0 %",
        "England moved by +5 (percent), limit 0",
    ]


def test_what_was_announced_to_go_needs_no_reason(place, monkeypatch):
    monkeypatch.setattr(reasons, "going", lambda: frozenset({"m7"}))
    change(place, MOVED["m7"][0])
    folder = earlier.candidate(place, SECOND)
    found = earlier.rows(folder, "select distinct reason from pub_release_changes where indicator_id = 'm7'")
    assert found == [("deprecation",)]
    assert asked(folder) == []


def test_every_unit_has_a_limit():
    """The units that dim_measure promises, in the words of its promise."""
    words = published.table("dim_measure").column("unit").meaning
    assert set(words.replace(" or ", ", ").split(", ")) == set(read_limits()["england"])
