"""Thousands of damaged copies of real files: each is refused in five parts, or read as it stands.

A damaged copy is made in memory and never kept. What is accepted is held against another program's reading of the
same bytes (Python's csv and json, Calamine), row by row, so that a shifted cell or a misplaced header cannot pass for
data. Where no real file of a source is held, the SYNTHETIC sample's is taken.
"""

from __future__ import annotations

import copy
import csv
import datetime as dt
import gzip
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from pipelines.errors import Fault
from pipelines.harmonise.door import Admitted, admit
from pipelines.readers import read_file
from pipelines.readers.container import unpack
from pipelines.registry import load_sources
from pipelines.sample.spreadsheets import write_ods
from pipelines.store.arrivals import Arrival, look_into
from schemas.fields import FIELDS
from schemas.source import ColumnRule, Layout, Source

MOST_BYTES = 6_000
ODS_ROWS = 12
BODIES = 60
# How many copies of each: a workbook takes a second or so where the damage is not seen.
TEXTS, PACKED, MARKUPS, OPENED = 150, 100, 150, 12
NOISE = st.binary(min_size=1, max_size=4) | st.sampled_from(
    [b",", b'"', b"\n", b"\r\n", b"-", b"\x00", b"\xa9", b"1,2", b"\\ud800", b"{", b"]"]
)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
RETURNS, RECORDS, SHEET = "impact_self_assessment", "cqc_api_locations", "cqc_location_ratings"
QUIET = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
KINDS = [
    (source.source_id, kind)
    for source in load_sources().values()
    for kind in sorted({pattern.format for pattern in source.files})
]

Rows = list[list[str]]


@pytest.fixture(scope="session")
def held(request: pytest.FixtureRequest, sample: Path) -> Callable[[str, str], Arrival]:
    """The smallest file of a source and format: a real one, or else the sample's; skips where there is neither."""
    try:
        folders = [request.getfixturevalue("real_data"), sample]
    except pytest.skip.Exception:
        folders = [sample]

    def find(source_id: str, kind: str) -> Arrival:
        for folder in folders:
            hits = [hit for hit in arrived(folder) if (hit.source_id, hit.file_format) == (source_id, kind)]
            if hits:
                return min(hits, key=lambda hit: hit.path.stat().st_size)
        pytest.skip(f"no file of {source_id} as {kind}")

    return find


@cache
def arrived(folder: Path) -> tuple[Arrival, ...]:
    published = [source for source in load_sources().values() if not source.is_inbox]
    hits = [hit for source in published for hit in look_into(folder, [source]).claimed]
    inbox = folder / "submissions"
    return (*hits, *(look_into(inbox, [load_sources()[RETURNS]]).claimed if inbox.is_dir() else ()))


def unpacked(hit: Arrival, source: Source) -> bytes:
    return unpack(hit.path, hit.name, hit.file_format, member=source.member_of(hit.path.name))


def some(hit: Arrival, source: Source, path: Path) -> bytes:
    """The first whole lines of a text, or all of it where they are refused as incomplete."""
    content = unpacked(hit, source)
    first = content[: content.rfind(b"\n", 0, MOST_BYTES) + 1]
    return first if admitted(first, hit, source, path) else content


def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The bytes with one to three small accidents: cut, lost, doubled, overwritten or swapped."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        to = min(at + draw(st.integers(1, 400)), len(content))
        accident = draw(st.sampled_from(list(ACCIDENTS)))
        content = ACCIDENTS[accident](content, at, to, draw(NOISE))
    return content


def swapped_cells(content: bytes, at: int, to: int, _: bytes) -> bytes:
    line = content.rfind(b"\n", 0, at) + 1
    end = content.find(b"\n", line)
    cells = content[line:end].split(b",")
    return content[:line] + b",".join(cells[1:] + cells[:1]) + content[end:]


ACCIDENTS = {
    "cut": lambda content, at, to, noise: content[:at],
    "lose": lambda content, at, to, noise: content[:at] + content[to:],
    "double": lambda content, at, to, noise: content[:to] + content[at:to] + content[to:],
    "overwrite": lambda content, at, to, noise: content[:at] + noise + content[at + len(noise) :],
    "insert": lambda content, at, to, noise: content[:at] + noise + content[at:],
    "quote": lambda content, at, to, noise: content[:at] + b'"' + content[at + 1 :],
    "swap cells": swapped_cells,
}


