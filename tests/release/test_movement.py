"""Large movements: refused without a reason, let through with one, and a reason for another release does not count."""

from __future__ import annotations

import shutil

import earlier
import pytest
import standin
from earlier import FIRST, SECOND, THIRD, change

from pipelines.errors import Fault
from pipelines.release import connect, run_gate
from pipelines.release.difference import account
from pipelines.release.movement import explain, movements, movements_sql, read_limits
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.staging import fingerprint
from pipelines.store import explanations

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


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        # Five points are the limit for a percentage; England stands at 12.
        pytest.param(ENGLAND.format(5), [], id="England at the limit"),
        pytest.param(
            ENGLAND.format(5.5), [("m1", "England moved by +5.5 (percent), limit 5", None)], id="England above it"
        ),
        # Every tenth is suppressed. Of 121 rows, 30 are 24.8 %, and 31 are 25.6 %.
        pytest.param(
            f"update {VALUES} set value = value + 1 where measure_id = 'm1' "
            "and org_code in (select 'R' || i from range(33) as t(i))",
            [],
            id="a quarter of the values at most",
        ),
        pytest.param(
            f"update {VALUES} set value = value + 1 where measure_id = 'm1' "
            "and org_code in (select 'R' || i from range(34) as t(i))",
            [("m1", "25.6 % of the values are revised, limit 25 %", None)],
            id="more than a quarter of the values",
        ),
        pytest.param(
            f"delete from {VALUES} where measure_id = 'm1' and org_code in (select 'R' || i from range(12) as t(i))",
            [],
            id="a tenth of 120 organisations is gone",
        ),
        pytest.param(
            f"delete from {VALUES} where measure_id = 'm1' and org_code in (select 'R' || i from range(13) as t(i))",
            [("m1", "10.8 % of the organisations are gone, limit 10 %", None)],
            id="more than a tenth of the organisations is gone",
        ),
        pytest.param(
            f"update {VALUES} set period_key = '2025-26' where measure_id = 'm1'; "
            f"insert into {VALUES} select * replace ('2025-27' as period_key) from {VALUES} where measure_id = 'm1'",
            [],
            id="another period in place of the only one",
        ),
        pytest.param(
            f"delete from {VALUES} where measure_id = 'm1'",
            [
                ("m1", "100 % of the organisations are gone, limit 10 %", None),
                ("m1", "100 % of the periods are gone, limit 10 %", None),
            ],
            id="the whole indicator is gone",
        ),
        pytest.param(
            "update published.pub_driver_evidence set score = 61 where driver_id = 'd1' and org_code = 'R1'",
            [("d1", "rows that differ, and nothing on record says why: 1", None)],
            id="no file of the staff survey has come",
        ),
        pytest.param(
            "update published.pub_driver_maturity set median_level = 1",
            [],
            id="self-assessments need no reason",
        ),
    ],
)
def test_what_needs_a_reason(place, statement, expected):
    change(place, statement)
    assert asked(earlier.candidate(place, SECOND)) == expected


def test_huge_movement_is_refused_then_explained_then_passes(place):
    """The explanation takes effect when the candidate is built again, and readers see it."""
    change(place, ENGLAND.format(40))
    folder = standin.candidate(place, SECOND)
    refused = run_gate(place)
    assert [check.check_id for check in refused.checks if check.outcome == "failed"] == ["movement:all indicators"]
    assert "indicator_id m1" in refused.faults[0].found
    assert "impact release explain" in refused.faults[0].todo
    assert account(folder)[-1] == ("needs a reason: m1 in pub_measure_values: England moved by +40 (percent), limit 5")
    explain([place, Workspace(place.root, "published")], "m1", f" {REASON} ", "Someone")
    folder = standin.candidate(place, SECOND)
    assert run_gate(place).passed
    told = earlier.rows(folder, "select explanation from pub_release_changes where indicator_id = 'm1'")
    assert told == [(REASON,)]
    assert b"Someone" not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


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
def test_reason_that_nobody_asked_for_is_not_taken_down(place, indicator, reason, found):
    change(place, ENGLAND.format(40))
    earlier.candidate(place, SECOND)
    with pytest.raises(Fault) as raised:
        explain([place], indicator, reason, "Someone")
    assert raised.value.found == found
    assert explanations.read(place) == []


def test_without_a_refused_candidate_there_is_nothing_to_explain(place):
    with pytest.raises(Fault) as raised:
        explain([place], "m1", REASON, "Someone")
    assert raised.value.expected == "a candidate that was refused"


def test_written_reason_makes_another_release(place):
    without = fingerprint(place, [])
    explanations.record(place, FIRST, "m1", REASON, "Someone")
    assert fingerprint(place, []) != without


def test_limits_can_be_set_for_every_unit(place):
    """A limit of nothing lets nothing through."""
    change(place, ENGLAND.format(1))
    folder = earlier.candidate(place, SECOND)
    limits = read_limits() | {"england": {"percent": 0}, "revised_percent": 0}
    assert [row[2] for row in earlier.rows(folder, movements_sql(limits))] == [
        "0.826 % of the values are revised, limit 0 %",
        "England moved by +1 (percent), limit 0",
    ]
