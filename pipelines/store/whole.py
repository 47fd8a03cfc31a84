"""Small files that are replaced whole, so that a reader finds the old one or the new one, however a run ended.

Belongs here: how such a file is written, and what a run that was killed leaves of one. Does not belong here: what
stands in it; files of a release (documents.py), which are never replaced.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

PARTIAL = ".*.partial"
"""The names of what is not whole yet."""


def partial_of(path: Path, *, is_private: bool = False) -> Path:
    """The name under which a file is written until it is whole. Nothing of a stopped run is left there.

    is_private: only its owner may read it, from the first byte on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    if is_private:
        partial.touch(mode=0o600)
    return partial


def put_in_place(partial: Path, path: Path) -> Path:
    """Gives a file that is whole its name, in one step, after its bytes have reached the disk."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
    return path


def replace_text(path: Path, text: str, *, is_private: bool = False) -> Path:
    """Writes a file in one step. is_private: as for `partial_of`."""
    partial = partial_of(path, is_private=is_private)
    partial.write_text(text, encoding="utf-8")
    return put_in_place(partial, path)


def replace_json(path: Path, content: Any, *, is_private: bool = False) -> Path:
    """The same for what is written as JSON."""
    return replace_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n", is_private=is_private)


def copy_whole(origin: Path, path: Path, *, is_private: bool = False) -> Path:
    """Copies the bytes of a file in one step. is_private: as for `partial_of`."""
    partial = partial_of(path, is_private=is_private)
    shutil.copyfile(origin, partial)
    return put_in_place(partial, path)
