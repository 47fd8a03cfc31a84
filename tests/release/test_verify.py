"""A copy of a release is that release or it is not, wherever it lies; and the same inputs give the same bytes again."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import standin

from pipelines.errors import Fault, Faults
from pipelines.release import (
    current_release,
    read_manifest,
    rebuilding,
    run_gate,
    sign_manifest,
    signing,
)
from pipelines.release.candidate import build_candidate
from pipelines.release.manifest import write_manifest
from pipelines.release.verifying import find_copy, require_vouched, verify_copy
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.staging import code_version
from pipelines.store import shown
from tests.running import BUILDER, key_of, make_keys, waive_freshness

VERSION = "2026.1.0"
KINDS = [
    "README.txt",
    "manifest.json",
    "manifest.json.sig",
    "manifest.sha256",
    "gate.json",
    DUCKDB_FILE,
    "csv/dim_driver.csv",
    "parquet/dim_driver.parquet",
    "evidence/types.json",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = standin.workspace(tmp_path_factory.mktemp("verify") / "home", "published")
    make_keys(made.root)
    waive_freshness(made.root, standin.BUILT_AT.date())
    return made


@pytest.fixture(scope="module")
def original(place: Workspace) -> Path:
    """Written by the real outputs and looked at by the real gate."""
    return shutil.copytree(build(place), place.root / VERSION)


def build(place: Workspace) -> Path:
    folder = build_candidate(place, standin.manifest_path(place), VERSION, "abc1234", standin.BUILT_AT)
    standin.write_outputs(folder)
    assert run_gate(place).passed
    write_manifest(folder, place, "f" * 64)
    sign_manifest(folder, key_of(place.root, BUILDER))
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy without its home."""
    return shutil.copytree(original, tmp_path / "copy")


def test_two_builds_of_the_same_inputs_are_byte_identical(place, original):
    again = build(place)
    assert rebuilding.compare(original, again) == []
    names = {path.relative_to(original).as_posix() for path in original.rglob("*") if path.is_file()}
    assert set(KINDS) <= names and len(names) > 100
    differing = [name for name in sorted(names) if (original / name).read_bytes() != (again / name).read_bytes()]
    assert differing == []


def test_nothing_of_the_build_file_is_left_in_the_gaps(place, original):
    """An organisation that stands behind figures and nowhere in them."""
    assert b"R7|answers" in place.warehouse.read_bytes()
    assert b"R7|answers" not in (original / DUCKDB_FILE).read_bytes()


def test_a_copy_with_its_signers_verifies(place, folder):
    found = verify_copy(folder, place.signers)
    require_vouched(found)
    assert (found.release_id, found.signer.principal) == (VERSION, BUILDER)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("where", [0, 0.5, 1])
def test_one_changed_byte_is_found(place, folder, name, where):
    path = folder / name
    content = bytearray(path.read_bytes())
    content[int(where * (len(content) - 1))] ^= 1
    path.write_bytes(content)
    with pytest.raises((Fault, Faults), match=name.replace("manifest.sha256", "manifest")):
        verify_copy(folder, place.signers)


@pytest.mark.parametrize("name", KINDS)
def test_a_missing_file_and_a_link_in_its_place_are_found(place, folder, tmp_path, name):
    kept = shutil.move(folder / name, tmp_path / "elsewhere")
    with pytest.raises((Fault, Faults), match="manifest|missing"):
        verify_copy(folder, place.signers)
    (folder / name).symlink_to(kept)
    with pytest.raises((Fault, Faults), match="altered"):
        verify_copy(folder, place.signers)


@pytest.mark.parametrize("name", ["evidence/more.json", ".hidden", "csv/dim_driver.csv.sig"])
def test_an_extra_file_is_found(place, folder, name):
    (folder / name).write_text("x")
    with pytest.raises(Faults, match=f"{name} extra"):
        verify_copy(folder, place.signers)


def test_an_empty_folder_is_found(place, folder):
    (folder / "evidence" / "withdrawn by R7").mkdir()
    with pytest.raises(Faults, match="evidence/withdrawn by R7 extra"):
        verify_copy(folder, place.signers)


