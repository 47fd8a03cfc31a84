"""A release with published data goes out signed, approved by somebody else and on its date, or not at all."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import standin
import yaml
from typer.testing import CliRunner

from pipelines import release, settings
from pipelines.errors import Fault, Faults
from pipelines.release import (
    access,
    approval,
    commands,
    current_release,
    embargo,
    next_version,
    notices,
    publication,
    serve,
    sign_manifest,
    signing,
    verify,
    waiting,
    write_manifest,
)
from pipelines.release.manifest import write_checksums
from pipelines.settings import Workspace
from pipelines.store import shown
from tests.running import APPROVER, BUILDER, ends_at, key_of, let_out, make_keys, working

FIRST, SECOND = "2026.1.0", "2026.2.0"
STATEMENT = "Looked at every page."
SUMMER = embargo.Entry(
    datetime(2027, 3, 29).date(), "After the clocks went forward", "confirmed", datetime(2026, 11, 1).date()
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which one release is served and the next one waits."""
    place = standin.workspace(tmp_path_factory.mktemp("publication") / "home", "published")
    standin.published_release(place, FIRST)
    standin.waiting_release(place, SECOND)
    return place.root


@pytest.fixture
def place(original: Path, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(original, tmp_path / "home", symlinks=True), "published")


@pytest.fixture
def folder(place: Workspace) -> Path:
    return place.waiting / SECOND


def approve(place: Workspace, by: str = APPROVER, key: str = APPROVER) -> approval.Approval:
    with working(place.root, key):
        return approval.approve(place, place.waiting / SECOND, by, STATEMENT)


def publish(place: Workspace, seconds: int = 0) -> Path:
    """So many seconds after the embargo."""
    with working(place.root, APPROVER, ends_at(place.waiting / SECOND) + timedelta(seconds=seconds)):
        return publication.publish_waiting(place, SECOND)


def refused(place: Workspace, words: str) -> None:
    """Publication is refused for this reason, and nothing has changed."""
    before = sorted(path.relative_to(place.root) for path in place.root.rglob("*"))
    with pytest.raises((Fault, Faults), match=words) as refusal:
        publish(place)
    assert all(part in str(refusal.value) for part in ("found", "expected", "likely", "to do"))
    assert sorted(path.relative_to(place.root) for path in place.root.rglob("*")) == before
    assert current_release(place).name == FIRST


def edit(path: Path, **changes: object) -> None:
    path.chmod(0o600)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes, indent=2))


def test_what_waits_is_for_its_makers_alone(place, folder):
    assert place.waiting.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in [folder, *folder.rglob("*")])
    assert current_release(place).name == FIRST
    assert not (place.releases / SECOND).exists()


def test_approved_by_somebody_else_it_goes_out_on_its_date(place, folder):
    approve(place)
    served = publish(place)
    assert served == place.releases / SECOND == current_release(place)
    assert verify(served) == [] and served.stat().st_mode & 0o777 == 0o555
    assert list(place.waiting.iterdir()) == []


def test_it_does_not_go_out_a_second_before(place):
    approve(place)
    with pytest.raises(Fault, match=r"under embargo until 7 January 2027, 09:30"):
        publish(place, seconds=-1)
    assert current_release(place).name == FIRST


def test_no_variable_moves_the_clock(place, monkeypatch):
    approve(place)
    monkeypatch.setenv("IMPACT_TODAY", "2030-01-01")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1893456000")
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    with pytest.raises(Fault, match="under embargo"):
        publication.publish_waiting(place, SECOND)


@pytest.mark.parametrize(("hour", "is_out"), [("08:29:59", False), ("08:30:00", True)])
def test_in_summer_it_goes_out_an_hour_earlier_by_utc(place, folder, monkeypatch, hour, is_out):
    calendar = embargo.Calendar((SUMMER,), frozenset())
    monkeypatch.setattr(publication, "read_calendar", lambda: calendar)
    _seal_again(place, folder, SUMMER.as_dict())
    approve(place)
    monkeypatch.setattr(settings, "now", lambda: datetime.fromisoformat(f"2027-03-29T{hour}+00:00"))
    if is_out:
        assert publication.publish_waiting(place, SECOND).name == SECOND
        return
    with pytest.raises(Fault, match="under embargo until 29 March 2027, 09:30"):
        publication.publish_waiting(place, SECOND)


