"""What may follow a release, what may not, and that no byte of a release is ever changed by it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import outlet
import pytest
from typer.testing import CliRunner

from pipelines import settings
from pipelines.errors import Fault
from pipelines.locking import one_at_a_time
from pipelines.release import (
    after,
    correcting,
    current_release,
    last_built,
    next_version,
    notices,
    read_manifest,
    rebuilding,
    serve,
    version_to_build,
)
from pipelines.release.commands import app
from pipelines.release.history import history
from pipelines.settings import Workspace

FIRST, SECOND, THIRD = "2026.1.0", "2026.2.0", "2026.3.0"
PATCH = "2026.2.1"
WHY = "The numerators of March were counted twice."
WHO = "Somebody Else"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Every look at the clock is a minute later than the one before."""
    moments = (NOW + timedelta(minutes=minute) for minute in range(1000))
    monkeypatch.setattr(settings, "now", lambda: next(moments))


@pytest.fixture
def two(workspace):
    for version in (FIRST, SECOND):
        outlet.out(workspace, version)
    after.settle(workspace)
    return workspace


def states(workspace: Workspace) -> dict[str, str]:
    return {past.version: past.state for past in history(workspace)}


def served(workspace: Workspace) -> str | None:
    folder = current_release(workspace)
    return folder.name if folder else None


def test_a_later_release_supersedes_without_any_notice(two):
    assert states(two) == {FIRST: "superseded", SECOND: "current"}
    assert not list(two.releases.glob("*.json"))


# Corrections


def test_the_next_build_is_a_patch_and_the_release_is_told_on_once_it_is_out(two):
    before = outlet.archive(two)
    intended = after.correct(two, SECOND, f" {WHY} ", WHO)
    assert (intended.version, intended.reason) == (PATCH, WHY)
    assert version_to_build(two, date(2026, 12, 1)) == PATCH
    assert version_to_build(two, date(2027, 1, 7)) == PATCH
    assert outlet.archive(two) == before and not list(two.releases.glob("*.json"))
    outlet.out(two, PATCH)
    after.settle(two)
    assert states(two) == {FIRST: "superseded", SECOND: "corrected", PATCH: "current"}
    (event,) = notices.events(two, SECOND)
    assert (event.kind, event.release, event.reason, event.at) == (
        "corrected",
        PATCH,
        WHY,
        "2026-11-23T10:01:00+00:00",
    )
    assert correcting.pending(two) is None
    assert version_to_build(two, date(2026, 12, 1)) == THIRD


def test_it_is_told_once_however_often_the_rest_is_repeated(two):
    after.correct(two, SECOND, WHY, WHO)
    outlet.out(two, PATCH)
    intention = correcting.path_of(two).read_bytes()
    after.settle(two)
    correcting.path_of(two).write_bytes(intention)  # as if stopped before the intention was forgotten
    assert version_to_build(two, date(2026, 12, 1)) == THIRD
    after.settle(two)
    assert [event.kind for event in notices.events(two, SECOND)] == ["corrected"]
    assert correcting.pending(two) is None


def test_a_patch_can_be_corrected_by_another_patch(two):
    for patch, corrected in ((PATCH, SECOND), ("2026.2.2", PATCH)):
        assert after.correct(two, corrected, WHY, WHO).version == patch
        outlet.out(two, patch)
        after.settle(two)
    assert states(two) == {FIRST: "superseded", SECOND: "corrected", PATCH: "corrected", "2026.2.2": "current"}


def test_a_correction_can_be_given_up(two):
    after.correct(two, SECOND, WHY, WHO)
    with pytest.raises(Fault, match=f"a pending correction of {SECOND}"):
        after.cancel_correction(two, FIRST)
    after.cancel_correction(two, SECOND)
    assert version_to_build(two, date(2026, 12, 1)) == THIRD
    with pytest.raises(Fault, match="no correction that is pending"):
        after.cancel_correction(two, SECOND)


def test_a_correction_that_is_built_again_is_that_correction_again(two, tmp_path):
    after.correct(two, SECOND, WHY, WHO)
    manifest = read_manifest(outlet.out(two, PATCH)) | {"previous_release": SECOND}
    after.settle(two)
    then = Workspace(tmp_path / "then", "published")
    then.kept.mkdir(parents=True)
    after.correct(two, PATCH, "Something else.", WHO)  # pending now, not then
    rebuilding.put_together(two, then, manifest)
    assert version_to_build(then, date(2026, 12, 1)) == PATCH
    assert correcting.carried_by(then, PATCH) == {"corrects": SECOND, "correction_reason": WHY}


def test_corrections_that_make_no_sense_are_refused(two):
    with pytest.raises(Fault, match=f"a later release, {SECOND}"):
        after.correct(two, FIRST, WHY, WHO)
    with pytest.raises(Fault, match="no reason"):
        after.correct(two, SECOND, "  ", WHO)
    after.correct(two, SECOND, WHY, WHO)
    with pytest.raises(Fault, match=f"a correction of {SECOND}, asked for on 2026-11-23"):
        after.correct(two, SECOND, "Something else.", WHO)


