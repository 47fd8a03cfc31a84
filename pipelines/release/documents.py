"""Writing the machine-readable documents of a release: JSON and CSV with the same bytes for the same content.

Belongs here: how such files are written. Does not belong here: what stands in them.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl


def write_json(path: Path, content: Any, *, compact: bool = False) -> Path:
    """UTF-8, no byte order mark, one line feed at the end. compact: for data, on one line."""
    layout: dict[str, Any] = {"separators": (",", ":")} if compact else {"indent": 1}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, default=_iso, **layout)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def write_csv(path: Path, frame: pl.DataFrame | pl.LazyFrame) -> Path:
    """RFC 4180: UTF-8 without a byte order mark, CRLF, one header row, ISO dates, a null as an empty field."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.lazy().sink_csv(path, line_terminator="\r\n", datetime_format="%Y-%m-%dT%H:%M:%S")
    return path


def utc(moment: datetime) -> str:
    """A moment in UTC as ISO 8601 writes it, whether or not it bears its zone."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a document")
