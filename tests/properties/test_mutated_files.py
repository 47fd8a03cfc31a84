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
from schemas.source import Layout, Source

MOST_BYTES = 6_000
ODS_ROWS = 12
TEXTS, PACKED, MARKUPS, OPENED = 150, 100, 150, 12  # a workbook takes a second or so where the damage is not seen
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


def some(content: bytes, source: Source) -> bytes:
    """The first whole lines of a text, or all of it where a total must add up."""
    return content if source.totals else content[: content.rfind(b"\n", 0, MOST_BYTES) + 1] or content


def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The bytes with one to three small accidents: cut, lost, doubled, overwritten or swapped."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        to = min(at + draw(st.integers(1, 400)), len(content))
        accident = draw(st.sampled_from(["cut", "lose", "double", "overwrite", "insert", "swap cells"]))
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
        value = row[name]
        if value is None or rule.const is not None or rule.scale or name in source.named_in:
            continue
        if rule.fill is not None and str(value) in (rule.fill, f"{float(rule.fill or 0)}" if rule.fill.isdigit() else ""):
            continue
        found = [cells[place[plain(word)]].strip() for word in rule.source if place.get(plain(word), 1e9) < len(cells)]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if rule.source == ("@value",):
            assert float(value) in map(as_number, cells), (name, row, cells)
        elif is_number and not rule.rewrite and not rule.mapping and found:
            assert as_number(found[0]) == value, (name, row, cells)
        elif is_number and found:
            assert str(value).removesuffix(".0") in NUMBER.findall(found[0]) or rule.mapping, (name, row, cells)
        elif isinstance(value, str) and found and not (rule.rewrite or rule.mapping or rule.case in ("lower", "snake")):
            word = found[0].upper() if rule.case == "upper" else found[0]
            assert " ".join(word.split()) == " ".join(value.split()), (name, row, cells)


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
    content, path = some(unpacked(hit, source), source), tmp_path / "damaged"
    assert admitted(content, hit, source, path)

    @settings(QUIET, max_examples=TEXTS)
    @given(st.data())
    def holds(data):
        changed = damaged(data.draw, content)
        found = admitted(changed, hit, source, path)
        if found:
            as_it_stands(found, records(changed), source, source.layout_for("csv"))

    holds()


def test_a_quotation_mark_that_is_never_closed(held, tmp_path):
    hit, source = held("ods_trusts", "csv"), load_sources()["ods_trusts"]
    assert admitted(b'"' + unpacked(hit, source) * 20, hit, source, tmp_path / "quoted") is None


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
    text = unpacked(hit, source)
    content = pack(some(text, source) if kind == "csv" else b"".join(text.splitlines(keepends=True)[:3]))
    path = tmp_path / "damaged"
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
    whole = admitted(content, hit, source, path)
    assert whole

    @settings(QUIET, max_examples=OPENED)
    @given(st.data())
    def holds(data):
        found = admitted(damaged(data.draw, content), hit, source, path)
        if found:
            numbers = [name for name in source.columns if FIELDS[name].dtype == pl.Float64]
            assert found.accepted.select(numbers).equals(whole.accepted.select(numbers))

    holds()
