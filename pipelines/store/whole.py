"""Small files, of JSON or of lines, that are replaced whole, so that a reader finds the old one or the new one.

Belongs here: how such a file is written. Does not belong here: what stands in it; files of a release
(documents.py), which are never replaced.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def replace_json(path: Path, content: Any, *, is_private: bool = False) -> Path:
    """Writes a file in one step. is_private: only its owner may read it, from the first byte on."""
    return replace_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n", is_private=is_private)


def replace_text(path: Path, content: str, *, is_private: bool = False) -> Path:
    """The same for a file of text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600 if is_private else 0o666)
    partial.write_text(content, encoding="utf-8")
    os.replace(partial, path)
    return path
