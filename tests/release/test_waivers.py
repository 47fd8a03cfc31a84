"""Waivers: named, reasoned, expiring; and what can never be waived."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from typer.testing import CliRunner

from pipelines.errors import Fault, Faults
from pipelines.release import commands
from pipelines.release.examinations import read_gate_policy
from pipelines.release.rules import ADVICE
from pipelines.release.waivers import FILE, Waiver, in_force, read_waivers, require_known, waive
from pipelines.settings import Workspace

POLICY = read_gate_policy()["waivers"]
DAY = dt.date(2026, 11, 22)
GOOD = Waiver("freshness:shmi", "the publisher is late", "head of profession", DAY, DAY + dt.timedelta(days=92))


def changed(**parts) -> Waiver:
    return Waiver(**{**GOOD.__dict__, **parts})


def test_a_waiver_is_kept_and_the_newest_counts(workspace):
    later = changed(reason="it comes in December", until=DAY)
    for waiver in (GOOD, later):
        waive(workspace, [waiver], POLICY, ADVICE)
    assert read_waivers(workspace) == [GOOD, later]
    assert in_force(workspace, DAY, POLICY, ADVICE) == {"freshness:shmi": later}


@pytest.mark.parametrize(
    ("day", "is_in_force"),
    [(DAY - dt.timedelta(days=1), False), (DAY, True), (GOOD.until, True), (GOOD.until + dt.timedelta(days=1), False)],
)
def test_a_waiver_holds_from_the_day_it_is_given_to_its_last(workspace, day, is_in_force):
    waive(workspace, [GOOD], POLICY, ADVICE)
    assert bool(in_force(workspace, day, POLICY, ADVICE)) is is_in_force


@pytest.mark.parametrize(
    ("waiver", "found"),
    [
        pytest.param(changed(reason=" "), "no reason", id="without a reason"),
        pytest.param(changed(by=""), "nobody", id="without a name"),
        pytest.param(changed(until=DAY + dt.timedelta(days=93)), "until 2027-02-23", id="too long"),
        pytest.param(changed(until=DAY - dt.timedelta(days=1)), "until 2026-11-21", id="over already"),
        pytest.param(changed(check_id="freshnes:shmi"), "no such check", id="unknown kind"),
        pytest.param(changed(check_id="freshness"), "no such check", id="no subject"),
        *(
            pytest.param(changed(check_id=f"{kind}:x"), f"{kind}, which can never be waived", id=kind)
            for kind in POLICY["never"]
            if kind in ADVICE
        ),
    ],
)
def test_what_may_not_be_waived_is_refused_and_counts_for_nothing(workspace, waiver, found):
    with pytest.raises(Faults) as caught:
        waive(workspace, [GOOD, waiver], POLICY, ADVICE)
    assert [found in fault.found for fault in caught.value.faults] == [True]
    assert read_waivers(workspace) == []
    workspace.kept.mkdir(parents=True, exist_ok=True)
    # Written past the command, it is still worth nothing.
    (workspace.kept / FILE).write_text(json.dumps([waiver.as_dict()]))
    assert in_force(workspace, DAY, POLICY, ADVICE) == {}


def test_structure_stamps_disclosure_and_leaks_can_never_be_waived():
    never = {"promised_columns", "stamp", "differencing", "consent_minimum", "person_count", "leak", "signature"}
    assert never <= set(POLICY["never"])


def test_a_file_that_was_edited_by_hand_is_named(workspace):
    workspace.kept.mkdir(parents=True)
    (workspace.kept / FILE).write_text('[{"check_id": "freshness:shmi"}]')
    with pytest.raises(Fault) as caught:
        read_waivers(workspace)
    assert FILE in caught.value.where


def test_the_command_writes_waivers(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(tmp_path))
    until = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)).isoformat()
    words = ("--reason", "late", "--until", until, "--by", "head of profession")
    done = CliRunner().invoke(commands.app, ["waive", "freshness:shmi", "freshness:rtt_full_extract", *words])
    assert done.exit_code == 0, done.output
    kept = read_waivers(Workspace(tmp_path, "synthetic"))
    assert [one.check_id for one in kept] == ["freshness:shmi", "freshness:rtt_full_extract"]
    assert {(one.reason, one.by, str(one.until)) for one in kept} == {("late", words[-1], until)}
    refused = CliRunner().invoke(commands.app, ["waive", "leak:email", *words])
    assert "can never be waived" in str(refused.exception)


@pytest.mark.parametrize(
    ("check", "nearest"),
    [
        ("freshness:shimi", "freshness:shmi"),
        ("review_date:shmi_", "review_date:shmi"),
        ("range:dim_measure.minimum", "range:dim_measure.minimum_denominator"),
        ("trust_coverage:nonsense", "trust_coverage:open trusts"),
    ],
)
def test_a_check_that_does_not_exist_is_refused_with_the_nearest(workspace, check, nearest):
    served = workspace.current
    refused = workspace.refused / "20261122T063000Z"
    told = {served: ["trust_coverage:open trusts"], refused: ["range:dim_measure.minimum_denominator"]}
    for folder, checks in told.items():
        folder.mkdir(parents=True)
        (folder / "gate.json").write_text(json.dumps({"checks": [{"check_id": name} for name in checks]}))
    (served / "api" / "v1" / "indicators").mkdir(parents=True)
    (served / "api" / "v1" / "indicators" / "index.json").write_text('{"indicators": [{"indicator_id": "shmi"}]}')
    require_known(workspace, [nearest])
    with pytest.raises(Faults) as caught:
        require_known(workspace, [nearest, check])
    (fault,) = caught.value.faults
    assert (fault.where, fault.found) == (f"waiver of {check}", "no such check")
    assert fault.expected.endswith(f", such as {nearest}")


def test_the_command_refuses_a_check_that_does_not_exist(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(tmp_path))
    until = dt.datetime.now(dt.UTC).date().isoformat()
    done = CliRunner().invoke(commands.app, ["waive", "freshness:nonsense", "--reason", "late", "--until", until])
    assert "no such check" in str(done.exception)
    assert read_waivers(Workspace(tmp_path, "synthetic")) == []
