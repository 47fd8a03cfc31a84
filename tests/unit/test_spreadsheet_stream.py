"""The reader of OpenDocument streams: cell by cell what calamine reads, and refusals of what is not whole."""

from __future__ import annotations

import io
import zipfile
from unittest import mock
from xml.sax.saxutils import escape, quoteattr

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import Fault
from pipelines.readers import container, spreadsheet_stream, workbook
from pipelines.readers.frame import ROW, SHEET
from pipelines.sample.spreadsheets import NAMESPACES, ODS_MANIFEST, ODS_TYPE
from schemas.source import Layout

HEADER = ("Key", "Rating")
LAYOUT = Layout(header=HEADER)
MARKUP = "&<>\"';/= ab1-é€😀\u00a0"


def cell(said: str, times: int = 1, tag: str = "table:table-cell") -> str:
    repeated = f' table:number-columns-repeated="{times}"' if times > 1 else ""
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in said.split("\n"))
    return f'<{tag} office:value-type="string"{repeated}>{paragraphs}</{tag}>'


def row(*cells: str, times: int = 1) -> str:
    repeated = f' table:number-rows-repeated="{times}"' if times > 1 else ""
    return f'<table:table-row table:style-name="ro1"{repeated}>{"".join(cells)}</table:table-row>'


HEADER_ROW = row(*(cell(name) for name in HEADER))
BLANKS = '<table:table-cell table:number-columns-repeated="16382"/>'
PADDING = f'<table:table-row table:number-rows-repeated="1048000">{BLANKS}</table:table-row>'


def book(sheets: dict[str, str]) -> bytes:
    tables = "".join(f"<table:table table:name={quoteattr(name)}>{rows}</table:table>" for name, rows in sheets.items())
    return packed(
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMESPACES}><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )


def packed(content: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS_TYPE)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", ODS_MANIFEST)
    return stream.getvalue()


def read(content: bytes, layout: Layout = LAYOUT) -> pl.DataFrame:
    return spreadsheet_stream.read_tables(content, layout, "test", "2026")


def reason(content: bytes, layout: Layout = LAYOUT) -> str:
    with pytest.raises(Fault) as caught:
        read(content, layout)
    return str(caught.value)


def without_unused(frame: pl.DataFrame) -> pl.DataFrame:
    """Without columns that have neither a name nor a text; how many there are is the reader's own affair."""
    unused = [name for name in frame.columns if name.startswith("#") and not (frame[name] != "").any()]
    return frame.drop(unused)


texts = st.text(MARKUP, max_size=6)


def typed(kind: str, value: str, said: str) -> str:
    value_of = {"date": "date-value", "boolean": "boolean-value"}.get(kind, "value")
    attributes = f'office:value-type="{kind}" office:{value_of}="{value}"'
    return f"<table:table-cell {attributes}><text:p>{said}</text:p></table:table-cell>"


def markup(inner: str) -> str:
    return f'<table:table-cell office:value-type="string">{inner}</table:table-cell>'


odd = st.sampled_from(
    [
        typed("float", "12", "12.00"),
        typed("float", "0.1234567890123", "0.12"),
        typed("percentage", "0.5", "50%"),
        typed("date", "2024-03-01", "01/03/24"),
        typed("date", "2024-03-01T10:11:12", "01/03/24"),
        typed("boolean", "true", "TRUE"),
        markup('<text:p>a<text:s/>b<text:s text:c="3"/>c</text:p>'),
        markup("<text:p><text:span>a</text:span> b</text:p>"),
        markup("<office:annotation><text:p>note</text:p></office:annotation><text:p>seen</text:p>"),
        markup("<text:p>&#65;&#x42;\r\nx</text:p>"),
        "<table:table-cell/>",
        '<table:table-cell table:style-name="ce1" table:number-columns-repeated="3"/>',
    ]
)
cells = st.one_of(
    texts.map(cell),
    st.tuples(texts, texts).map(lambda two: cell("\n".join(two))),
    st.tuples(texts, st.integers(2, 4)).map(lambda two: cell(*two)),
    texts.map(lambda said: cell(said, tag="table:covered-table-cell")),
    odd,
)
rows = st.one_of(
    st.lists(cells, max_size=5).map(lambda found: row(*found, BLANKS)),
    st.tuples(cells, st.integers(2, 5)).map(lambda two: row(two[0], times=two[1])),
    st.integers(1, 70).map(lambda times: row("<table:table-cell/>", times=times)),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(rows, max_size=12), st.integers(0, 3), st.integers(1, 400))