def _seal_again(place: Workspace, folder: Path, calendar: dict | None) -> None:
    (folder / "manifest.json").unlink()
    write_manifest(folder, place, "f" * 64, calendar)
    sign_manifest(folder, key_of(place.root, BUILDER))


def test_without_approval_it_stays(place):
    refused(place, "not approved")


def test_the_builder_alone_is_refused(place, folder):
    with pytest.raises(Fault, match="by its own builder"):
        approve(place, key=BUILDER)
    with pytest.raises(Fault, match="by its own builder"):
        approve(place, by=waiting.build_of(folder).builder)
    assert not approval.path_of(folder).exists()
    refused(place, "not approved")


def test_the_builder_who_may_also_approve_is_refused(place):
    text = place.signers.read_text()
    place.signers.write_text(text.replace(signing.BUILD, f"{signing.BUILD},{signing.APPROVAL}"))
    with pytest.raises(Fault, match="signed both the release and the approval"):
        approve(place, key=BUILDER)


def test_the_builder_with_a_second_key_is_refused(place):
    place.signers.write_text(place.signers.read_text().replace(APPROVER, BUILDER))
    with pytest.raises(Fault, match="with two keys"):
        approve(place)


def test_a_key_that_may_not_approve_is_refused(place):
    signing.make_key(key_of(place.root, "stranger"), "stranger", has_passphrase=False)
    with pytest.raises(Fault, match="approved with a key that may not do so"):
        approve(place, key="stranger")
    place.signers.write_text(place.signers.read_text().replace(signing.APPROVAL, signing.BUILD))
    with pytest.raises(Fault, match="approved with a key that may not do so"):
        approve(place)


def test_an_approver_who_is_taken_off_the_list_has_not_approved(place):
    approve(place)
    lines = place.signers.read_text().splitlines()
    place.signers.write_text("\n".join(line for line in lines if BUILDER in line))
    refused(place, "approved with a key that may not do so")


@pytest.mark.parametrize("change", [{"embargo": None}, {"statement": "Fine."}, {"approver": BUILDER}])
def test_an_edited_approval_is_refused(place, folder, change):
    approve(place)
    edit(approval.path_of(folder), **change)
    refused(place, "its signature does not hold")


def test_an_approval_cannot_be_signed_for_another_purpose(place, folder):
    approve(place)
    signing.sign(approval.path_of(folder), key_of(place.root, APPROVER), signing.BUILD)
    refused(place, "its signature does not hold")


def test_an_approval_of_an_earlier_build_is_stale(place, folder):
    approve(place)
    kept = {path: path.read_bytes() for path in place.waiting.glob("*.approval.json*")}
    assert len(kept) == 2
    standin.waiting_release(place, SECOND)
    assert not approval.path_of(folder).exists()
    _seal_again(place, folder, embargo.read_calendar().entries[1].as_dict())
    for path, content in kept.items():
        path.write_bytes(content)
    refused(place, "the approval is of something else")


def test_an_edited_manifest_is_refused(place, folder):
    approve(place)
    edit(folder / "manifest.json", fingerprint="0" * 64)
    refused(place, "manifest.json altered")


def test_a_manifest_with_new_checksums_is_refused(place, folder):
    """By somebody who can write everything but the signature."""
    approve(place)
    edit(folder / "manifest.json", built_at="2026-11-23T00:00:00Z")
    (folder / "manifest.sha256").chmod(0o600)
    write_checksums(folder)
    assert verify(folder) == []
    refused(place, "manifest.json: its signature does not hold")


def test_a_release_signed_by_a_stranger_is_refused(place, folder):
    signing.make_key(key_of(place.root, "stranger"), "stranger", has_passphrase=False)
    approve(place)
    sign_manifest(folder, key_of(place.root, "stranger"))
    refused(place, "built with a key that may not do so")


def test_an_unsigned_release_cannot_be_approved_or_put_out(place, folder):
    (folder / "manifest.json.sig").unlink()
    (folder / "manifest.json").unlink()
    write_manifest(folder, place, "f" * 64, embargo.read_calendar().entries[0].as_dict())
    with pytest.raises(Fault, match="not signed by its builder"):
        approve(place)
    refused(place, "not signed by its builder")


