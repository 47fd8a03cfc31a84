"""Files with fixed bytes: archives, workbooks and OpenDocument spreadsheets, the same at every run.

Belongs here: containers and cells. Does not belong here: what stands in the cells.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from xlsxwriter import Workbook

MADE_AT = datetime(2026, 4, 1)
ODS_ROWS = 1_048_576
ODS_COLUMNS = 16_384
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
ODS_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
    ' manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {"office": "office", "table": "table", "text": "text"}.items()
)


def workbook(path: Path) -> Workbook:
    """A new workbook whose bytes depend on its cells alone. The caller closes it."""
    from xlsxwriter import Workbook

    path.parent.mkdir(parents=True, exist_ok=True)
    book = Workbook(str(path))
    book.set_properties({"title": "SYNTHETIC sample", "created": MADE_AT})
    return book


def write_zip(path: Path, members: dict[str, bytes], stored: Sequence[str] = ()) -> None:
    """An archive with these members in this order, dated 1980; those in `stored` are not compressed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def write_ods(path: Path, sheets: dict[str, Iterable[Sequence[str]]]) -> None:
    """An OpenDocument spreadsheet of text cells, padded to the last row and column as CQC's are."""
    tables = "".join(_ods_table(name, list(rows)) for name, rows in sheets.items())
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMESPACES} office:version="1.3">'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    members = {"mimetype": ODS_TYPE, "content.xml": content, "META-INF/manifest.xml": ODS_MANIFEST}
    write_zip(path, {name: text.encode() for name, text in members.items()}, stored=["mimetype"])


def _ods_table(name: str, rows: list[Sequence[str]]) -> str:
    body = "".join(f"<table:table-row>{_ods_cells(row)}</table:table-row>" for row in rows)
    left = ODS_ROWS - len(rows)
    padding = f'<table:table-row table:number-rows-repeated="{left}">{_ods_blanks(ODS_COLUMNS)}</table:table-row>'
    return f'<table:table table:name="{escape(name)}">{body}{padding}</table:table>'


def _ods_cells(row: Sequence[str]) -> str:
    cells = "".join(_ods_cell(value) for value in row)
    return cells + _ods_blanks(ODS_COLUMNS - len(row))


def _ods_cell(value: str) -> str:
    if not value:
        return "<table:table-cell/>"
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def _ods_blanks(count: int) -> str:
    return f'<table:table-cell table:number-columns-repeated="{count}"/>'