def test_every_cell_is_what_calamine_reads(body, preamble, chunk):
    before = "".join(row(cell(f"about {number}")) for number in range(preamble))
    content = book({"Rates & co": before + HEADER_ROW + "".join(body) + PADDING})
    with mock.patch.object(container, "CHUNK_BYTES", chunk):
        found = read(content)
    expected = workbook.read_tables(content, LAYOUT, "test", "2026")
    assert without_unused(found).equals(without_unused(expected).select(without_unused(found).columns))


def test_sheets_headers_and_row_numbers():
    content = book(
        {
            "README": row(cell("Key")),
            "Empty": "",
            "2025": row(cell("a title"))
            + row("<table:table-cell/>")
            + HEADER_ROW
            + row(cell("A"), cell("Good"), times=2),
            "2026": HEADER_ROW + PADDING.replace("1048000", "3") + row(cell("B")) + PADDING,
        }
    )
    found = read(content, Layout(header=HEADER, sheets=(r"\d{4}",)))
    assert found.select("Key", "Rating", ROW, SHEET).rows() == [
        ("A", "Good", 4, "2025"),
        ("A", "Good", 5, "2025"),
        ("B", "", 5, "2026"),
    ]


def test_tabs_line_breaks_and_text_without_a_type_are_read():
    # Calamine leaves these out, so they have no part in the comparison.
    untyped = "<table:table-cell><text:p>a<text:tab/>b<text:line-break/>c</text:p></table:table-cell>"
    assert read(book({"S": HEADER_ROW + row(untyped)}))["Key"].to_list() == ["a\tb\nc"]


def test_more_different_cells_than_are_remembered():
    body = "".join(row(cell(f"k{number}"), cell("Good")) for number in range(50))
    with mock.patch.object(spreadsheet_stream, "MAX_REMEMBERED", 7):
        found = read(book({"S": HEADER_ROW + body}))
    assert found["Key"].to_list() == [f"k{number}" for number in range(50)]


BAD = {
    "cut short": (packed("<office:document-content><table:table table:name='S'>"), "without its end"),
    "renamed header": (book({"S": row(cell("Key"), cell("Ratings")) + row(cell("A"))}), "lacks Rating"),
    "a comment between rows": (book({"S": HEADER_ROW + "<!-- x -->" + row(cell("A"))}), "comments or declarations"),
    "a table in a cell": (
        book(
            {"S": HEADER_ROW + row(f"<table:table-cell><table:table>{row(cell('x'))}</table:table></table:table-cell>")}
        ),
        "a table inside a cell",
    ),
    "text in too many columns": (book({"S": HEADER_ROW + row(cell("x", 10**9))}), "1,000,000,000 cells"),
    "text in too many rows": (book({"S": HEADER_ROW + row(cell("x"), times=10**9)}), "1,000,000,001 rows"),
    "exactly as many rows as fit": (book({"S": HEADER_ROW + row(cell("x"), times=65_535)}), "exactly 65,536 rows"),
    "a number that is none": (
        book({"S": HEADER_ROW + row('<table:table-cell office:value-type="float" office:value="x"/>')}),
        "could not convert",
    ),
    "a number without its value": (
        book({"S": HEADER_ROW + row('<table:table-cell office:value-type="float"/>')}),
        "office:value",
    ),
    "an unknown type": (
        book(
            {"S": HEADER_ROW + row('<table:table-cell office:value-type="flot"><text:p>1</text:p></table:table-cell>')}
        ),
        "unknown type 'flot'",
    ),
    "a cell that is there no times": (
        book({"S": HEADER_ROW + row('<table:table-cell table:number-columns-repeated="0"/>')}),
        "there 0 times",
    ),
    "a row that is there no times": (
        book({"S": HEADER_ROW + '<table:table-row table:number-rows-repeated="0"></table:table-row>'}),
        "a row that is there 0 times",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_whole_or_not_plain_is_refused(name):
    content, says = BAD[name]
    assert says in reason(content)


def test_a_damaged_archive_is_refused():
    content = bytearray(book({"S": HEADER_ROW + "".join(row(cell(f"k{n}")) for n in range(500))}))
    start = content.index(b"content.xml") + 200
    content[start : start + 40] = bytes(40)
    assert "not a whole file" in reason(bytes(content))


def test_a_sheet_that_is_not_there_is_named():
    assert "There are: S" in reason(book({"S": HEADER_ROW}), Layout(header=HEADER, sheets=("Providers",)))