def test_a_changed_file_is_refused(place, folder):
    approve(place)
    (folder / "README.txt").chmod(0o600)
    (folder / "README.txt").write_text("edited")
    refused(place, "README.txt altered")


@pytest.mark.parametrize("change", [{"title": "Another"}, {"status": "provisional"}, {"date": "2027-01-08"}])
def test_a_calendar_changed_after_approval_is_refused(place, folder, monkeypatch, tmp_path, change):
    approve(place)
    content = yaml.safe_load(embargo.CALENDAR.read_text())
    changed = {
        name: datetime.fromisoformat(value).date() if name == "date" else value for name, value in change.items()
    }
    content["releases"][0] |= changed
    (tmp_path / "calendar.yml").write_text(yaml.safe_dump(content))
    monkeypatch.setattr(embargo, "CALENDAR", tmp_path / "calendar.yml")
    refused(place, "the calendar is not the one that it was built for")


def test_a_release_without_a_date_is_a_correction_or_refused(place, folder):
    _seal_again(place, folder, None)
    approve(place)
    with (
        working(place.root, APPROVER, datetime(2026, 11, 23, tzinfo=UTC)),
        pytest.raises(Fault, match="neither a date nor a release that it corrects"),
    ):
        publication.publish_waiting(place, SECOND)


PATCH = "2026.1.1"


def _waiting_correction(place: Workspace, version: str) -> None:
    """As if it had been built to correct the first release."""
    folder = standin.waiting_release(place, version)
    _seal_again(place, folder, None)
    edit(folder / "manifest.json", corrects=FIRST, correction_reason="A share was wrong.")
    sign_manifest(folder, key_of(place.root, BUILDER))


def test_a_correction_needs_no_date_but_approval(place):
    _waiting_correction(place, PATCH)
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    with working(place.root, APPROVER, moment), pytest.raises(Fault, match="not approved"):
        publication.publish_waiting(place, PATCH)
    with working(place.root, APPROVER, moment):
        approval.approve(place, place.waiting / PATCH, APPROVER, STATEMENT)
        assert publication.publish_waiting(place, PATCH).name == PATCH
    (event,) = notices.events(place, FIRST)
    assert (event.kind, event.release, event.reason) == ("corrected", PATCH, "A share was wrong.")
    assert "A share was wrong." in (place.web / "releases" / FIRST / "index.html").read_text()


def test_a_new_release_that_says_it_corrects_another_keeps_its_embargo(place):
    _waiting_correction(place, SECOND)
    approve(place)
    with (
        working(place.root, APPROVER, datetime(2026, 11, 23, tzinfo=UTC)),
        pytest.raises(Fault, match=r"says that it corrects 2026.1.0, and is no patch of it"),
    ):
        publication.publish_waiting(place, SECOND)


def test_a_waiver_that_has_run_out_lets_nothing_through(place, folder):
    waiver = {"check_id": "freshness:shmi", "reason": "late", "given_on": "2026-11-22", "until": "2027-01-06"}
    edit(folder / "gate.json", waivers=[waiver])
    _seal_again(place, folder, embargo.read_calendar().entries[0].as_dict())
    approve(place)
    refused(place, r"a waiver has run out\n.*freshness:shmi until 2027-01-06")


def test_a_link_in_place_of_what_waits_is_refused(place, folder, tmp_path):
    approve(place)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Fault, match="it does not wait"):
        publish_late(place)
    assert current_release(place).name == FIRST


def publish_late(place: Workspace) -> Path:
    with working(place.root, APPROVER, datetime(2027, 1, 8, tzinfo=UTC)):
        return publication.publish_waiting(place, SECOND)


@pytest.mark.parametrize("step", ["promote._make_read_only", "promote.serve", "publication._clear", "after.settle"])
def test_a_publication_that_was_stopped_half_way_is_finished_by_the_same_command(place, monkeypatch, step):
    approve(place)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(f"pipelines.release.{step}", stop)
        publish_late(place)
    assert publish_late(place) == place.releases / SECOND
    assert current_release(place).name == SECOND and list(place.waiting.iterdir()) == []
    assert (place.releases / SECOND).stat().st_mode & 0o222 == 0
    assert (place.web / "releases" / SECOND / "index.html").exists()


