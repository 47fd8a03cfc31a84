"""Reads delimited text into a frame of text cells.

Belongs here: encoding, finding the header, quoting, ragged rows. Does not belong here: types and meaning.
"""

from __future__ import annotations

import csv
import io

import polars as pl

from pipelines.errors import Fault
from pipelines.readers.frame import HEADER_WITHIN, ROW, SHEET, find_header, unique_names
from schemas.source import Layout


def read(content: bytes, layout: Layout, where: str) -> pl.DataFrame:
    """One row per record of the file, all text, with `@row`: the record's number counted from 1.

    Raises Fault where no header is found or a record has another number of cells than the header.
    """
    content = _as_utf8(content)
    head = _first_records(content)
    if layout.names:
        width = max((len(record) for record in head), default=0)
        return _frame(content, list(layout.names[:width]), 0, where)
    start = find_header(head, layout.header, where)
    return _frame(content, unique_names(head[start]), start + 1, where)


def _as_utf8(content: bytes) -> bytes:
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        # Older NHS files are Windows-1252, seen in copyright lines and names.
        return content.decode("cp1252", "replace").encode("utf-8")
    return content


def _first_records(content: bytes) -> list[list[str]]:
    stream = io.StringIO(content[: 1024 * 1024].decode("utf-8", "ignore"), newline="")
    return [record for record, _ in zip(csv.reader(stream), range(HEADER_WITHIN), strict=False)]


def _frame(content: bytes, names: list[str], skip: int, where: str) -> pl.DataFrame:
    try:
        frame = pl.read_csv(
            content,
            has_header=False,
            new_columns=names,
            skip_lines=skip,
            infer_schema=False,
            row_index_name=ROW,
            row_index_offset=skip + 1,
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
