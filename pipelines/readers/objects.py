"""Reads JSON: one object or a list of objects, each with a list of records under a key that the layout names.

Belongs here: one row for each record with the object's own values beside it. Does not belong here: which keys
there are (source YAML), types and meaning.

bodies.py reads JSON, too, and is no substitute: here a sender is told which record is wrong and which key it lacks,
no fault repeats anything of the file, and rows are numbered by record, so that `impact submissions check` can point
to one. A publisher's records may lack any key, and are numbered by line.
"""

from __future__ import annotations

import polars as pl

from pipelines.errors import Fault
from pipelines.readers.frame import ROW, SHEET
from pipelines.readers.json_text import NotJson, parsed
from schemas.source import Layout

Record = dict[str, object]


def read_objects(content: bytes, layout: Layout, where: str, edition: str) -> pl.DataFrame:
    """One row per record, all text, with `@row`: its number counted from 1 over the whole file.

    Read are the keys that the layout names; whatever stands under others is passed over. An object without records
    gives one row, with its own values only. Raises Fault where the text is not JSON of that form, or an object gives
    a key twice.
    """
    rows = [row for one in _objects(_parsed(content, where), where) for row in _rows(one, layout, where)]
    names = sorted({name for row in rows for name in row} | set(layout.header))
    columns = {name: [_text(row.get(name), name, where) for row in rows] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)).with_columns(
        pl.int_range(1, len(rows) + 1, dtype=pl.Int32, eager=True).alias(ROW),
        pl.lit(None, dtype=pl.String).alias(SHEET),
    )


def _parsed(content: bytes, where: str) -> object:
    try:
        return parsed(content)
    except NotJson as error:
        raise _fault(where, str(error), "JSON in UTF-8, with each key once in an object") from error


def _objects(parsed: object, where: str) -> list[Record]:
    given = parsed if isinstance(parsed, list) else [parsed]
    if all(isinstance(one, dict) for one in given):
        return given
    raise _fault(where, "something other than objects", "one object, or a list of objects")


def _rows(one: Record, layout: Layout, where: str) -> list[Record]:
    records = one.get(layout.records or "") or []
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise _fault(where, f"`{layout.records}` is no list of objects", f"objects with {', '.join(layout.header)}")
    lacking = [name for name in layout.header if any(name not in record for record in records)]
    if lacking:
        raise _fault(where, f"no key {', '.join(lacking)}", f"{' and '.join(layout.header)} in every record")
    own = {name: value for name, value in one.items() if name in layout.optional_labels}
    # Of a record only its own keys: it must not overrule what the object says of itself.
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