def admitted(content: bytes, hit: Arrival, source: Source, path: Path) -> Admitted | None:
    """What the door makes of these bytes under this name, or None where the file was refused in five parts."""
    path.write_bytes(content)
    edition = hit.edition
    try:
        frame = read_file(path, source, hit.file_format, source.source_id, edition.key).with_columns(
            pl.lit(edition.key).alias("@edition"),
            pl.lit(_iso(edition.start), dtype=pl.String).alias("@edition_start"),
            pl.lit(_iso(edition.end), dtype=pl.String).alias("@edition_end"),
        )
        return admit(frame, source, source.source_id)
    except Fault as fault:
        assert all(fault.as_dict().values())
        str(fault).encode()
        return None


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def records(content: bytes) -> Rows:
    """The records as Python's own reader sees them."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return list(csv.reader(io.StringIO(text, newline="")))


def plain(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def places(rows: Rows, layout: Layout) -> tuple[int, dict[str, int]]:
    """The number of the header's record, 0 where there is none, and the place of each column."""
    number, header = 0, list(layout.names)
    if layout.header:
        wanted = {plain(name) for name in layout.header}
        number, header = next(
            (number, row) for number, row in enumerate(rows, start=1) if wanted <= {plain(cell) for cell in row}
        )
    return number, {plain(name): place for place, name in reversed(list(enumerate(header)))}


def as_number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def stands_there(row: dict[str, Any], cells: list[str], place: dict[str, int], source: Source) -> None:
    """Every number and word of an accepted row stands in its record, under the column from which it is taken."""
    for name, rule in source.columns.items():
        value, filled = row[name], (rule.fill, as_number(rule.fill or ""))
        if value is None or value in filled or rule.const is not None or rule.scale or name in source.named_in:
            continue
        found = [cells[place[plain(word)]].strip() for word in rule.source if place.get(plain(word), 1e9) < len(cells)]
        if rule.source == ("@value",):
            assert float(value) in map(as_number, cells), (name, row, cells)
        elif any(found) and not rule.mapping:
            assert agrees(value, found[0], rule), (name, row, cells)


