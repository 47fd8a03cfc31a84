"""What is backed up comes back on an empty machine, byte for byte; what is damaged is refused before anything is put.

The home holds releases that are served, withdrawn, to be corrected and waiting, and every other kind of state.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest
from typer.testing import CliRunner

from pipelines import cli, settings
from pipelines.alerts.alert import Alert, open_alerts, raise_alert
from pipelines.errors import Fault, Faults
from pipelines.locking import one_at_a_time
from pipelines.operations import backup, restore, runs, state, vault
from pipelines.release import after, correcting, current_release, list_releases, waiting
from pipelines.release.history import history
from pipelines.release.publication import lacking
from pipelines.release.verifying import require_vouched, verify_copy
from pipelines.settings import PROJECT_ROOT, Workspace
from pipelines.store import decisions
from tests.release import standin
from tests.running import impact, waive_checks

FIRST, SECOND, THIRD = "2026.1.0", "2026.2.0", "2026.3.0"
ANSWERS = b"name,level\nA Person,3\n"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a past: two releases out, the first withdrawn, the second to be corrected, a third that waits."""
    place = standin.workspace(tmp_path_factory.mktemp("backup") / "home", "published")
    standin.published_release(place, FIRST)
    standin.published_release(place, SECOND)
    after.withdraw(place, FIRST, "It named the wrong year.", "Somebody")
    standin.waiting_release(place, THIRD)
    after.correct(place, SECOND, "A count was wrong.", "Somebody")
    decisions.record(place, "shmi", "2025-03", "aaaaaaaaaaaa", "drop", "Cut short.", "Somebody")
    waive_checks(place.root, "freshness:shmi")
    raise_alert(place, Alert("late:shmi:2026-09", "shmi is late", "no file", "look at its page", "shmi"))
    with runs.recorded(place, "refresh", "command line"):
        pass
    _answers(place)
    _dagster(place.root)
    return place.root


def _answers(place: Workspace) -> None:
    folder = place.raw / "impact_self_assessment" / "2026__cccccccccccc"
    folder.mkdir(parents=True)
    (place.raw / "impact_self_assessment").chmod(0o700)
    (folder / "submission.csv").write_bytes(ANSWERS)
    (folder / "submission.csv").chmod(0o400)


def _dagster(home: Path) -> None:
    """What Dagster wrote last lies in the log beside its database, as long as it is at work."""
    path = home / "dagster" / "history" / "runs.db"
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("create table runs as select 'succeeded' as status")
    OPEN.append(connection)


OPEN: list[sqlite3.Connection] = []


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    yield
    for connection in OPEN:
        connection.close()


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "home", symlinks=True)


@pytest.fixture(scope="module")
def made(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("backups") / "place"
    backup.make(original, place)
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "copy")


def told(home: Path, *, but: tuple[str, ...] = ("refresh.lock",)) -> dict[str, tuple[str, int, str]]:
    """Kind, permissions and content of everything in a home that is kept, by path."""
    found = {}
    for path in state.kept(home):
        name = path.relative_to(home).as_posix()
        if name.startswith(but) or name.endswith(backup.PASSING):
            continue
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            found[name] = ("link", 0, os.readlink(path))
        elif path.is_dir():
            found[name] = ("folder", mode, "")
        else:
            found[name] = ("file", mode, "" if vault.is_database(path) else vault.sha256_of(path))
    return found


def test_everything_is_as_it_was_at_another_place(original, made, tmp_path):
    into = tmp_path / "another machine" / "home"
    restored = restore.restore(made, into)
    before = told(original)
    assert told(into) == before
    assert {path.split("/")[0] for path in before} >= {"keys", "releases", "waiting", "serving", "dagster", "logs"}
    assert restored.served == SECOND and restore.altered(into) == []
    with closing(sqlite3.connect(into / "dagster" / "history" / "runs.db")) as connection:
        assert connection.execute("select status from runs").fetchall() == [("succeeded",)]


def test_releases_and_what_was_said_of_them_come_back(original, made, tmp_path):
    restore.restore(made, tmp_path / "home")
    then, now = Workspace(original, "published"), Workspace(tmp_path / "home", "published")
    for folder in restore.releases(now.root):
        require_vouched(verify_copy(folder, now.signers))
    assert [each.release_id for each in list_releases(now)] == [FIRST, SECOND]
    assert current_release(now) == now.releases / SECOND
    assert {past.version: past.state for past in history(now)} == {past.version: past.state for past in history(then)}
    assert history(now)[0].is_withdrawn
    assert correcting.pending(now) == correcting.pending(then) != None  # noqa: E711
    assert (now.web / "index.html").is_file() and now.web.resolve().is_relative_to(now.root)
    (folder,) = waiting.listing(now)
    assert waiting.waits_since(folder) == waiting.waits_since(then.waiting / THIRD)
    assert [str(fault) for fault in lacking(now, folder)] == [
        str(fault) for fault in lacking(then, then.waiting / THIRD)
    ]
    assert decisions.read(now) == decisions.read(then) != []
    assert [each.alert.key for each in open_alerts(now)] == ["late:shmi:2026-09"]
    assert len(runs.read(now)) == 1


