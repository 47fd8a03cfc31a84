"""Building a release again from what it was made of, and comparing it byte by byte.

Belongs here: putting a home together as it was before the release, and the comparison. Does not belong here: the build
itself, which is a refresh in a process of its own.

It can be done where the same code stands and everything that went in is still as it was; that is mostly the newest
release. Where it is not so, no verdict is given.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.errors import Fault
from pipelines.release.manifest import CHECKSUMS, MANIFEST, SIGNATURE, read_manifest
from pipelines.release.promote import version_parts
from pipelines.settings import PROJECT_ROOT, Workspace
from pipelines.staging import code_version
from pipelines.store import shown
from pipelines.store.snapshots import make_private, sha256_of

OF_THE_KEY = {SIGNATURE, CHECKSUMS}
"""What differs with the key of whoever builds: the signature, and the list that holds its hash."""


def rebuild(root: Path, folder: Path) -> list[Fault]:
    """What differs between a release and the same release built again. Empty if nothing.

    root: the home that holds what it was made from; nothing in it is changed. Raises Fault where the state before the
    release cannot be had again.
    """
    manifest = read_manifest(folder)
    _require_code(manifest)
    origin = "synthetic" if manifest["is_synthetic"] else "published"
    with TemporaryDirectory(prefix=".rebuild-", dir=root) as place:
        then = Workspace(Path(place), origin)
        put_together(Workspace(root, origin), then, manifest)
        _refresh(then, manifest)
        _require_inputs(then, manifest)
        version = manifest["release_id"]
        return compare(
            folder, next(path / version for path in (then.releases, then.waiting) if (path / version).exists())
        )


def put_together(now: Workspace, then: Workspace, manifest: dict[str, Any]) -> None:
    """The home as it was before a release: what came in, what people decided, what earlier releases showed.

    Files are linked and not copied; none of them is ever rewritten in its place.
    """
    for folder in (now.raw, now.sample):
        _link(folder, then.root / folder.relative_to(now.root))
    for path in now.kept.glob("*.json"):
        shutil.copy2(path, then.kept / path.name)
    make_private(shown.folder(then))
    before = version_parts(manifest["release_id"])
    for path in shown.folder(now).glob("[0-9]*.parquet"):
        if version_parts(path.stem) < before:
            shutil.copy2(path, shown.folder(then) / path.name)
    for path in now.releases.glob("[0-9]*"):
        if path.is_dir() and version_parts(path.name) < before:
            _link(path, then.releases / path.name)
    if manifest["previous_release"]:
        then.current.parent.mkdir()
        then.current.symlink_to(Path("..") / then.releases.name / manifest["previous_release"])


def compare(folder: Path, again: Path) -> list[Fault]:
    """The files that differ, or are in one of the two only; but for what differs with the key."""
    one, other = _hashes(folder), _hashes(again)
    return [
        _differs(folder.name, path) for path in sorted(one.keys() | other.keys()) if one.get(path) != other.get(path)
    ]


def _link(folder: Path, target: Path) -> None:
    """Folders of their own, so that nothing in them keeps the permissions of a release."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.rglob("*")):
        into = target / path.relative_to(folder)
        if path.is_dir():
            into.mkdir()
            continue
        try:
            os.link(path, into)
        except OSError:
            shutil.copy2(path, into)


def _refresh(then: Workspace, manifest: dict[str, Any]) -> None:
    """An empty folder to take published files from: all that counts is in the raw store. Raises Fault if it fails."""
    empty = then.root / "nothing"
    empty.mkdir()
    words = [] if then.origin == "synthetic" else ["--from", str(empty)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IMPACT_", "DAGSTER_"))}
    epoch = int(datetime.fromisoformat(manifest["built_at"]).timestamp())
    environment = kept | {"IMPACT_HOME": str(then.root), "SOURCE_DATE_EPOCH": str(epoch)}
    command = [sys.executable, "-m", "pipelines.cli", "refresh", *words]
    done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(
            f"release {manifest['release_id']}: it could not be built again",
            "\n".join(done.stderr.strip().splitlines()[-10:]) or "no message",
            "a refresh that succeeds, as it did for the release",
            "what the release was made from is gone or was changed",
            "read the message above; it says nothing against the release itself",
        )


def _require_code(manifest: dict[str, Any]) -> None:
    if manifest["code_version"] == code_version():
        return
    raise Fault(
        f"release {manifest['release_id']}: it cannot be built again here",
        f"code {code_version()}",
        f"code {manifest['code_version']}, with which it was built",
        "the code has moved on since",
        f"check out {manifest['code_version']} and run the command there, with the same IMPACT_HOME",
    )


def _require_inputs(then: Workspace, manifest: dict[str, Any]) -> None:
    if manifest["fingerprint"] == then.fingerprint.read_text(encoding="utf-8"):
        return
    raise Fault(
        f"release {manifest['release_id']}: what it was made from is not what this home holds",
        "another fingerprint of files, decisions and code than the manifest's",
        "the raw store and the decisions as they were when it was built",
        "files came in or were decided on since; only the newest release can be built again then",
        "use a backup of the home from before that; it says nothing against the release itself",
    )


def _hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}
    return {path: sha256 for path, sha256 in found.items() if path not in OF_THE_KEY}


def _differs(version: str, path: str) -> Fault:
    return Fault(
        f"release {version}: {path} differs from what a rebuild gives",
        "other bytes, or a file in one of the two only",
        "the same bytes from the same inputs and code",
        f"another version of a tool than {MANIFEST} lists, or the release was not made from what it says",
        "compare the versions in the manifest with those installed; if they are the same, do not use the release",
    )
