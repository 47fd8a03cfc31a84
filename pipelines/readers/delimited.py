"""Reads delimited text into a frame of text cells.

Belongs here: encoding, finding the header, quoting, ragged rows. Does not belong here: types and meaning.
"""

from __future__ import annotations

import csv
import io
import re

import polars as pl

from pipelines.errors import Fault
from pipelines.readers.frame import HEADER_WITHIN, ROW, SHEET, find_header, unique_names
from schemas.source import Layout

# Polars takes a carriage return alone for text, other programs for the end of a line.
LINE_END = b"\n"
LONE_RETURN = re.compile(rb"\r(?!\n)")
# Cells in quotation marks from one end to the other, and none in other cells: elsewhere Polars loses whole records.
WELL_QUOTED = re.compile(rb'[^"]*+(?:(?<![^,\r\n])"(?:[^"]++|"")*+"(?![^,\r\n])[^"]*+)*+')


def read_table(content: bytes, layout: Layout, where: str, edition: str) -> pl.DataFrame:
    """One row per record of the file, all text, with `@row`: the record's number counted from 1.

    Raises Fault where no header is found, a record has another number of cells than the header or a quotation mark
    stands where none can be understood.
    """
    content = as_utf8(content)
    _refuse_stray_quotes(content, where)
    head = _head(content, where)
    if layout.names:
        width = max((len(record) for record, _ in head), default=0)
        return _frame(content, list(layout.names[:width]), 0, 0, where)
    start = find_header([record for record, _ in head], layout.header, where)
    record, lines = head[start]
    return _frame(content, unique_names(record), start + 1, lines, where)


def _refuse_stray_quotes(content: bytes, where: str) -> None:
    matched = WELL_QUOTED.match(content)
    end = matched.end() if matched else 0
    if end == len(content):
        return
    raise Fault(
        f"{where}, line {content.count(LINE_END, 0, end) + 1}",
        "a quotation mark inside a cell, or one that is never closed",
        "cells with commas in quotation marks, and those within them doubled",
        "an edit by hand, or a file that was damaged on its way",
        "open the file in a text editor; fetch it again if it is damaged",
    )


def _head(content: bytes, where: str) -> list[tuple[list[str], int]]:
    try:
        return first_records(content)
    except csv.Error as error:
        raise Fault(
            where,
            f"text that is no table: {error}",
            "cells separated by commas, quoted in pairs",
            "a quotation mark that is never closed, or another kind of file under this name",
            "open the file in a text editor; fetch it again if it is damaged",
        ) from error


def as_utf8(content: bytes) -> bytes:
    """The same text in UTF-8, without a byte order mark, and with one kind of line end."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    if LONE_RETURN.search(content):
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        # Older NHS files are Windows-1252, seen in copyright lines and names.
        return content.decode("cp1252", "replace").encode("utf-8")
    return content


def first_records(content: bytes, most: int = HEADER_WITHIN) -> list[tuple[list[str], int]]:
    """The first records of delimited text, each with the number of lines down to its end."""
    reader = csv.reader(io.StringIO(content[: 1024 * 1024].decode("utf-8", "ignore"), newline=""))
    return [(record, reader.line_num) for record, _ in zip(reader, range(most), strict=False)]


def _frame(content: bytes, names: list[str], records: int, lines: int, where: str) -> pl.DataFrame:
    """What follows so many records, which take so many lines."""
    try:
        frame = pl.read_csv(
            content,
            has_header=False,
            new_columns=names,
            skip_lines=lines,
            infer_schema=False,
            row_index_name=ROW,
            row_index_offset=records + 1,
        )
    except pl.exceptions.PolarsError as error:
        raise Fault(
            where,
            str(error).splitlines()[0],
            f"{len(names)} cells in every record",
            "an unquoted comma, or a file cut short",
            "open the file at the end and at the named record; fetch it again if it is cut",
            quotes_file=True,
        ) from error
    return _with_place(frame, names, where)


def _with_place(frame: pl.DataFrame, names: list[str], where: str) -> pl.DataFrame:
    extra = [name for name in frame.columns if name not in (*names, ROW)]
    if extra and frame.select(pl.any_horizontal(pl.col(extra).is_not_null().any())).item():
        raise Fault(
            where,
            f"{len(extra)} more columns than the header names",
            f"{len(names)} columns",
            "an unquoted comma in a record",
            "find the record and ask the publisher for a mended file",
        )
    frame = frame.drop(extra)
    filled = pl.any_horizontal((pl.col(name).str.strip_chars() != "").fill_null(False) for name in names)
    return frame.filter(filled).with_columns(pl.col(ROW).cast(pl.Int32), pl.lit(None, dtype=pl.String).alias(SHEET))
