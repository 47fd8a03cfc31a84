"""Readers find headers by content, keep full precision, and refuse what is not what it says."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import polars as pl
import pytest
import xlsxwriter

from pipelines.errors import Fault
from pipelines.readers import delimited, workbook
from pipelines.readers.container import unpack
from pipelines.readers.frame import ROW, day_in_words, find_header, text
from schemas.source import Layout

TABLE = Layout(header=("Code", "Value"))
GROUPED = Layout(header=("Code", "Value"), group_row=True)
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def book(sheets: dict[str, list[list[object]]]) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(r, c, cell)
    return stream.getvalue()


@pytest.mark.parametrize("above", [0, 1, 7, 40])
def test_header_is_found_wherever_it_stands(above):
    rows = [["some notice"]] * above + [["Code", "Value"], ["A1A", "1"]]
    assert find_header(rows, ("code", "VALUE"), "here") == above


def test_missing_header_names_the_nearest_row_and_what_it_lacks():
    with pytest.raises(Fault) as caught:
        find_header([["x"], ["Code", "Worth"]], ("Code", "Value"), "here")
    assert caught.value.where == "here, row 2"
    assert "lacks Value" in caught.value.found


def test_csv_rows_are_numbered_as_in_the_file():
    frame = delimited.read_table(b"notice\r\nCode,Value\r\nA1A,1\r\n\r\nB2B,\r\n", TABLE, "here", "2024")
    assert frame["Code"].to_list() == ["A1A", "B2B"]
    assert frame[ROW][0] == 3
    assert frame["Value"].to_list() == ["1", None]


def test_csv_in_an_old_encoding():
    frame = delimited.read_table("Code,Value\nA1A,caf\u00e9 \u00a9\n".encode("latin-1"), TABLE, "here", "2024")
    assert frame["Value"].to_list() == ["caf\u00e9 \u00a9"]


def test_csv_record_with_too_many_cells_is_a_fault():
    with pytest.raises(Fault):
        delimited.read_table(b"Code,Value\nA1A,1,surplus\n", TABLE, "here", "2024")


@pytest.mark.parametrize("written", ['"W"Q1"', 'W"Q1', '"W""Q1', '"W" Q1', 'W"'])
def test_a_stray_quotation_mark_is_a_fault(written):
    with pytest.raises(Fault) as caught:
        delimited.read_table(f"Code,Value\nA1A,1\nB2B,{written}\nC3C,3\n".encode(), TABLE, "here", "2024")
    assert caught.value.where == "here, line 3" and "a quotation mark inside a cell" in caught.value.found


def test_quotation_marks_that_are_meant():
    content = b'Code,Value\r\n"A1A","a, ""b"""\r\n"B2B",""\r\nC3C,"x\r\ny"\r\n'
    frame = delimited.read_table(content, TABLE, "here", "2024")
    assert frame["Value"].to_list() == ['a, "b"', "", "x\r\ny"]


def test_headerless_csv_may_be_narrower_than_its_names():
    layout = Layout(names=("code", "name", "region"))
    frame = delimited.read_table(b'"A1A","Some Trust, The"\r\n', layout, "here", "2024")
    assert frame.select("code", "name").row(0) == ("A1A", "Some Trust, The")
    assert "region" not in frame.columns


def test_numbers_keep_every_digit():
    content = book({"S": [["Code", "Value"], ["A1A", 6.899060120181801], ["B2B", 1217.0]]})
    frame = workbook.read_tables(content, TABLE, "here", "2024")
    assert frame["Value"].to_list() == ["6.899060120181801", "1217"]
    assert text(0.1 + 0.2) == "0.30000000000000004"


def test_question_grid_carries_the_question_over_its_columns():
    rows = [
        ["Title", None, "Q1 - First?", None, "Q2 - Second?"],
        ["Subtitle"],
        [],
        ["Code", "Name", "% Yes", "% No", "% Yes"],
        ["A1A", "One", 40.5, 59.5, "-"],
    ]
    layout = Layout(kind="question_grid", header=("Code", "Name"), sheets=("S.*",))
    frame = workbook.read_question_grid(book({"S1": rows}), layout, "here", "2024")
    assert frame.select("@question", "@option", "@value", ROW).rows() == [
        ("Q1 - First?", "% Yes", "40.5", 5),
        ("Q1 - First?", "% No", "59.5", 5),
        ("Q2 - Second?", "% Yes", "-", 5),
    ]


def test_columns_carry_the_group_that_stands_above_them():
    rows = [
        ["", "", "Attendances", None, "Over 4 hours"],
        ["Code", "Name", "Type 1", "Type 2", "Type 1"],
        ["A1A", "One", 7, 8, 3],
    ]
    layout = Layout(header=("Code", "Name"), group_row=True)
    frame = workbook.read_tables(book({"S": rows}), layout, "here", "2024")
    wanted = ["Code", "Name", "Attendances: Type 1", "Attendances: Type 2", "Over 4 hours: Type 1"]
    assert frame.select(wanted).rows() == [("A1A", "One", "7", "8", "3")]


def test_a_header_in_the_first_row_has_no_groups():
    frame = workbook.read_tables(book({"S": [["Code", "Value"], ["A1A", 1]]}), GROUPED, "here", "2024")
    assert frame.select("Code", "Value").rows() == [("A1A", "1")]


