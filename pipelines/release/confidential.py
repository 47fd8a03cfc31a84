"""What must not be found in a release: the needles of the leak scan.

Belongs here: gathering them from the build file, from the candidate and from the submissions as they came in. Does not
belong here: looking for them (leaks.py), and which columns are confidential (policy/gate.yml).

Of a long text the first letters are looked for. A figure counts as a needle by its first twelve significant digits, cut
off or rounded. Shorter ones, such as a count or a level, stand everywhere by chance; they are kept out by rules on
tables (rules.py), not by a search.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from pipelines.registry import load_sources
from pipelines.release.contents import LONGEST
from pipelines.release.reading import identifier, lean, literal
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store.snapshots import RECEIVED_AS
from schemas import published

DIGITS = 12
"""Significant digits by which a figure is told from any other."""
LARGEST_DENOMINATOR = 1000
"""Ratios of whole numbers up to this one come about by chance, so they tell nothing."""
SHORTEST_TEXT = 8
LONGEST_LABEL = 40
ORGANISATIONS = "select org_code, coalesce(max(org_name), org_code) from core.dim_organisation group by org_code"


@dataclass(frozen=True)
class Confidential:
    """figures: exact values. texts: kind by text, which is looked for whatever its case.

    codes: all organisations by code, with their names. named: codes that may stand beside a self-assessment.
    """

    figures: frozenset[float]
    texts: dict[str, str]
    codes: dict[str, str]
    named: frozenset[str]

    @property
    def unnamed(self) -> dict[str, str]:
        """Organisations that may not stand beside a self-assessment: name by code."""
        return {code: name for code, name in self.codes.items() if code not in self.named}

    def needles(self) -> dict[str, str]:
        """Kind by what to look for in a text."""
        cut = {digits(value): "withheld_figure" for value in self.figures}
        rounded = {f"{abs(value):.{DIGITS}g}": "withheld_figure" for value in self.figures}
        return (
            cut | {text: kind for text, kind in rounded.items() if len(text) > DIGITS and "e" not in text} | self.texts
        )


def gather(workspace: Workspace, policy: dict[str, Any]) -> Confidential:
    """All that the candidate of a workspace must not hold. policy: the part `leaks` of gate.yml."""
    with duckdb.connect(str(workspace.warehouse), True, lean(workspace.warehouse.parent / "spill")) as connection:
        connection.execute(f"attach {literal(workspace.candidate / DUCKDB_FILE)} as candidate (read_only)")
        tables = _tables(connection)
        figures = _figures(connection, policy, tables) | withheld(connection, tables)
        identifiers = _texts(connection, policy["identifiers"], tables)
        codes = dict(connection.execute(ORGANISATIONS).fetchall())
        named = frozenset(_named(connection))
    people = people_of(workspace, re.compile(policy["personal_fields"]))
    texts = {text[:LONGEST]: "identifier" for text in identifiers} | {text[:LONGEST]: "person" for text in people}
    return Confidential(frozenset(figures), texts, codes, named)


def digits(value: float) -> str:
    """The first twelve significant digits of a figure, without its sign, as every text format begins it."""
    text = repr(abs(value)).partition("e")[0]
    seen = 0
    for place, letter in enumerate(text):
        seen += letter.isdigit() and (seen > 0 or letter != "0")
        if seen == DIGITS:
            return text[: place + 1]
    return text


def telling(values: Iterable[float]) -> set[float]:
    """The figures that twelve digits tell from any other: neither short nor a ratio of small whole numbers."""
    long = np.array([value for value in set(values) if _significant(value) >= DIGITS], dtype=float)
    by_chance = np.zeros(long.shape, dtype=bool)
    for denominator in range(1, LARGEST_DENOMINATOR + 1):
        scaled = long * denominator
        by_chance |= np.abs(scaled - np.round(scaled)) < 1e-12 * denominator
    return set(long[~by_chance].tolist())


def _significant(value: float) -> int:
    return len(repr(abs(value)).partition("e")[0].replace(".", "").lstrip("0"))


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Tables of the build file as `schema.table`."""
    sql = "select schema_name || '.' || table_name from duckdb_tables() where database_name <> 'candidate'"
    return {name for (name,) in connection.execute(sql).fetchall()}


def _figures(connection: duckdb.DuckDBPyConnection, policy: dict[str, Any], tables: set[str]) -> set[float]:
    secret = set(_values(connection, policy["figures"], tables))
    return telling(secret - set(_values(connection, policy["public"], tables)))


def _values(connection: duckdb.DuckDBPyConnection, queries: list[str], tables: set[str]) -> Iterator[Any]:
    """The answers of those queries whose table was built."""
    for query in queries:
        if set(re.findall(r"from (\w+\.\w+)", query)) <= tables:
            yield from (value for (value,) in connection.execute(query).fetchall() if value is not None)


