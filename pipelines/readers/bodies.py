"""Reads JSON bodies, one a line or one in all, into a frame of text cells: what is nested becomes rows.

Belongs here: walking a body by the paths of the source YAML, and noticing keys that nobody told of.
Does not belong here: which paths there are (sources/*.yml), types and meaning, fetching (fetch/api.py).
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import polars as pl

from pipelines.errors import Fault
from pipelines.progress import say
from pipelines.readers.frame import ROW, SHEET, text
from pipelines.readers.json_text import NotJson, parsed
from schemas.source import Bodies, Layout

# With fewer bodies, a key that is in none of them says nothing.
ENOUGH_BODIES = 100
STEP = re.compile(r"(\w+)((?:\[[^\]]+\])*)")
CONDITION = re.compile(r"\[([\w.]+)(==?)([^\]]+)\]")

Body = dict[str, Any]
# An object of a body and the objects it lies in, the body itself first.
Stack = list[Body]
Row = dict[str, str | int | None]


class Step(NamedTuple):
    """A key and, where a list lies under it, the conditions of the wanted object: path, sign and value."""

    key: str
    conditions: tuple[tuple[str, str, str], ...]


def read_bodies(content: bytes, layout: Layout, where: str, edition: str) -> pl.DataFrame:
    """One row for each object of a body that `layout.bodies` names, all text; `@row` is the body's line.

    A key that is absent or null gives null; an empty text stays an empty text. Raises Fault where a line is no
    JSON object, lacks a key of `layout.header`, or where the publisher seems to have renamed a key.
    """
    assert layout.bodies
    rows: list[Row] = []
    seen: set[str] = set()
    names: dict[str, dict[str, str]] = {rule.column: {} for rule in layout.bodies.names}
    count = 0
    for count, body in bodies(content, where):
        place = f"{where}, line {count}"
        try:
            _refuse_other_body(body, layout.header, place)
            _collect_keys(body, seen)
            _learn_names(body, layout.bodies, names)
            rows += ({**row, ROW: count} for row in _rows(body, layout.bodies))
        except (TypeError, AttributeError, RecursionError) as error:
            raise _other_structure(place, error) from error
    _compare_keys(seen, layout.bodies, count, where)
    _refuse_lost_columns(rows, seen, layout.bodies, where)
    return _frame(rows, layout.bodies, names)


def bodies(content: bytes, where: str) -> Iterator[tuple[int, Body]]:
    """Each body with its line: of JSON lines, of a list, or the only one of a whole document. Raises Fault."""
    first = content.lstrip().split(b"\n", 1)[0]
    if _is_json(first):
        yield from _of_lines(content, where)
        return
    document = _parsed(content, where)
    yield from enumerate(document if isinstance(document, list) else [document], start=1)


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(parsed(line), dict)
    except NotJson:
        return False


def _of_lines(content: bytes, where: str) -> Iterator[tuple[int, Body]]:
    for number, line in enumerate(io.BytesIO(content), start=1):
        if line.strip():
            yield number, _parsed(line, f"{where}, line {number}")


def _parsed(content: bytes, where: str) -> Any:
    try:
        return parsed(content)
    except NotJson as error:
        raise Fault(
            where,
            str(error),
            "one JSON object, or one in each line",
            "a file that was cut short, or another kind of file under this name",
            "fetch it again",
        ) from error


def _refuse_other_body(body: Body, needed: tuple[str, ...], where: str) -> None:
    lacking = [key for key in needed if not isinstance(body, dict) or key not in body]
    if not lacking:
        return
    raise Fault(
        where,
        f"no {', '.join(lacking)} in {json.dumps(body)[:120]}",
        f"a record with {', '.join(needed)}",
        "an error message or a list that was saved in place of a record, or a key that the publisher renamed",
        "fetch the record again; if keys were renamed, correct `layout` in the source YAML",
    )


def _other_structure(where: str, error: Exception) -> Fault:
    return Fault(
        where,
        f"a value of another kind: {error}",
        "objects, lists and values where `layout.bodies` in the source YAML expects them",
        "the publisher changed the structure of its records",
        "compare the record with the source YAML and correct it there",
    )


def _collect_keys(part: Any, seen: set[str]) -> None:
    if isinstance(part, dict):
        seen.update(part)
        part = part.values()
    elif not isinstance(part, list):
        return
    for inner in part:
        _collect_keys(inner, seen)


def _compare_keys(seen: set[str], layout: Bodies, count: int, where: str) -> None:
    new = sorted(seen.difference(layout.known_keys))
    if not new:
        return
    say(f"{where}: keys that the source YAML does not know yet: {', '.join(new)}")
    needed = {key for rows in layout.rows for key in rows.each.replace("[]", "").split(".")}
    gone = sorted(needed - seen)
    if gone and count >= ENOUGH_BODIES:
        raise Fault(
            where,
            f"no {', '.join(gone)} in any of {count:,} records, but {', '.join(new)}",
            f"{', '.join(sorted(needed))}, each in some of the records",
            "the publisher renamed a key",
            "correct the paths in `layout.bodies`; add new keys that are no matter to its `known_keys`",
        )


def _refuse_lost_columns(rows: list[Row], seen: set[str], layout: Bodies, where: str) -> None:
    lost = [column for column in layout.needed if rows and all(row.get(column) is None for row in rows)]
    if not lost:
        return
    places = {column: place for rule in layout.rows for column, place in [*layout.body.items(), *rule.take.items()]}
    new = ", ".join(sorted(seen.difference(layout.known_keys))) or "none"
    raise Fault(
        f"{where}, column `{lost[0]}`",
        f"nothing at {places[lost[0]]} in any record; keys that the source YAML does not know: {new}",
        "a value in some of the records",
        "the publisher renamed a key",
        "correct the paths in `layout.bodies`",
    )


def _learn_names(body: Body, layout: Bodies, names: dict[str, dict[str, str]]) -> None:
    for rule in layout.names:
        for item in body.get(rule.list) or []:
            if item.get(rule.name):
                names[rule.column].setdefault(str(item.get(rule.id)), str(item[rule.name]))


def _rows(body: Body, layout: Bodies) -> list[Row]:
    own = {column: _first([body], places) for column, places in layout.body.items()}
    found = [
        {**own, **kind.texts, **{column: _first(stack, places) for column, places in kind.take.items()}}
        for kind in layout.rows
        for stack in _objects([body], kind.each.split("."))
    ]
    return found or ([{**own, **layout.otherwise}] if layout.otherwise else [])


def _objects(stack: Stack, path: list[str]) -> Iterator[Stack]:
    """Every object at the end of the path, with all that it lies in. A list of one may be written without the list."""
    if not path:
        yield stack
        return
    inner = stack[-1].get(path[0].removesuffix("[]"))
    if isinstance(inner, list) and not path[0].endswith("[]"):
        raise TypeError(f"`{path[0]}` is list")
    for item in _listed(inner):
        if not isinstance(item, dict):
            raise TypeError(f"`{path[0]}` holds {type(item).__name__}")
        yield from _objects([*stack, item], path[1:])


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _first(stack: Stack, places: str | tuple[str, ...]) -> str | None:
    """The text at the first of these places that has one."""
    for place in (places,) if isinstance(places, str) else places:
        name = place.lstrip("^")
        found = _at(stack[-1 - (len(place) - len(name))], name)
        if found is not None:
            return found
    return None


def _at(part: Body, path: str) -> str | None:
    """The text at the end of this path from one object; of a list, only the first object that fits."""
    inner: Any = part
    for key, conditions in _steps(path):
        beside, inner = inner, inner.get(key)
        if conditions:
            inner = next((item for item in _listed(inner) if _fits(item, beside, conditions)), None)
        if inner is None:
            return None
    if isinstance(inner, dict | list):
        raise TypeError(f"`{path}` is {type(inner).__name__}")
    return str(inner).lower() if isinstance(inner, bool) else text(inner)


def _fits(item: Body, beside: Body, conditions: tuple[tuple[str, str, str], ...]) -> bool:
    wanted = {of: _at(beside, value) if sign == "==" else value for of, sign, value in conditions}
    return all(value is not None and _at(item, of) == value for of, value in wanted.items())


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[Step, ...]:
    steps = list(STEP.finditer(path))
    assert ".".join(step[0] for step in steps) == path, f"{path!r} is no path"
    return tuple(Step(step[1], tuple(CONDITION.findall(step[2]))) for step in steps)


def _frame(rows: list[Row], layout: Bodies, names: dict[str, dict[str, str]]) -> pl.DataFrame:
    columns = {*layout.body, *layout.otherwise, *(name for kind in layout.rows for name in (*kind.take, *kind.texts))}
    frame = pl.DataFrame(rows, schema={**dict.fromkeys(sorted(columns), pl.String), ROW: pl.Int32})
    return frame.with_columns(
        pl.lit(None, dtype=pl.String).alias(SHEET),
        *(pl.col(column).replace(known) for column, known in names.items()),
    )
