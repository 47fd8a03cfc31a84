"""Reads JSON: one object or a list of objects, each with a list of records under a key that the layout names.

Belongs here: one row for each record with the object's own values beside it. Does not belong here: which keys
there are (source YAML), types and meaning.
"""

from __future__ import annotations

import json
from collections.abc import Set

import polars as pl

from pipelines.errors import Fault
from pipelines.readers.frame import ROW, SHEET
from schemas.source import Layout

Record = dict[str, object]


def read(content: bytes, layout: Layout, keys: Set[str], where: str) -> pl.DataFrame:
    """One row per record, all text, with `@row`: its number counted from 1 over the whole file.

    keys: what is read; whatever stands under other keys is passed over. An object without records gives one row,
    with its own values only. Raises Fault where the text is not JSON of that form, or an object gives a key twice.
    """
    rows = [row for one in _objects(_parsed(content, where), where) for row in _rows(one, layout, keys, where)]
    names = sorted({name for row in rows for name in row} | set(layout.header))
    columns = {name: [_text(row.get(name), name, where) for row in rows] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)).with_columns(
        pl.int_range(1, len(rows) + 1, dtype=pl.Int32, eager=True).alias(ROW),
        pl.lit(None, dtype=pl.String).alias(SHEET),
    )


def _parsed(content: bytes, where: str) -> object:
    def unique(pairs: list[tuple[str, object]]) -> Record:
        if len(dict(pairs)) < len(pairs):
            raise _fault(where, "an object that gives a key twice", "each key once in an object")
        return dict(pairs)

    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        found = f"text that is not JSON: {error.msg}, line {error.lineno}, column {error.colno}"
    except (UnicodeDecodeError, RecursionError, ValueError):
        found = "text that is not JSON in UTF-8"
    raise _fault(where, found, "JSON in UTF-8")


def _objects(parsed: object, where: str) -> list[Record]:
    given = parsed if isinstance(parsed, list) else [parsed]
    if all(isinstance(one, dict) for one in given):
        return given
    raise _fault(where, "something other than objects", "one object, or a list of objects")


def _rows(one: Record, layout: Layout, keys: Set[str], where: str) -> list[Record]:
    records = one.get(layout.records or "") or []
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise _fault(where, f"`{layout.records}` is no list of objects", f"objects with {', '.join(layout.header)}")
    lacking = [name for name in layout.header if any(name not in record for record in records)]
    if lacking:
        raise _fault(where, f"no key {', '.join(lacking)}", f"{' and '.join(layout.header)} in every record")
    own = {name: value for name, value in one.items() if name in keys and name not in layout.header}
    # Of a record only what the layout names: it must not overrule what the object says of itself.
    return [{**own, **{name: record[name] for name in layout.header}} for record in records] or [own]


def _text(value: object, name: str, where: str) -> str:
    if isinstance(value, (dict, list)):
        raise _fault(where, f"a list or an object under `{name}`", "one text or number")
    return "" if value is None else str(value)


def _fault(where: str, found: str, expected: str) -> Fault:
    return Fault(
        where,
        found,
        expected,
        "the program that wrote the file uses another form",
        "compare it with `impact submissions schema` and ask the sender for a corrected file",
    )