def agrees(value: object, cell: str, rule: ColumnRule) -> bool:
    """Whether the value is what the cell says; of a date or a rewritten word, which other tests are about, it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value in map(float, NUMBER.findall(cell)) if rule.rewrite else value == as_number(cell)
    if not isinstance(value, str) or rule.rewrite or rule.case in ("lower", "snake"):
        return True
    return (cell.upper() if rule.case == "upper" else cell).split() == value.split()


def as_it_stands(found: Admitted, rows: Rows, source: Source, layout: Layout) -> None:
    """Holds what was accepted of one table against its records."""
    start, place = places(rows, layout)
    for row in found.accepted.unique("@row").iter_rows(named=True):
        stands_there(row, rows[row["@row"] - 1], place, source)
    if not source.scope and not source.totals and not source.unpivot:
        seen = {*found.accepted["@row"], *found.rejected["@row"]}
        given = {number for number, row in enumerate(rows, start=1) if number > start and any(map(str.strip, row))}
        assert seen == given


@pytest.mark.parametrize("source_id", [source_id for source_id, kind in KINDS if kind == "csv"])
def test_a_damaged_text_file_is_refused_or_read_as_it_stands(source_id, held, tmp_path):
    source, hit = load_sources()[source_id], held(source_id, "csv")
    path = tmp_path / "damaged"
    content = some(hit, source, path)
    assert admitted(content, hit, source, path)

    @settings(QUIET, max_examples=TEXTS)
    @given(st.data())
    def holds(data):
        changed = damaged(data.draw, content)
        found = admitted(changed, hit, source, path)
        if found:
            rows, layout = records(changed), source.layout_for("csv")
            as_it_stands(found, rows, source, layout)
            width = len(layout.names or rows[places(rows, layout)[0] - 1])
            assert not any(any(rows[number - 1][width:]) for number in found.accepted["@row"].unique())

    holds()


def test_a_quotation_mark_that_is_never_closed(held, tmp_path):
    hit, source = held("ods_trusts", "csv"), load_sources()["ods_trusts"]
    assert admitted(b'"' + unpacked(hit, source) * 20, hit, source, tmp_path / "quoted") is None


def lines(hit: Arrival, source: Source) -> bytes:
    """A few records of different length, one a line."""
    return b"".join(sorted(unpacked(hit, source).splitlines(keepends=True), key=len)[::BODIES])


def as_gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def as_zip(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("data.csv"), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("source_id", "kind", "pack"),
    [
        ("rtt_full_extract", "csv", as_zip),
        ("ods_trusts", "csv", as_zip),
        (SHEET, "csv", as_gzip),
        (RECORDS, "json", as_gzip),
    ],
)
def test_a_damaged_archive_is_refused_or_unpacked_whole(source_id, kind, pack, held, tmp_path):
    source, hit = load_sources()[source_id], held(source_id, kind)
    path = tmp_path / "damaged"
    content = pack(some(hit, source, path) if kind == "csv" else lines(hit, source))
    whole = admitted(content, hit, source, path)
    assert whole

    @settings(QUIET, max_examples=PACKED)
    @given(st.data())
    def holds(data):
        found = admitted(damaged(data.draw, content), hit, source, path)
        assert found is None or found.accepted.equals(whole.accepted)

    holds()


@pytest.mark.parametrize(
    ("source_id", "kind"), [(name, kind) for name, kind in KINDS if kind in ("xlsx", "xlsb", "xls", "ods")]
)
def test_a_damaged_workbook_is_refused_or_keeps_its_figures(source_id, kind, held, tmp_path):
    source, hit, path = load_sources()[source_id], held(source_id, kind), tmp_path / "damaged"
    content = hit.path.read_bytes()
    # The only real xlsb was cut by a spreadsheet program, and its copies must be refused like itself.
    whole = admitted(content, hit, source, path)
    assert whole or kind == "xlsb"

    @settings(QUIET, max_examples=OPENED)
    @given(st.data())
    def holds(data):
        found = admitted(damaged(data.draw, content), hit, source, path)
        if found:
            assert whole
            numbers = [name for name in source.columns if FIELDS[name].dtype == pl.Float64]
            assert found.accepted.select(numbers).equals(whole.accepted.select(numbers))

    holds()


def small_sheet(hit: Arrival, path: Path) -> None:
    """The first rows of each sheet as a file of the same layout."""
    book = CalamineWorkbook.from_path(hit.path)
    sheets = {
        name: [list(map(str, row)) for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names
    }
    write_ods(path, {name: rows[:ODS_ROWS] for name, rows in sheets.items()})


def with_markup(archive: bytes, markup: bytes) -> bytes:
    """The archive with another content.xml, whole and with its checksums."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, markup if name == "content.xml" else old.read(name))
    return stream.getvalue()


def sheet_rows(content: bytes) -> dict[str, Rows] | None:
    """The sheets as Calamine sees them; None where it cannot read the file."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except Exception:
        return None
    return {name: [list(map(str, row)) for row in rows] for name, rows in sheets.items()}


@pytest.mark.parametrize("source_id", [source_id for source_id, kind in KINDS if kind == "ods"])
def test_damaged_markup_is_refused_or_read_as_it_stands(source_id, held, tmp_path):
    source, hit, path = load_sources()[source_id], held(source_id, "ods"), tmp_path / "damaged.ods"
    small_sheet(hit, path)
    archive = path.read_bytes()
    markup = zipfile.ZipFile(path).read("content.xml")
    whole = admitted(archive, hit, source, path)
    assert whole

    @settings(QUIET, max_examples=MARKUPS)
    @given(st.data())
    def holds(data):
        changed = with_markup(archive, damaged(data.draw, markup))
        found = admitted(changed, hit, source, path)
        if found is None:
            return
        sheets = sheet_rows(changed)
        if sheets is None:
            # Broken outside the rows, or in a sheet that is not read.
            assert found.accepted.equals(whole.accepted)
            return
        (name,) = found.accepted["@sheet"].unique()
        as_it_stands(found, sheets[name], source, source.layout_for("ods"))

    holds()


Place = tuple[str | int, ...]


def within(part: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value of a document with the keys that lead to it."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, inner in items:
        yield (*place, key), inner
        yield from within(inner, (*place, key))


OTHER_VALUES: list[Any] = [
    *(None, True, 0, -1, 1e300, float("nan"), float("inf"), 10**400, "", "Good", "n/a", "\ud800", "\x00"),
    *([], {}, [[]], [None], [{}], {"rating": "Good"}, [{"rating": "Good"}]),
]


def another_structure(draw: st.DrawFn, document: Any) -> bytes:
    """The document with one to three keys lost, renamed, doubled or moved, or with values of another kind."""
    document = copy.deepcopy(document)
    double = ""
    for _ in range(draw(st.integers(1, 3))):
        places = [place for place, _ in within(document)]
        if not places:
            break
        *outer, key = draw(st.sampled_from(places))
        part = document
        for step in outer:
            part = part[step]
        accident = draw(st.sampled_from(["lose", "replace", "wrap", "nest", "rename", "double"]))
        if accident == "lose":
            del part[key]
        elif accident == "replace":
            part[key] = draw(st.sampled_from(OTHER_VALUES))
        elif accident == "wrap":
            part[key] = [part[key]]
        elif accident == "nest":
            part[key] = {key: part[key]}
        elif accident == "rename" and isinstance(part, dict):
            part[f"{key}New"] = part.pop(key)
        else:
            double = f'"{key}": '
    text = json.dumps(document)
    return (text.replace(double, f'{double}"Good", {double}', 1) if double else text).encode()


def documents(content: bytes) -> dict[int, dict[str, Any]]:
    """Each record by its line, or the only one of a document of several lines, as Python's json reads it."""
    try:
        return {number: json.loads(line) for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()}
    except ValueError:
        return {1: json.loads(content)}


