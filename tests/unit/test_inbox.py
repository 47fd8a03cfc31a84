"""An inbox that is a URL: what is new is copied once, what changed is copied again, and faults are in five parts."""

from __future__ import annotations

import stat
from pathlib import Path

import fsspec
import pytest
from dagster import RunRequest, SkipReason, build_sensor_context
from rich.console import Console

from pipelines import refreshing, schedules
from pipelines.assets.raw import arrival_state, inbox_folder, land_inbox
from pipelines.cli import _set_environment
from pipelines.errors import PARTS, Fault
from pipelines.settings import Workspace
from pipelines.store import inbox


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


@pytest.fixture(params=["memory", "file", "dir"])
def place(request, tmp_path, memory) -> tuple[str, fsspec.AbstractFileSystem, str]:
    """The URL of an inbox, and the system and root through which the test writes into it."""
    if request.param == "memory":
        return "memory://bucket/inbox", memory, "/bucket/inbox"
    folder = tmp_path / "there"
    folder.mkdir()
    url = f"file://{folder}" if request.param == "file" else f"dir::file://{folder}"
    return url, fsspec.filesystem("file"), str(folder)


def put(system: fsspec.AbstractFileSystem, path: str, content: bytes) -> None:
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    system.pipe_file(path, content)


def test_new_and_changed_files_are_copied_and_others_left_alone(place, tmp_path):
    url, system, root = place
    landing = tmp_path / "landing"
    put(system, f"{root}/a.json", b"one")
    put(system, f"{root}/trust/b.csv", b"two")
    assert inbox.land(url, landing) == 2
    assert (landing / "a.json").read_bytes() == b"one" and (landing / "trust" / "b.csv").read_bytes() == b"two"
    assert inbox.land(url, landing) == 0
    put(system, f"{root}/a.json", b"changed")
    assert inbox.land(url, landing) == 1 and (landing / "a.json").read_bytes() == b"changed"
    system.rm(f"{root}/trust/b.csv")
    assert inbox.land(url, landing) == 0 and (landing / "trust" / "b.csv").exists()


def test_nobody_else_can_look_into_the_landing_folder(memory, tmp_path):
    put(memory, "/bucket/a.json", b"one")
    inbox.land("memory://bucket", tmp_path / "landing")
    assert stat.S_IMODE((tmp_path / "landing").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "landing" / "a.json").stat().st_mode) == 0o600


def five_parts(call) -> Fault:
    with pytest.raises(Fault) as caught:
        call()
    assert all(getattr(caught.value, part) for part in PARTS)
    return caught.value


@pytest.mark.parametrize(("url", "extra"), [("s3://bucket/inbox", "s3"), ("abfs://box@account/inbox", "azure")])
def test_a_missing_driver_names_the_extra(url, extra, monkeypatch):
    def missing(_: str) -> None:
        raise ImportError("no driver")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    fault = five_parts(lambda: inbox.listing(url))
    assert f"--extra {extra}" in fault.todo


def test_a_missing_driver_is_told_before_the_job_is_loaded(workspace, monkeypatch):
    def missing(_: str) -> None:
        raise ImportError("no driver")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    monkeypatch.setattr(refreshing, "_execute", lambda _: pytest.fail("the job was loaded"))
    monkeypatch.setenv("IMPACT_SUBMISSIONS", "s3://bucket/inbox")
    fault = five_parts(lambda: refreshing.run(Workspace(workspace.root, "published"), Console(), Console()))
    assert "--extra s3" in fault.todo


def test_a_protocol_that_nobody_knows():
    assert "no driver for pigeon://" in five_parts(lambda: inbox.listing("pigeon://loft")).found


def test_a_place_that_cannot_be_reached_keeps_its_password(memory, monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("secret detail")

    monkeypatch.setattr(type(memory), "find", refused)
    fault = five_parts(lambda: inbox.listing("memory://user:password@bucket/inbox"))
    assert "ConnectionRefusedError" in fault.found
    assert "password" not in str(fault) and "secret" not in str(fault)


def test_a_file_cannot_land_outside(memory, tmp_path):
    memory.store["/bucket/inbox/../../up.json"] = memory.store.get("x") or fsspec.implementations.memory.MemoryFile(
        memory, "/bucket/inbox/../../up.json", b"x"
    )
    assert (
        "leads out of the inbox" in five_parts(lambda: inbox.land("memory://bucket/inbox", tmp_path / "landing")).found
    )


def test_the_job_looks_where_the_url_was_landed(memory, tmp_path, monkeypatch):
    put(memory, "/bucket/a.json", b"one")
    monkeypatch.setenv("IMPACT_SUBMISSIONS", "memory://bucket")
    workspace = Workspace(tmp_path / "home", "published")
    land_inbox(workspace)
    assert (inbox_folder(workspace) / "a.json").read_bytes() == b"one"


def test_the_sensor_sees_a_change_behind_a_url(memory, monkeypatch, workspace):
    monkeypatch.setenv("IMPACT_HOME", str(workspace.root))
    monkeypatch.setenv("IMPACT_SUBMISSIONS", "memory://bucket")
    monkeypatch.setenv("IMPACT_ORIGIN", "published")
    look = schedules.inbox_sensor("refresh")
    answers = []
    for content in (b"one", None, b"changed"):
        if content:
            put(memory, "/bucket/a.json", content)
        answers.append(type(look(build_sensor_context())))
        inbox.note_seen(workspace, arrival_state(workspace))
        inbox.note_taken(workspace)
    assert answers == [RunRequest, SkipReason, RunRequest]


def test_the_command_line_leaves_a_url_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("os.environ", {"IMPACT_HOME": str(tmp_path)})
    import os

    _set_environment("published", None, "s3://bucket/inbox", False)
    assert os.environ["IMPACT_SUBMISSIONS"] == "s3://bucket/inbox"
    _set_environment("published", None, str(Path(tmp_path)), False)
    assert os.environ["IMPACT_SUBMISSIONS"] == str(tmp_path)
