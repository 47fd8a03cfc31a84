"""`impact alerts` and `impact schedule`, as a person calls them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pipelines.alerts import Alert, clear, raise_alert
from pipelines.cli import app

LATE = Alert("late:shmi:2026-09", "shmi 2026-09 is late", "20 days", "ask the publisher", "source shmi")


@pytest.fixture
def home(workspace, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(workspace.root))
    monkeypatch.setenv("IMPACT_NOTIFY", "")
    workspace.staged.mkdir(parents=True)
    return workspace


def printed(*words: str) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.exception
    return done.stdout


def test_what_is_open_is_listed_with_what_to_do(home):
    assert "nothing needs a person" in printed("alerts")
    raise_alert(home, LATE)
    told = printed("alerts")
    assert "WARNING: shmi 2026-09 is late" in told and "to do     ask the publisher" in told
    (one,) = json.loads(printed("alerts", "--format", "json"))
    assert one["key"] == LATE.key
    clear(home, LATE.key)
    assert "nothing needs a person" in printed("alerts")


def test_what_happens_next_is_a_table_by_day(home, monkeypatch):
    """The 25th of March 2027 is a Thursday, the 8th of April a release day."""
    monkeypatch.setenv("IMPACT_TODAY", "2027-03-20")
    lines = [line for line in printed("schedule", "--until", "2027-04-10").splitlines() if "2027-" in line]
    assert "from 2027-03-20 to 2027-04-10" in lines[0]
    assert ("2027-03-25" in lines[1] and "every publisher is asked" in lines[1]) and len(lines) == 3
    assert "2027-04-08" in lines[2] and "RELEASE DAY, 09:30" in lines[2] and "provisional" in lines[2]