def said(body: dict[str, Any]) -> Counter[str]:
    """Every rating of a record, wherever its publisher puts one."""
    ratings = [inner for place, inner in within(body) if place[-1] == "rating"]
    return Counter("No rating given" if rating == "" else str(rating).capitalize() for rating in ratings)


@pytest.mark.parametrize("source_id", [RECORDS, "cqc_api_providers"])
def test_damaged_records_are_refused_or_read_as_they_stand(source_id, held, tmp_path):
    source, hit, path = load_sources()[source_id], held(source_id, "json"), tmp_path / "damaged"
    content = lines(hit, source)
    assert admitted(content, hit, source, path)
    bodies = [json.loads(line) for line in content.splitlines()]

    @settings(QUIET, max_examples=TEXTS)
    @given(st.data())
    def holds(data):
        if data.draw(st.booleans()):
            changed = damaged(data.draw, content)
        else:
            which = data.draw(st.integers(0, len(bodies) - 1))
            one = another_structure(data.draw, bodies[which])
            changed = b"\n".join([*(json.dumps(body).encode() for body in bodies[:which]), one])
        found = admitted(changed, hit, source, path)
        if found is None:
            return
        given = documents(changed)
        for (line,), rows in found.accepted.group_by("@row"):
            body = given[line]
            ratings = Counter(rating.capitalize() for rating in rows["rating"] if rating != "No rating in the record")
            assert ratings <= said(body), (ratings, body)
            assert set(rows["rated_name"]) <= {str(body.get("name")).strip()}

    holds()


def test_damaged_submissions_are_refused_or_read_as_they_stand(held, tmp_path):
    source, hit, path = load_sources()[RETURNS], held(RETURNS, "json"), tmp_path / "damaged"
    whole = json.loads(hit.path.read_bytes())[:4]
    content = json.dumps(whole, indent=1).encode()
    assert admitted(content, hit, source, path)

    @settings(QUIET, max_examples=TEXTS * 2)
    @given(st.data())
    def holds(data):
        is_text = data.draw(st.booleans())
        changed = damaged(data.draw, content) if is_text else another_structure(data.draw, whole)
        found = admitted(changed, hit, source, path)
        if found is None:
            return
        objects = json.loads(changed)
        given = [
            (str(one.get("ods_code")).strip().upper(), str(answer["item"]), str(answer["level"]))
            for one in (objects if isinstance(objects, list) else [objects])
            for answer in one.get("answers") or [{"item": None, "level": None}]
        ]
        for row in found.accepted.iter_rows(named=True):
            code, item, level = given[row["@row"] - 1]
            assert row["org_code"] == code
            assert (row["item_id"] or "none") == re.sub("[^a-z0-9]+", "_", item.lower()).strip("_")
            assert row["level"] is None or as_number(level) == row["level"], (level, row)

    holds()