def test_a_copy_that_was_altered_and_signed_again_has_nobody_to_vouch_for_it(place, folder, tmp_path):
    signing.make_key(tmp_path / "forger", BUILDER, has_passphrase=False)
    (folder / "README.txt").write_text("edited")
    write_manifest(folder, place, "f" * 64)
    sign_manifest(folder, tmp_path / "forger")
    for signers in (place.signers, None):
        found = verify_copy(folder, signers)
        assert found.signer.principal is None
        with pytest.raises(Fault, match=f"nobody here vouches for its key\n.*{re.escape(found.signer.key)}"):
            require_vouched(found)


def test_an_approver_cannot_seal_a_release(place, folder):
    place_of_key = key_of(place.root, "approver@example.invalid")
    sign_manifest(folder, place_of_key)
    with pytest.raises(Fault, match="nobody here vouches"):
        require_vouched(verify_copy(folder, place.signers))


def test_synthetic_data_need_nobody_to_vouch_for_them(tmp_path):
    place = standin.workspace(tmp_path / "home")
    folder = standin.passed_candidate(place, VERSION)
    sign_manifest(folder, signing.synthetic_key(place))
    require_vouched(verify_copy(folder, place.signers))


def test_a_release_is_found_by_its_version_or_its_path(place, folder):
    assert find_copy(place, str(folder)) == folder
    with pytest.raises(Fault, match="no such release and no such folder"):
        find_copy(place, "2026.9.0")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three releases of the sample, of which the last two can be told apart by what they showed."""
    place = standin.workspace(tmp_path_factory.mktemp("rebuild") / "home")
    for version in ("2026.1.0", "2026.2.0", "2026.3.0"):
        standin.published_release(place, version)
    (place.kept / "decisions.json").write_text("[]")
    (place.raw / "source").mkdir(parents=True)
    (place.raw / "source" / "file.csv").write_text("as it came")
    return place


def test_the_home_is_put_together_as_it_was_before_the_release(home, tmp_path):
    then = Workspace(tmp_path / "then", "synthetic")
    rebuilding.put_together(home, then, read_manifest(home.releases / "2026.2.0"))
    assert current_release(then).name == "2026.1.0"
    assert [path.name for path in then.releases.iterdir()] == ["2026.1.0"]
    assert [path.stem for path in shown.folder(then).iterdir()] == ["2026.1.0"]
    assert (then.raw / "source" / "file.csv").read_text() == "as it came"
    assert (then.kept / "decisions.json").read_text() == "[]"


def test_other_code_is_no_verdict(home):
    assert read_manifest(home.releases / "2026.3.0")["code_version"] != code_version()
    with pytest.raises(Fault, match="it cannot be built again here"):
        rebuilding.rebuild(home.root, home.releases / "2026.3.0")


def test_other_inputs_are_no_verdict(home, monkeypatch):
    def with_more_files(then: Workspace, manifest: dict) -> None:
        then.fingerprint.write_text("e" * 64)

    monkeypatch.setattr(rebuilding, "code_version", lambda: "abc1234")
    monkeypatch.setattr(rebuilding, "_refresh", with_more_files)
    with pytest.raises(Fault, match="not what this home holds"):
        rebuilding.rebuild(home.root, home.releases / "2026.3.0")
    assert not list(home.root.glob(".rebuild-*"))


def test_a_rebuild_that_differs_names_the_files(home, monkeypatch):
    def built(then: Workspace, manifest: dict) -> None:
        then.fingerprint.write_text(manifest["fingerprint"])
        folder = shutil.copytree(home.releases / "2026.3.0", then.releases / "2026.3.0")
        for path in folder.rglob("*"):
            path.chmod(0o755)
        (folder / "README.txt").write_text("other")

    monkeypatch.setattr(rebuilding, "code_version", lambda: "abc1234")
    monkeypatch.setattr(rebuilding, "_refresh", built)
    (fault,) = rebuilding.rebuild(home.root, home.releases / "2026.3.0")
    assert "README.txt differs from what a rebuild gives" in fault.where