def test_a_publication_that_was_stopped_is_finished_only_with_what_was_approved(place, monkeypatch):
    approve(place)
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr("pipelines.release.promote.seal_and_serve", lambda *_: 1 / 0)
        publish_late(place)
    edit(place.releases / SECOND / "gate.json", passed=True, more="x")
    with pytest.raises(Faults, match=r"gate.json altered"):
        publish_late(place)
    assert current_release(place).name == FIRST


@pytest.mark.parametrize(
    ("builder", "approver"),
    [("alice,alice@work.example", "alice"), ("alice@work.example", "*@work.example"), ("Alice", "alice")],
)
def test_one_person_under_two_names_of_the_list_is_one_person(place, builder, approver):
    lines = place.signers.read_text().replace(APPROVER, approver).replace(BUILDER, builder)
    place.signers.write_bytes(f"# who may sign\r\n{lines}".encode())
    with pytest.raises(Fault, match="with two keys"):
        approve(place)


def test_a_release_that_was_overtaken_is_refused(place):
    approve(place)
    shown.keep(place, shown.folder(place) / "2026.1.1.parquet")
    refused(place, "other figures have been shown")


def test_a_release_is_refused_where_another_one_is_served_by_now(place):
    shutil.copytree(place.releases / FIRST, place.releases / "2026.1.1")
    approve(place)
    serve(place, "2026.1.1")
    with pytest.raises(Fault, match=r"release 2026.1.1 is served, not 2026.1.0"):
        publish(place)


def test_nobody_may_have_withdrawn_since(place):
    approve(place)
    with duckdb.connect(str(place.warehouse)) as connection:
        connection.execute(
            "insert into intermediate.int_maturity__withdrawn "
            "values ('R7', 'v1', '2026', timestamp '2026-11-01', timestamp '2026-11-25', true)"
        )
    refused(place, "an organisation has withdrawn its answers")


def test_figures_count_as_shown_when_they_are_out_and_not_before(place):
    assert [path.stem for path in shown.folder(place).iterdir()] == [FIRST]
    kept = (waiting.behind(place.waiting / SECOND) / waiting.SHOWN).read_bytes()
    let_out(place.root)
    assert (shown.folder(place) / f"{SECOND}.parquet").read_bytes() == kept


def test_a_newer_build_takes_the_place_and_the_number_of_what_waits(place, folder):
    approve(place)
    assert next_version(place.releases, standin.BUILT_AT.date()) == SECOND
    standin.waiting_release(place, SECOND)
    assert [path.name for path in waiting.listing(place)] == [SECOND]
    assert {entry.role for entry in access.listed(folder)} == {"builder", "approver"}
    refused(place, "not approved")


def test_what_is_approved_goes_out_by_itself_when_its_time_has_come(place, folder):
    moment = ends_at(folder)
    with working(place.root, APPROVER, moment):
        assert publication.publish_due(place) == []
    approve(place)
    with working(place.root, APPROVER, moment - timedelta(seconds=1)):
        assert publication.publish_due(place) == []
    with working(place.root, APPROVER, moment):
        assert publication.publish_due(place) == [SECOND]
    assert current_release(place).name == SECOND


def test_what_waits_is_built_again_only_if_something_changed_or_it_can_be_signed_at_last(place, folder, monkeypatch):
    from pipelines.assets.warehouse import is_unchanged

    place.fingerprint.write_text("f" * 64)
    assert is_unchanged(place)
    (folder / "manifest.json.sig").unlink()
    monkeypatch.delenv("IMPACT_SIGNING_KEY", raising=False)
    assert is_unchanged(place)
    monkeypatch.setenv("IMPACT_SIGNING_KEY", str(key_of(place.root, BUILDER)))
    assert not is_unchanged(place)
    place.fingerprint.write_text("e" * 64)
    assert not is_unchanged(place)


def test_what_it_lacks_is_told(place, folder):
    with working(place.root, APPROVER):
        lacking = publication.lacking(place, folder)
    assert [fault.where.split(": ")[1][:13] for fault in lacking] == ["not approved", "under embargo"]


def test_published_figures_cannot_be_served_at_once(place, folder):
    with pytest.raises(Fault, match="published figures do not go out at once"):
        release.publish(folder, place, SECOND)