def test_a_withdrawn_release_is_not_corrected_and_its_correction_is_forgotten(two):
    after.correct(two, SECOND, WHY, WHO)
    after.withdraw(two, SECOND, WHY, WHO)
    assert correcting.pending(two) is None
    with pytest.raises(Fault, match=f"release {SECOND} was withdrawn on 2026-11-23"):
        after.correct(two, SECOND, WHY, WHO)


def test_a_release_that_went_out_in_between_stops_the_patch(two):
    after.correct(two, SECOND, WHY, WHO)
    outlet.out(two, THIRD)
    after.settle(two)
    with pytest.raises(Fault, match=f"release {THIRD} is out since"):
        version_to_build(two, date(2026, 12, 1))
    after.cancel_correction(two, SECOND)
    assert version_to_build(two, date(2026, 12, 1)) == "2026.4.0"


# Withdrawal


def test_withdrawing_the_served_release_serves_the_newest_good_one_before(two):
    before = outlet.archive(two)
    assert after.withdraw(two, SECOND, WHY, WHO) == FIRST
    assert served(two) == FIRST
    assert states(two) == {FIRST: "current", SECOND: "withdrawn"}
    assert outlet.archive(two) == before
    kept = json.loads(notices.path_of(two, SECOND).read_text())
    assert (kept["release"]["release_id"], kept["release"]["rows"]) == (SECOND, 1200)
    assert (kept["events"][0]["reason"], kept["events"][0]["by"]) == (WHY, WHO)


def test_what_was_found_wrong_before_is_not_served_in_its_place(two):
    after.correct(two, SECOND, WHY, WHO)
    outlet.out(two, PATCH)
    after.settle(two)
    assert after.withdraw(two, PATCH, WHY, WHO) == FIRST
    assert after.withdraw(two, FIRST, WHY, WHO) is None
    assert not two.current.is_symlink()


def test_withdrawing_an_older_release_leaves_what_is_served(two):
    assert after.withdraw(two, FIRST, WHY, WHO) == SECOND
    assert states(two) == {FIRST: "withdrawn", SECOND: "current"}


def test_other_data_are_not_served_in_its_place(two):
    outlet.out(Workspace(two.root, "synthetic"), THIRD)
    outlet.out(two, "2026.4.0")
    assert after.withdraw(two, "2026.4.0", WHY, WHO) == SECOND
    for version in (SECOND, FIRST):
        last = after.withdraw(two, version, WHY, WHO)
    assert last is None and served(two) is None


def test_a_release_is_withdrawn_once_and_for_good(two):
    after.withdraw(two, SECOND, WHY, WHO)
    with pytest.raises(Fault, match="was withdrawn on 2026-11-23: The numerators"):
        after.withdraw(two, SECOND, WHY, WHO)
    with pytest.raises(Fault, match="was withdrawn"):
        after.rollback(two, SECOND, WHY, WHO)
    with pytest.raises(Fault, match="no reason"):
        after.withdraw(two, FIRST, "", WHO)
    assert len(notices.events(two, SECOND)) == 1


