"""Reads a CQC-sized .ods with this product's reader and with calamine, and prints the ratios of time and memory.

Not part of the tests, because a time says something only beside another one of the same machine and minute. Run it
from the project: `python tests/benchmarks/spreadsheet.py [ROWS]`. Each reader runs in a process of its own.
"""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

ROWS, SHEET_ROWS, SHEET_COLUMNS = 323_673, 1_048_576, 16_384
LOCATIONS = 57_000
READERS = ("stream", "calamine", "staging")


def main() -> None:
    """Writes the file once, lets every reader read it, and prints a line for each."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "01_September_2026_Latest_ratings.ods"
        markup = write(path, rows)
        print(f"{rows:,} rows, {markup / 1e6:,.0f} MB of markup in {path.stat().st_size / 1e6:.1f} MB")
        found = {name: measured(name, path) for name in READERS}
    for name, one in found.items():
        faster, smaller = (found["calamine"][what] / one[what] for what in ("seconds", "megabytes"))
        print(
            f"{name:<9} {one['seconds']:6.1f} s, {one['cpu']:6.1f} s of CPU, {one['megabytes']:7,.0f} MB at most; "
            f"calamine takes {faster:.2f} times as long and {smaller:.1f} times as much"
        )


def measured(reader: str, path: Path) -> dict[str, float]:
    """Seconds, seconds of CPU and greatest resident memory of one reader in a fresh process."""
    done = subprocess.run([sys.executable, __file__, reader, path], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def read(reader: str, path: Path) -> None:
    """Reads the file and prints what it took as JSON; imports are not counted."""
    work = {"stream": by_stream, "calamine": by_calamine, "staging": by_staging}[reader](path)
    started, used = time.perf_counter(), time.process_time()
    rows = work()
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu": cpu, "megabytes": megabytes}))


def by_stream(path: Path) -> Callable[[], int]:
    """The reader's frame, every cell as text."""
    from pipelines.readers import spreadsheet_stream
    from pipelines.registry import load_sources

    layout = load_sources()["cqc_location_ratings"].layout_for("ods")
    return lambda: spreadsheet_stream.read_tables(path.read_bytes(), layout, path.name, "2026-09-01").height


def by_calamine(path: Path) -> Callable[[], int]:
    """All cells as Python values; no frame is made of them."""
    from python_calamine import CalamineWorkbook

    return lambda: len(CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Locations").to_python()) - 1


def by_staging(path: Path) -> Callable[[], int]:
    """Everything up to the parquet file: taken in, read, typed, checked and written."""
    from pipelines import staging
    from pipelines.registry import load_sources
    from pipelines.settings import Workspace
    from pipelines.store import arrivals, snapshots

    source = load_sources()["cqc_location_ratings"]
    workspace = Workspace(path.parent / "home", "published")
    workspace.raw.mkdir(parents=True)
    snapshots.take(arrivals.look_into(path.parent, [source]).claimed, workspace.raw)
    return lambda: staging.stage_source(source, workspace).total("rows_accepted")


def write(path: Path, rows: int) -> int:
    """A synthetic file of CQC's layout, padded to the last row and column. Returns the bytes of its markup."""
    from pipelines.sample.spreadsheets import ODS_MANIFEST, ODS_TYPE

    count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS_TYPE)
        archive.writestr("META-INF/manifest.xml", ODS_MANIFEST)
        with archive.open("content.xml", "w") as stream:
            for piece in itertools.chain(_head(), _rows(rows), _tail(rows)):
                count += stream.write(piece.encode())
    return count


def _head() -> Iterator[str]:
    from pipelines.sample.spreadsheets import NAMESPACES

    yield f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMESPACES} office:version="1.3">'
    yield '<office:body><office:spreadsheet><table:table table:name="Locations">'


def _rows(rows: int) -> Iterator[str]:
    from pipelines.sample.ratings import HEADER

    yield _row(HEADER)
    ratings = ("Good", "Requires improvement", "Outstanding", "Inadequate", "Insufficient evidence to rate")
    domains = ("Overall", "Safe", "Effective", "Caring", "Responsive", "Well-led")
    for number in range(rows):
        place = number * LOCATIONS // rows
        yield _row(_cells(place, domains[number % 6], ratings[number * 7 % 5 if number % 9 == 0 else 0]))


def _cells(place: int, domain: str, rating: str) -> list[str]:
    code, provider = f"1-{1000000001 + place * 7919}", f"1-{1000000001 + place // 2 * 104729}"
    town, region = f"SYNTHETIC Town {place % 900}", f"SYNTHETIC Region {place % 9}"
    return (
        [code, f"V{place:05}", f"SYNTHETIC Home & Garden {place}", "Y", "Social Care Org"]
        + ["Residential social care", f"{place % 211} Invented Road", f"Quarter {place % 4001}", town]
        + [f"ZX{place % 97} {place % 9}ZZ", f"District {place % 150}", region, region, f"E38{place % 100:06}"]
        + [f"NHS Invented CCG {place % 100}", f"{place % 100:02}X", f"NHS Invented ICB {place % 42}"]
        + ["Overall", domain, rating, f"{place % 28 + 1:02}/{place % 12 + 1:02}/20{place % 8 + 16}", "Location", "N"]
        + [f"https://example.invalid/location/{code}", provider, f"SYNTHETIC Provider {place // 2}", "-", "-"]
    )


def _row(cells: list[str]) -> str:
    markup = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
        for cell in cells
    )
    blanks = f'<table:table-cell table:number-columns-repeated="{SHEET_COLUMNS - len(cells)}"/>'
    return f'<table:table-row table:style-name="ro1">{markup}{blanks}</table:table-row>'


def _tail(rows: int) -> Iterator[str]:
    yield f'<table:table-row table:number-rows-repeated="{SHEET_ROWS - rows - 1}">'
    yield f'<table:table-cell table:number-columns-repeated="{SHEET_COLUMNS}"/></table:table-row></table:table>'
    yield "</office:spreadsheet></office:body></office:document-content>"


if __name__ == "__main__":
    if len(sys.argv) > 2:
        read(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