def _texts(connection: duckdb.DuckDBPyConnection, queries: list[str], tables: set[str]) -> set[str]:
    return {text for text in _values(connection, queries, tables) if len(text) >= SHORTEST_TEXT}


def _named(connection: duckdb.DuckDBPyConnection) -> list[str]:
    scopes = ", ".join(map(literal, published.NAMED_SCOPES))
    sql = (
        f"select distinct org_code from core.fct_maturity_responses where is_reportable and sharing_scope in ({scopes})"
    )
    return [code for (code,) in connection.execute(sql).fetchall()]


def withheld(connection: duckdb.DuckDBPyConnection, tables: set[str]) -> set[float]:
    """Figures of released tables that the build file has and the candidate, in the same row, hides or rounds.

    connection: to the build file, with the candidate attached.
    """
    found: set[float] = set()
    for table in published.TABLES:
        schema = next((name.partition(".")[0] for name in tables if name.endswith(f".{table.name}")), None)
        doubles = [column.name for column in table.columns if column.type == "DOUBLE"]
        if schema and doubles and table.key:
            found |= _held_back(connection, f"{schema}.{table.name}", table, doubles)
    return telling(found)


def _held_back(
    connection: duckdb.DuckDBPyConnection, built: str, table: published.Table, doubles: list[str]
) -> set[float]:
    """A figure that another row of the table shows is none."""
    same = " and ".join(f"b.{identifier(name)} is not distinct from c.{identifier(name)}" for name in table.key)
    candidate = f"candidate.{identifier(table.name)}"
    found: set[float] = set()
    for name in map(identifier, doubles):
        sql = (
            f"select distinct b.{name} from {built} as b left join {candidate} as c on {same} "
            f"where b.{name} is not null and c.{name} is distinct from b.{name} "
            f"and b.{name} not in (select {name} from {candidate} where {name} is not null)"
        )
        found.update(value for (value,) in connection.execute(sql).fetchall())
    return found


def people_of(workspace: Workspace, fields: re.Pattern[str]) -> set[str]:
    """Names, addresses and free text of submissions as they came in, line by line, and the names of the files.

    Only what has two words or an @ in it: a single word such as `none` stands everywhere.
    """
    texts: set[str] = set()
    for source in load_sources().values():
        folder = workspace.raw / source.source_id
        if source.is_restricted and folder.is_dir():
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                texts.update(_file_name(path) if path.name == RECEIVED_AS else _fields(path, fields))
    clean = (" ".join(line.split()) for text in texts for line in text.splitlines())
    return {text for text in clean if len(text) >= SHORTEST_TEXT and (" " in text or "@" in text or "." in text)}


def _file_name(path: Path) -> list[str]:
    return [path.read_text(encoding="utf-8").strip()]


def _fields(path: Path, fields: re.Pattern[str]) -> list[str]:
    """A file that cannot be read was refused at the door; nothing of it went any further."""
    readers = {".csv": _of_csv, ".json": _of_json, ".xlsx": _of_workbook, ".xlsm": _of_workbook}
    try:
        return list(readers.get(path.suffix.lower(), _of_nothing)(path, fields))
    except (OSError, ValueError, csv.Error):
        return []


def _of_nothing(path: Path, fields: re.Pattern[str]) -> Iterator[str]:
    yield from ()


def _of_csv(path: Path, fields: re.Pattern[str]) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            yield from (value for name, value in row.items() if value and name and fields.search(name))


def _of_json(path: Path, fields: re.Pattern[str]) -> Iterator[str]:
    return _of_value(json.loads(path.read_text(encoding="utf-8-sig")), fields, is_personal=False)


def _of_value(value: Any, fields: re.Pattern[str], is_personal: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _of_value(inner, fields, is_personal or bool(fields.search(name)))
    elif isinstance(value, list):
        for inner in value:
            yield from _of_value(inner, fields, is_personal)
    elif is_personal and isinstance(value, str):
        yield value


def _of_workbook(path: Path, fields: re.Pattern[str]) -> Iterator[str]:
    """What stands right of such a label, or under such a heading that is not in the first column."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    for sheet in book.sheet_names:
        headed: set[int] = set()
        for row in book.get_sheet_by_name(sheet).to_python():
            words = [cell if isinstance(cell, str) else "" for cell in row]
            labels = {place for place, word in enumerate(words) if len(word) < LONGEST_LABEL and fields.search(word)}
            places = (headed | {label + 1 for label in labels}) - labels
            yield from (words[place] for place in sorted(places) if place < len(words))
            headed |= labels - {0}