def test_what_is_private_stays_private(made, tmp_path):
    restore.restore(made, tmp_path / "home")
    now = Workspace(tmp_path / "home", "published")
    answers = now.raw / "impact_self_assessment"
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (now.waiting, answers, *answers.rglob("*.csv"))}
    assert list(modes.values()) == [0o700, 0o700, 0o400]
    assert next(answers.rglob("*.csv")).read_bytes() == ANSWERS
    open_ = [path for path in (made, *made.rglob("*")) if path.stat().st_mode & 0o077]
    assert {path.name for path in open_} <= {"backup.lock"}


def test_releases_stay_read_only(made, tmp_path):
    restore.restore(made, tmp_path / "home")
    release = tmp_path / "home" / "releases" / SECOND
    assert all(not path.stat().st_mode & 0o222 for path in (release, *release.rglob("*")))


def test_the_command_restores_and_a_fresh_process_verifies(made, tmp_path):
    into = tmp_path / "empty"
    into.mkdir()
    done = CliRunner().invoke(cli.app, ["restore", str(made), "--into", str(into)], catch_exceptions=False)
    assert f"every file is as the manifest says: {FIRST}, {SECOND}, {THIRD}" in done.stdout
    verified = impact(into, "verify", SECOND)
    assert verified.returncode == 0, verified.stderr


def test_what_can_be_built_again_is_left_out_unless_it_is_asked_for(home, tmp_path):
    lean, whole = backup.make(home, tmp_path / "lean").backup, backup.make(home, tmp_path / "whole", None, True).backup
    assert not [
        entry.path for entry in lean.entries if entry.path.startswith(("published/warehouse", "published/staged"))
    ]
    assert "published/warehouse/build.duckdb" in [entry.path for entry in whole.entries]


def test_a_second_backup_copies_only_what_is_new(home, place):
    first = vault_files(place)
    (home / "refused" / "20270101").mkdir(parents=True)
    (home / "refused" / "20270101" / "why.md").write_text("Too late.")
    made = backup.make(home, place)
    assert made.copied == len("Too late.")
    assert len(vault_files(place)) == len(first) + 1
    assert [backup.read(place, name).name for name in backup.names(place)] == backup.names(place)


def test_only_the_newest_remain_and_they_are_whole(home, place):
    gone = home / "evidence" / "old.md"
    gone.parent.mkdir()
    gone.write_text("in the second backup only")
    backup.make(home, place)
    gone.unlink()
    made = backup.make(home, place, keep=1)
    assert len(made.removed) == 2 and made.freed >= len("in the second backup only")
    assert backup.names(place) == [made.backup.name]
    assert backup.damage(place, made.backup) == []


def vault_files(place: Path) -> list[Path]:
    return [path for path in (place / vault.OBJECTS).rglob("*") if path.is_file()]


def largest(place: Path) -> Path:
    return max(vault_files(place), key=lambda path: path.stat().st_size)


def altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def truncated(path: Path) -> None:
    path.chmod(0o600)
    os.truncate(path, path.stat().st_size - 1)


@pytest.mark.parametrize("damage", [altered, truncated, Path.unlink])
def test_a_damaged_backup_is_refused_before_anything_is_put_in_place(place, tmp_path, damage):
    damage(largest(place))
    into = tmp_path / "into"
    with pytest.raises(Faults, match="missing, cut short or altered"):
        restore.restore(place, into)
    assert not into.exists()
    done = CliRunner().invoke(cli.app, ["backup", str(place), "--check"])
    assert isinstance(done.exception, Faults)


def test_a_changed_list_is_refused(place, tmp_path):
    (listed,) = (place / backup.SNAPSHOTS).glob("*.json")
    listed.chmod(0o600)
    listed.write_text(listed.read_text().replace(SECOND, FIRST))
    with pytest.raises(Fault, match="another sha256 than its name says"):
        restore.restore(place, tmp_path / "into")


def test_a_file_that_was_damaged_comes_back_from_the_home(home, place):
    largest(place).unlink()
    made = backup.make(home, place)
    assert backup.damage(place, made.backup) == []


@pytest.mark.parametrize(
    "path, to", [("../outside", ""), ("/etc/outside", ""), ("link", "../../outside"), ("link", "/etc")]
)
def test_no_entry_leads_out_of_the_home(place, tmp_path, path, to):
    kind = "link" if to else "folder"
    backup._write(place, (backup.Entry(path, kind, 0o700, 0, to=to),), None)
    with pytest.raises(Fault, match="leads out of the home"):
        restore.restore(place, tmp_path / "into" / "home")
    assert not (tmp_path / "into").exists()


def test_a_home_that_is_in_use_is_not_restored_into(made, home):
    before = told(home)
    with pytest.raises(Fault, match="not empty"):
        restore.restore(made, home)
    assert told(home) == before


def test_a_restore_that_breaks_off_leaves_nothing(made, tmp_path, monkeypatch):
    into = tmp_path / "into"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(vault, "take", full)
        restore.restore(made, into)
    assert list(into.iterdir()) == []
    restore.restore(made, into)
    assert restore.altered(into) == []


