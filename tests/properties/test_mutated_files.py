"""Thousands of damaged copies of real files: each is refused in five parts, or read as it stands.

A damaged copy is made in memory and never kept. What is accepted is held against the standard library's own reading
of the same bytes, row by row, so that a shifted cell or a misplaced header cannot pass for data.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import Fault
from pipelines.harmonise.door import admit
from pipelines.readers import read_file
from pipelines.readers.container import unpack
from pipelines.registry import load_sources
from pipelines.store.arrivals import Arrival, look_into
from schemas.fields import FIELDS
from schemas.source import Source

MOST_BYTES = 12_000
EXAMPLES = 200
NOISE = st.binary(min_size=1, max_size=4) | st.sampled_from(
    [b",", b'"', b"\n", b"\r\n", b"-", b"\x00", b"\xa9", b"1,2"]
)
QUIET = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@cache
def text_files(folder: Path) -> dict[str, tuple[Arrival, bytes]]:
    """For each source of delimited text, its first real file: cut to a whole number of lines where it is large."""
    sources = [source for source in load_sources().values() if not source.is_inbox]
    found: dict[str, tuple[Arrival, bytes]] = {}
    for source in sources:
        hits = [hit for hit in look_into(folder, [source]).claimed if hit.file_format == "csv"]
        if hits:
            content = unpack(hits[0].path, hits[0].name, "csv")
            found[source.source_id] = (hits[0], content[: content.rfind(b"\n", 0, MOST_BYTES) + 1] or content)
    return found


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


def accepted(content: bytes, hit: Arrival, source: Source, path: Path) -> pl.DataFrame | None:
    """The accepted rows of these bytes under this name, or None where the file was refused in five parts."""
    path.write_bytes(content)
    edition = hit.edition
    try:
        frame = read_file(path, source, hit.file_format, source.source_id, edition.key).with_columns(
            pl.lit(edition.key).alias("@edition"),
            pl.lit(_iso(edition.start), dtype=pl.String).alias("@edition_start"),
            pl.lit(_iso(edition.end), dtype=pl.String).alias("@edition_end"),
        )
        return admit(frame, source, source.source_id).accepted
    except Fault as fault:
        assert all(fault.as_dict().values())
        return None


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def records(content: bytes) -> list[list[str]]:
    """The records as Python's own reader sees them."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return list(csv.reader(io.StringIO(text, newline="")))


def numbers_of(cells: list[str]) -> Counter[float]:
    found: Counter[float] = Counter()
    for cell in cells:
        try:
            found[float(cell)] += 1
        except ValueError:
            continue
    return found


def figures(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name in FIELDS and FIELDS[name].dtype == pl.Float64]


SOURCES = [
    source.source_id
    for source in load_sources().values()
    if not source.is_inbox and any(pattern.format == "csv" for pattern in source.files)
]


@pytest.mark.parametrize("source_id", SOURCES)
def test_a_damaged_text_file_is_refused_or_read_as_it_stands(source_id, real_data, tmp_path):
    if source_id not in text_files(real_data):
        pytest.skip(f"no real text file of {source_id}")
    hit, content = text_files(real_data)[source_id]
    source = load_sources()[source_id]
    path = tmp_path / "damaged"

    @QUIET
    @given(st.data())
    def holds(data):
        changed = damaged(data.draw, content)
        frame = accepted(changed, hit, source, path)
        if frame is None:
            return
        rows = records(changed)
        for row in frame.iter_rows(named=True):
            cells = numbers_of(rows[row["@row"] - 1])
            values = [row[name] for name in figures(frame) if row[name] is not None]
            assert all(value in cells for value in values), (row, rows[row["@row"] - 1])
            assert not row.get("org_code") or row["org_code"] in [c.strip().upper() for c in rows[row["@row"] - 1]]

    holds()


def test_a_quotation_mark_that_is_never_closed(tmp_path, real_data):
    source_id = SOURCES[0]
    if source_id not in text_files(real_data):
        pytest.skip(f"no real text file of {source_id}")
    hit, content = text_files(real_data)[source_id]
    assert accepted(b'"' + content * 20, hit, load_sources()[source_id], tmp_path / "quoted") is None


@cache
def workbooks(folder: Path) -> dict[str, Arrival]:
    """For each source and kind of workbook, its smallest real file."""
    found: dict[str, Arrival] = {}
    for source in load_sources().values():
        hits = look_into(folder, [source]).claimed if not source.is_inbox else ()
        for hit in sorted(hits, key=lambda hit: -hit.path.stat().st_size):
            if hit.file_format not in ("csv", "json", "jsonl"):
                found[f"{source.source_id} {hit.file_format}"] = hit
    return found


WORKBOOKS = [
    f"{source.source_id} {kind}"
    for source in load_sources().values()
    for kind in sorted({pattern.format for pattern in source.files} - {"csv", "json", "jsonl"})
    if not source.is_inbox
]
OPENED = 12  # a workbook takes a second or so where the damage is not seen at once


@pytest.mark.parametrize("which", WORKBOOKS)
def test_a_damaged_workbook_is_refused_or_keeps_its_figures(which, real_data, tmp_path):
    if which not in workbooks(real_data):
        pytest.skip(f"no real file of {which}")
    hit = workbooks(real_data)[which]
    source, content, path = load_sources()[hit.source_id], hit.path.read_bytes(), tmp_path / "damaged"
    whole = accepted(content, hit, source, path)

    @settings(QUIET, max_examples=OPENED)
    @given(st.data())
    def holds(data):
        frame = accepted(damaged(data.draw, content), hit, source, path)
        if frame is None:
            return
        assert whole is not None
        numbers = [name for name in figures(frame) if name in whole.columns]
        assert frame.select(numbers).equals(whole.select(numbers))

    holds()