def test_without_openssh_the_fault_says_what_to_install(place, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Fault, match="no command ssh-keygen"):
        publish(place)


def test_who_had_access_is_kept_and_not_released(place, folder):
    approve(place)
    access.grant(folder, "A. Analyst", "analyst", "checks the figures", "B. Lead")
    with working(place.root, APPROVER, ends_at(folder) - timedelta(hours=24)):
        access.grant(folder, "P. Officer", "press office", "answers on the day", "B. Lead")
    served = publish(place)
    path = access.path_of(served)
    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in access.listed(served)][1:] == [APPROVER, "A. Analyst", "P. Officer"]
    assert access.by_role(served) == {"analyst": 1, "approver": 1, "builder": 1, "press office": 1}
    text = b"".join(path.read_bytes() for path in served.rglob("*") if path.is_file())
    assert b"A. Analyst" not in text and APPROVER.encode() not in text and BUILDER.encode() not in text


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (("P. Officer", "press office", "answers"), "not earlier than 24 hours"),
        (("P. Officer", "friend", "curious"), "role `friend`"),
        (("", "analyst", "checks"), "name: none"),
        (("A. Analyst", "analyst", " "), "reason: none"),
    ],
)
def test_access_that_the_policy_does_not_allow_is_refused(place, folder, person, words):
    with (
        working(place.root, APPROVER, ends_at(folder) - timedelta(hours=24, seconds=1)),
        pytest.raises(Fault, match=words),
    ):
        access.grant(folder, *person, "B. Lead")


def test_keys_are_made_once(tmp_path):
    make_keys(tmp_path)
    with pytest.raises(Fault, match="exists already"):
        make_keys(tmp_path)


def test_the_way_of_a_release_by_the_command_line(place, folder, monkeypatch):
    """The builder may not, somebody else may; too early it stays, and on its date it goes."""
    said = _command(place, monkeypatch, BUILDER, "approve", SECOND, "--by", "Me", "--statement", STATEMENT)
    assert "by its own builder" in said
    said = _command(place, monkeypatch, APPROVER, "approve", SECOND, "--by", APPROVER, "--statement", STATEMENT)
    assert f"approved: release {SECOND}" in said
    said = _command(place, monkeypatch, APPROVER, "waiting")
    assert "it may go out on 7 January 2027, 09:30, Europe/London" in said and "lacking: under embargo" in said
    person = ("--name", "A. Analyst", "--role", "analyst", "--reason", "checks the figures")
    assert "A. Analyst, analyst: checks the figures" in _command(
        place, monkeypatch, APPROVER, "access", SECOND, *person
    )
    assert "under embargo" in _command(place, monkeypatch, APPROVER, "publish", SECOND)
    moment = ends_at(folder)
    monkeypatch.setattr(settings, "now", lambda: moment)
    assert "it lacks nothing" in _command(place, monkeypatch, APPROVER, "waiting")
    said = _command(place, monkeypatch, APPROVER, "publish", SECOND)
    assert "is being served" in said and "analyst 1, approver 1, builder 1" in said and "A. Analyst" not in said
    assert "no release waits" in _command(place, monkeypatch, APPROVER, "waiting")


def _command(place: Workspace, monkeypatch: pytest.MonkeyPatch, person: str, *words: str) -> str:
    """What `impact release …` prints, or the fault that it ends with; in this process, so that its clock can be set."""
    monkeypatch.setenv("IMPACT_HOME", str(place.root))
    monkeypatch.setenv("IMPACT_SIGNING_KEY", str(key_of(place.root, person)))
    done = CliRunner().invoke(commands.app, list(words))
    return done.output + str(done.exception or "")


def test_a_key_is_made_by_the_command_line_and_comes_into_force_by_the_line_it_prints(place, folder, monkeypatch):
    said = _command(place, monkeypatch, "colleague", "keys", "--name", "colleague", "--no-passphrase")
    (line,) = [line.split(":", 1)[1].strip() for line in said.splitlines() if "to approve:" in line]
    place.signers.write_text(f"{place.signers.read_text()}{line}\n")
    assert approve(place, by="A. Colleague", key="colleague").approver == "A. Colleague"
    assert publish(place).name == SECOND
