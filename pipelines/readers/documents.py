"""Reads JSON bodies, one for each organisation, into a frame of text cells, by paths that the source YAML names.

Belongs here: taking a file apart into bodies, and following a path. Does not belong here: which paths there are
(source YAML), types and meaning.

A path is a row of keys: `Organisation.OrgId.extension`. In a list, `[key=value]` takes the members that have it:
`Organisation.Date[Type=Legal].Start`; of several, the first. A path that begins with a dot starts at the member
of the list that `each` names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.errors import Fault
from pipelines.readers.frame import ROW, SHEET, text
from schemas.source import Layout

STEP = re.compile(r"\.?(?P<key>[^.\[\]]+)(?P<filters>(\[[^\]]+\])*)")
FILTER = re.compile(r"\[([^=\]]+)=([^\]]*)\]")


def read(content: bytes, layout: Layout, where: str) -> pl.DataFrame:
    """One row per body, or per member of the list `each`, all text; `@row` is the number of the body from 1.

    The file holds one body, a list of bodies, or one body a line. A path at which no body has anything is left out,
    so that a renamed key is missed like a renamed column. Raises Fault where it is no JSON, or where a body lacks
    what every body has (the first of `names`).
    """
    rows = []
    for number, body in enumerate(_bodies(content, where), start=1):
        if not values(body, layout.names[0]):
            raise _other_shape(body, layout.names[0], f"{where}, body {number}")
        members = values(body, layout.each) if layout.each else [body]
        rows += [(number, *(_cell(body, member, path) for path in layout.names)) for member in members]
    schema = {ROW: pl.Int32, **dict.fromkeys(layout.names, pl.String)}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    empty = [name for name in layout.names if frame.height and frame[name].is_null().all()]
    return frame.drop(empty).with_columns(pl.lit(None, dtype=pl.String).alias(SHEET))


def values(node: Any, path: str) -> list[Any]:
    """Everything that lies at the path, in the order of the file; nothing where a key is absent."""
    found = [node]
    for step in STEP.finditer(path):
        found = [below for item in found if isinstance(item, dict) for below in _listed(item.get(step["key"]))]
        for key, wanted in FILTER.findall(step["filters"]):
            found = [item for item in found if wanted in map(str, values(item, key))]
    return found


def _listed(value: Any) -> list[Any]:
    """The API writes a list of one as a list, and nothing at all in place of an empty one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _cell(body: Any, member: Any, path: str) -> str | None:
    found = values(member, path) if path.startswith(".") else values(body, path)
    return text(found[0]) if found else None


def _bodies(content: bytes, where: str) -> Iterator[Any]:
    try:
        whole = content.decode("utf-8-sig").strip()
        try:
            yield from _listed(json.loads(whole))
        except json.JSONDecodeError:
            yield from [json.loads(line) for line in whole.splitlines() if line.strip()]
    except ValueError as error:
        raise Fault(
            where,
            f"no JSON: {error}",
            "one body, a list of bodies, or one body a line",
            "an interrupted download, or an error page",
            "fetch the bodies again",
        ) from error


def _other_shape(body: Any, path: str, where: str) -> Fault:
    keys = ", ".join(body) if isinstance(body, dict) else type(body).__name__
    return Fault(
        where,
        f"keys {keys}"[:200],
        f"something at `{path}`",
        "the answer is an error message, or the API changed its shape",
        "fetch the body again; if the API changed, correct the paths in `layout` and `columns` of the source YAML",
    )