def test_a_release_that_had_to_be_erased_keeps_its_version_and_tombstone(two):
    after.withdraw(two, SECOND, WHY, WHO)
    for path in sorted((two.releases / SECOND).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (two.releases / SECOND).rmdir()
    after.settle(two)
    assert states(two) == {FIRST: "current", SECOND: "withdrawn"}
    assert next_version(two.releases, date(2026, 12, 1)) == THIRD
    assert WHY in (two.web / "releases" / SECOND / "index.html").read_text()


# Rollback


def test_rollback_and_forward_again(two):
    before = outlet.archive(two)
    after.rollback(two, FIRST, WHY, WHO)
    assert (served(two), states(two)) == (FIRST, {FIRST: "current", SECOND: "rolled_back"})
    after.rollback(two, SECOND, "It was right after all.", WHO)
    assert (served(two), states(two)) == (SECOND, {FIRST: "superseded", SECOND: "current"})
    assert [event.kind for event in notices.events(two, SECOND)] == ["rolled_back", "reinstated"]
    after.rollback(two, FIRST, WHY, WHO)
    assert states(two) == {FIRST: "current", SECOND: "rolled_back"}
    assert outlet.archive(two) == before


def test_the_next_release_is_served_after_a_rollback(two):
    after.rollback(two, FIRST, WHY, WHO)
    outlet.out(two, THIRD)
    after.settle(two)
    assert states(two) == {FIRST: "superseded", SECOND: "rolled_back", THIRD: "current"}


def test_what_was_rolled_back_may_be_corrected(two):
    after.rollback(two, FIRST, WHY, WHO)
    assert after.correct(two, SECOND, WHY, WHO).version == PATCH


def test_rollbacks_that_make_no_sense_are_refused(two):
    with pytest.raises(Fault, match=f"release {SECOND} is being served"):
        after.rollback(two, SECOND, WHY, WHO)
    with pytest.raises(Fault, match="no reason"):
        after.rollback(two, FIRST, "", WHO)
    sample = Workspace(two.root, "synthetic")
    outlet.out(sample, THIRD)
    after.settle(sample)
    with pytest.raises(Fault, match="published data; release 2026.3.0, which is being served, does not hold such"):
        after.rollback(two, FIRST, WHY, WHO)


def test_a_release_that_never_was_is_a_fault_in_five_parts(two, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(two.root))
    with pytest.raises(Fault, match="no such release") as fault:
        after.workspace_of("2026.9.0")
    assert all(fault.value.as_dict().values()) and f"{FIRST}, {SECOND}" in fault.value.expected
    assert after.workspace_of(SECOND) == two


# The commands


def test_the_commands_say_what_they_did(two, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(two.root))
    before = outlet.archive(two)
    assert (
        command("correct", SECOND, "--reason", WHY)
        == f"the next `impact refresh` builds {PATCH}, the correction of {SECOND}"
    )
    assert command("history").endswith(f"pending: {PATCH} corrects {SECOND}: {WHY}")
    assert "is given up" in command("correct", SECOND, "--cancel")
    assert command("rollback", FIRST, "--reason", f"[r] {WHY}") == f"release {FIRST} is being served"
    assert command("withdraw", FIRST, "--reason", WHY, "--by", WHO) == (
        f"release {FIRST} is withdrawn; no release is being served now"
    )
    said = command("history")
    assert "taken back" in said and f"rolled back: [r] {WHY}" in said and "withdrawn" in said
    assert WHO not in said
    assert command("web") == f"the web root is {two.web}"
    assert outlet.archive(two) == before


def test_a_command_for_a_release_that_never_was_changes_nothing(two, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(two.root))
    for words in (("correct", "--reason", WHY), ("withdraw", "--reason", WHY), ("rollback", "--reason", WHY)):
        done = CliRunner().invoke(app, [words[0], "2026.9.0", *words[1:]])
        assert isinstance(done.exception, Fault) and "no such release" in done.exception.found
    assert states(two) == {FIRST: "superseded", SECOND: "current"}


def test_no_command_runs_while_a_refresh_does(two, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(two.root))
    with one_at_a_time(two):
        for words in (("withdraw", SECOND, "--reason", WHY), ("rollback", FIRST, "--reason", WHY), ("web",)):
            done = CliRunner().invoke(app, list(words))
            assert isinstance(done.exception, Fault) and "still running" in done.exception.found


def command(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.exception
    return done.output.strip()


# What a refresh does after


def test_unchanged_inputs_are_not_built_again_because_a_release_was_taken_back(two):
    assert last_built(two).name == SECOND
    after.rollback(two, FIRST, WHY, WHO)
    assert last_built(two).name == SECOND
    after.withdraw(two, SECOND, WHY, WHO)
    assert last_built(two).name == SECOND
    sample = Workspace(two.root, "synthetic")
    outlet.out(sample, THIRD)
    assert last_built(two) is None and last_built(sample).name == THIRD


# Stops half way


@pytest.mark.parametrize("command", ["withdraw", "rollback"])
@pytest.mark.parametrize("step", ["serve", "settle"])
def test_what_was_stopped_half_way_is_finished_by_the_next_settling(two, monkeypatch, command, step):
    def stop(*_):
        raise KeyboardInterrupt

    version = SECOND if command == "withdraw" else FIRST
    with monkeypatch.context() as patched:
        patched.setattr(after, step, stop)
        with pytest.raises(KeyboardInterrupt):
            getattr(after, command)(two, version, WHY, WHO)
        assert (two.web / "latest" / "manifest.json").is_file()  # what readers had before
    after.settle(two)
    assert served(two) == FIRST
    assert states(two)[SECOND] == {"withdraw": "withdrawn", "rollback": "rolled_back"}[command]
    assert json.loads((two.web / "index.json").read_text())["current"] == FIRST


def test_what_was_to_be_served_instead_may_be_withdrawn_by_then(two, monkeypatch):
    outlet.out(two, THIRD)
    with monkeypatch.context() as patched:
        patched.setattr(after, "settle", lambda _: None)
        after.withdraw(two, THIRD, WHY, WHO)
    assert served(two) == THIRD
    assert after.withdraw(two, SECOND, WHY, WHO) == FIRST


def test_a_release_that_was_stopped_before_it_was_served_is_made_again(two):
    """A rollback leaves its notice; a pointer that was never flipped leaves nothing."""
    left = two.releases / SECOND
    serve(two, FIRST)
    assert after.is_left_behind(two, left)
    serve(two, SECOND)
    after.rollback(two, FIRST, WHY, WHO)
    assert not after.is_left_behind(two, left)