def test_labels_above_the_header_become_columns():
    rows = [
        [None, "PERIOD: ", None, "April  2025"],
        [None, "Published:", "15th May 2025"],
        [None, "Revised:"],
        ["Code", "Value"],
        ["A1A", 1],
        ["Period:", 2],
    ]
    labels = {"period": "Period:", "published_on": "Published:", "revised_on": "Revised:", "status": "Status:"}
    frame = workbook.read_tables(book({"S": rows}), Layout(header=("Code",), labels=labels), "here", "2025-04")
    names = [f"@{name}" for name in labels]
    assert frame.select(names).rows() == [("April 2025", "2025-05-15", None, None)] * 2


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("13th November 2025", "2025-11-13"),
        ("1st Aug 2024", "2024-08-01"),
        ("22nd June 2023", "2023-06-22"),
        ("03/02/2021", "2021-02-03"),
        ("2020-12-31", "2020-12-31"),
        ("to be announced", None),
        ("31st February 2025", None),
        (None, None),
    ],
)
def test_days_as_publishers_write_them(words, day):
    assert day_in_words(words) == day


def test_missing_sheet_names_those_there_are():
    layout = Layout(header=("Code",), sheets=("THEMES",))
    with pytest.raises(Fault) as caught:
        workbook.read_tables(book({"Notes": [["x"]], "Themes 2025": [["x"]]}), layout, "here", "2024")
    assert "THEMES" in caught.value.found
    assert "Notes; Themes 2025" in caught.value.found


def test_sheet_that_ends_at_a_row_limit_is_truncated(monkeypatch):
    monkeypatch.setattr(workbook, "ROW_LIMITS", (3,))
    with pytest.raises(Fault, match="truncated"):
        workbook.read_tables(book({"S": [["Code", "Value"], ["A1A", 1], ["B2B", 2]]}), TABLE, "here", "2024")


def write(tmp_path, content: bytes):
    path = tmp_path / "file"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html><body>403</body></html>", "a web page"),
        (b"\xef\xbb\xbf  <HTML>", "a web page"),
        (book({"S": [["a"]]})[:-50], "not a whole file"),
    ],
)
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_what_is_refused_before_reading(tmp_path, content, says, file_format):
    with pytest.raises(Fault) as caught:
        unpack(write(tmp_path, content), "here", file_format)
    assert says in caught.value.found


def test_gzip_that_stops_in_the_middle(tmp_path):
    path = write(tmp_path, gzip.compress(b"Code,Value\n" * 1000)[:-20])
    with pytest.raises(Fault, match="not a whole file"):
        unpack(path, "here", "csv")


def test_sheet_names_hold_from_the_edition_that_brought_them():
    layout = Layout(header=("Code",), sheets={"2021": ("OLD",), "2023": ("NEW",)})
    found = {year: layout.sheets_of(year) for year in ("2019", "2021", "2022", "2023", "2025")}
    assert found == {"2019": ("OLD",), "2021": ("OLD",), "2022": ("OLD",), "2023": ("NEW",), "2025": ("NEW",)}


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


@pytest.mark.parametrize("pack", [lambda c: zipped(**{"a.csv": c}), gzip.compress])
def test_bomb_is_refused_and_a_dense_file_is_not(tmp_path, pack):
    bomb = pack(b"0" * 60_000_000)
    with pytest.raises(Fault, match="zip bomb"):
        unpack(write(tmp_path, bomb), "here", "csv")
    dense = b"Code,Value\n" + b"A1A,0\n" * 100_000
    assert unpack(write(tmp_path, pack(dense)), "here", "csv") == dense


def test_zip_with_two_files_is_refused(tmp_path):
    with pytest.raises(Fault, match="2 files in the zip"):
        unpack(write(tmp_path, zipped(**{"a.csv": b"x", "b.csv": b"y"})), "here", "csv")


def test_one_file_of_a_zip_is_read_where_its_path_is_known(tmp_path):
    path = write(tmp_path, zipped(**{"data__a.csv": b"x", "data__b.csv": b"y"}))
    assert unpack(path, "here", "csv", member=r"(.*/)?b\.csv") == b"y"
    with pytest.raises(Fault, match="2 files in the zip, 0 like c"):
        unpack(path, "here", "csv", member="c")


def test_macros_are_refused_always_and_formulas_where_asked(tmp_path):
    with pytest.raises(Fault, match="macros"):
        unpack(write(tmp_path, zipped(**{"xl__vbaProject.bin": b"x"})), "here", "xlsx")
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as made:
        made.add_worksheet("S").write_formula("B7", "=1+1")
    path = write(tmp_path, stream.getvalue())
    assert unpack(path, "here", "xlsx") == stream.getvalue()
    with pytest.raises(Fault, match="cell B7"):
        unpack(path, "here", "xlsx", refuse_formulas=True)


def test_an_old_workbook_must_be_one_and_hold_no_macros(tmp_path):
    with pytest.raises(Fault, match="not a whole file"):
        unpack(write(tmp_path, book({"S": [["Code", "Value"]]})), "here", "xls")
    with pytest.raises(Fault, match="macros"):
        unpack(write(tmp_path, OLE + bytes(504) + "_VBA_PROJECT_CUR".encode("utf-16-le")), "here", "xls")
    with pytest.raises(Fault, match="cannot be read"):
        workbook.read_tables(unpack(write(tmp_path, OLE + bytes(504)), "here", "xls"), TABLE, "here", "2024")


def test_frames_hold_text_only():
    frame = workbook.read_tables(book({"S": [["Code", "Value"], ["A1A", True]]}), TABLE, "here", "2024")
    assert frame.schema["Value"] == pl.String


def test_an_old_workbook_over_which_its_reader_panics_is_refused():
    """The head of an xls file, and three bytes where its table of sectors should begin."""
    numbers = struct.pack("<IIIIIIIII", 0, 1, 0, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    head = OLE + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6) + numbers + b"\xff" * 432
    with pytest.raises(Fault) as caught:
        workbook.open_workbook(head + bytes(3), "here")
    assert caught.value.found.startswith("a workbook that cannot be read")
