"""An inbox that is no folder of this machine: listed through fsspec, and copied to a landing folder.

Belongs here: what lies there, what changed since the last time, copying. Does not belong here: which files are
submissions (arrivals.py), and passwords or keys: the drivers find their own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.errors import Fault
from pipelines.settings import Workspace
from pipelines.store.snapshots import make_private
from pipelines.store.whole import replace_json

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

SEEN, TAKEN = ".seen.json", "inbox_taken.json"
# What stores call the state of a file; the first that is there decides, and the size always counts too.
STATES = ("ETag", "etag", "content_md5", "checksum", "LastModified", "last_modified", "mtime", "created")
# The optional dependency that brings the driver of a protocol.
EXTRAS = {"s3": "s3", "s3a": "s3", "abfs": "azure", "abfss": "azure", "az": "azure"}


def is_url(place: str) -> bool:
    """Whether this is for fsspec rather than a folder of this machine."""
    return re.match(r"^[a-z][a-z0-9+.-]*(://|::)", place) is not None


def require_driver(url: str) -> None:
    """Raises Fault where no driver is installed for such a URL; nobody is asked yet."""
    _open(url)


def listing(url: str) -> dict[str, str]:
    """State of every file below the URL, by its path there. Raises Fault where it cannot be listed."""
    system, root = _open(url)
    try:
        found = system.find(root, detail=True)
    except Exception as error:  # each driver has errors of its own
        raise _unreachable(url, error) from error
    base = root.strip("/")
    return {path.strip("/").removeprefix(base).strip("/"): _state(info) for path, info in sorted(found.items())}


def state(place: Path | str | None) -> str:
    """Names and states of all files in an inbox, hashed; '' for no file or no inbox. Of a URL nothing is copied."""
    if isinstance(place, str):
        return _hash(f"{name} {found}" for name, found in listing(place).items())
    if place is None or not place.is_dir():
        return ""
    files = sorted(path for path in place.rglob("*") if path.is_file())
    return _hash(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)


def taken_state(workspace: Workspace) -> str:
    """The state of the inbox when a run last took it in; '' for never."""
    return _states(workspace)["taken"]


def note_seen(workspace: Workspace, seen: str) -> None:
    """Keeps the state of the inbox before a run looks into it: what comes during the run is for the next one."""
    replace_json(workspace.kept / TAKEN, _states(workspace) | {"seen": seen})


def note_taken(workspace: Workspace) -> None:
    """Keeps that what was seen is in the raw store."""
    states = _states(workspace)
    replace_json(workspace.kept / TAKEN, states | {"taken": states["seen"]})


def _states(workspace: Workspace) -> dict[str, str]:
    path = workspace.kept / TAKEN
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"seen": "", "taken": ""}


def _hash(lines: Iterable[str]) -> str:
    listed = "\n".join(lines)
    return hashlib.sha256(listed.encode()).hexdigest() if listed else ""


def land(url: str, folder: Path) -> int:
    """Copies what is new or changed since the last time into the folder, and tells how many files that were.

    Files that are gone from the inbox stay: what came in came in. Raises Fault.
    """
    there = listing(url)
    make_private(folder)
    seen = _seen(folder)
    new = {name: state for name, state in there.items() if seen.get(name) != state}
    system, root = _open(url)
    for name in new:
        target = _target(folder, name, url)
        try:
            _copy(system, f"{root}/{name}" if root else name, target)
        except Exception as error:  # each driver has errors of its own
            raise _unreachable(url, error) from error
    _write(folder / SEEN, json.dumps({**seen, **there}, indent=1).encode())
    return len(new)


def _open(url: str) -> tuple[AbstractFileSystem, str]:
    from fsspec.core import url_to_fs
    from fsspec.implementations.dirfs import DirFileSystem

    try:
        system, root = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise _no_driver(url) from error
    except Exception as error:  # each driver has errors of its own
        raise _unreachable(url, error) from error
    system.invalidate_cache()
    # A file system made of one directory has that as its root already.
    return system, "" if isinstance(system, DirFileSystem) else str(root).rstrip("/")


def _state(info: dict[str, Any]) -> str:
    known = next((str(info[name]) for name in STATES if info.get(name)), "")
    return f"{info.get('size')} {known}"


def _seen(folder: Path) -> dict[str, str]:
    path = folder / SEEN
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _target(folder: Path, name: str, url: str) -> Path:
    """Where a file lands; never outside the folder, whatever its name in the store."""
    parts = PurePosixPath(name).parts
    if ".." in parts or not parts:
        raise Fault(
            f"inbox {_shown(url)}",
            "a file whose name leads out of the inbox",
            "plain names",
            "somebody tests how safe the inbox is, or a program wrote a wrong name",
            "remove the file from the inbox",
        )
    return folder.joinpath(*parts)


def _copy(system: AbstractFileSystem, source: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(target, system.cat_file(source))


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.chmod(0o600)
    os.replace(partial, path)


def _shown(url: str) -> str:
    """The URL without what may be a secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _no_driver(url: str) -> Fault:
    protocol = re.split(r"::|://", url)[0]
    extra = EXTRAS.get(protocol)
    todo = f"install it: uv sync --extra {extra}" if extra else "use a folder, or a protocol that fsspec knows"
    return Fault(
        f"inbox {_shown(url)}",
        f"no driver for {protocol}://",
        f"the driver from the optional dependency `{extra}`" if extra else "a protocol that fsspec knows",
        "the optional dependency is not installed" if extra else "a misspelt protocol",
        todo,
    )


def _unreachable(url: str, error: Exception) -> Fault:
    return Fault(
        f"inbox {_shown(url)}",
        f"no answer that can be used ({type(error).__name__})",
        "a place that can be listed and read",
        "a misspelt name, a network that does not let this machine out, or keys that are missing or have run out",
        "list the place with the provider's own tool from this machine; nothing that was taken in before is lost",
    )