def test_what_a_restore_left_that_was_killed_is_cleared_away(original, made, tmp_path):
    left = tmp_path / "into" / restore.ASIDE / "releases" / FIRST
    left.mkdir(parents=True)
    (left / "half.csv").write_text("half")
    left.chmod(0o555)
    restore.restore(made, tmp_path / "into")
    assert told(tmp_path / "into") == told(original)


def test_a_backup_that_breaks_off_gets_no_name(home, tmp_path, monkeypatch):
    place, put = tmp_path / "place", vault.put

    def breaks(folder: Path, source: Path) -> str:
        if "waiting" in source.parts:
            raise KeyboardInterrupt
        return put(folder, source)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(vault, "put", breaks)
        backup.make(home, place)
    assert backup.names(place) == []
    with pytest.raises(Fault, match="no backup"):
        restore.restore(place, tmp_path / "into")
    assert backup.damage(place, backup.make(home, place).backup) == []


def test_a_disk_that_keeps_other_bytes_is_found_at_once(home, tmp_path, monkeypatch):
    def rots(source: Path, target: Path) -> None:
        Path(target).write_bytes(Path(source).read_bytes()[:-1] + b"?")

    monkeypatch.setattr(vault.shutil, "copyfile", rots)
    with pytest.raises(Fault, match="three times"):
        backup.make(home, tmp_path / "place")


def test_a_backup_waits_for_the_writer(home, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "WAIT", 0.0)
    with one_at_a_time(Workspace(home, "published")), pytest.raises(Fault, match="still running"):
        backup.make(home, tmp_path / "place")
    assert backup.names(tmp_path / "place") == []


def test_a_backup_within_the_home_is_refused(home):
    with pytest.raises(Fault, match="within the other"):
        backup.make(home, home / "backups")


def test_where_backups_lie_may_be_set_once_for_all(home, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(home))
    with pytest.raises(Fault, match="IMPACT_BACKUP"):
        CliRunner().invoke(cli.app, ["backup"], catch_exceptions=False)
    monkeypatch.setenv("IMPACT_BACKUP", str(tmp_path / "place"))
    assert CliRunner().invoke(cli.app, ["backup", "--keep", "2"], catch_exceptions=False).exit_code == 0
    assert len(backup.names(tmp_path / "place")) == 1


# Every kind of state is kept, or known to be made again


def test_a_home_holds_nothing_that_is_not_declared(original):
    own = {PurePosixPath("published/manifest.json")}  # the stand-in's own
    assert set(state.undeclared(original)) == own


def test_a_new_kind_of_state_is_noticed_and_kept_meanwhile(home, tmp_path):
    (home / "published" / "forecasts").mkdir()
    (home / "published" / "forecasts" / "2027.json").write_text("{}")
    assert PurePosixPath("published/forecasts") in state.undeclared(home)
    made = backup.make(home, tmp_path / "place")
    assert "published/forecasts/2027.json" in [entry.path for entry in made.backup.entries]


def test_every_folder_of_the_settings_is_declared(tmp_path):
    place = Workspace(tmp_path, "published")
    named = {name: value for name in dir(Workspace) if isinstance(value := getattr(place, name), Path)}
    inside = {name: path.relative_to(tmp_path) for name, path in named.items() if name not in ("root", "kept", "base")}
    assert len(inside) > 15
    assert [name for name, path in inside.items() if state.kind_of(PurePosixPath(path)) is None] == []


def test_every_place_that_the_code_names_is_declared():
    """Whatever is joined to the root of a home or to the folder of an origin, by its name or by a constant."""
    found = [each for path in (PROJECT_ROOT / "pipelines").rglob("*.py") for each in _joined(path)]
    assert len(found) > 15
    assert [where for where, name in found if state.kind_of(PurePosixPath(name)) is None] == []


def _joined(path: Path) -> Iterator[tuple[str, str]]:
    """Where it stands, and the path. `then` is the home of a rebuild, which is removed with it."""
    tree = ast.parse(path.read_text())
    constants = {
        target.id: value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target, value in _assigned(node)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant)
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.left, ast.Attribute)):
            continue
        name = node.right.value if isinstance(node.right, ast.Constant) else constants.get(ast.unparse(node.right))
        where = f"{path.name}:{node.lineno} {ast.unparse(node)}"
        if node.left.attr in ("kept", "base") and isinstance(name, str):
            yield where, f"published/{name}"
        elif node.left.attr == "root" and isinstance(name, str) and ast.unparse(node.left.value) != "then":
            yield where, name


def _assigned(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Also where several names are given at once."""
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=True)
        else:
            yield target, node.value


def test_the_served_sample_holds_nothing_that_is_not_declared(served_sample):
    known = {PurePosixPath("first.txt"), PurePosixPath("progress.txt")}
    assert set(state.undeclared(served_sample)) == known


def test_the_list_of_a_backup_says_what_it_was_made_with(made):
    content = json.loads(next((made / backup.SNAPSHOTS).glob("*.json")).read_text())
    assert content["served"] == SECOND and content["code_version"] and content["format"] == 1
    assert backup.taken_at(backup.names(made)[-1]) <= settings.now()
