"""From the bytes of one file to a frame of text cells, by the layout that the source YAML gives.

Belongs here: choosing the reader. Does not belong here: anything about one publisher.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.readers import bodies, delimited, documents, objects, spreadsheet_stream, submission, workbook
from pipelines.readers.container import unpack
from pipelines.readers.frame import plain
from schemas.source import Layout, Source

READERS = {
    "table": workbook.read_tables,
    "question_grid": workbook.read_question_grid,
    "form": submission.read_form,
    "bodies": bodies.read_bodies,
}


def read_file(path: Path, source: Source, file_format: str, where: str, edition: str) -> pl.DataFrame:
    """Every record of the file as text, with the columns `@row` and `@sheet`.

    Of a restricted source only columns that its YAML names: names, addresses and comments go no further. Raises
    Fault.
    """
    content = unpack(path, where, file_format, source.refuse_formulas, source.member_of(path.name))
    frame = _read(content, source, file_format, where, edition)
    if not source.is_restricted:
        return frame
    named = {plain(name) for name in source.published_names}
    return frame.select(name for name in frame.columns if name.startswith("@") or plain(name) in named)


def _read(content: bytes, source: Source, file_format: str, where: str, edition: str) -> pl.DataFrame:
    layout: Layout = source.layout_for(file_format)
    if file_format == "csv":
        return delimited.read(content, layout, where)
    if file_format == "ods" and layout.kind == "table":
        return spreadsheet_stream.read_tables(content, layout, where, edition)
    if layout.kind == "objects":
        return objects.read(content, layout, source.published_names, where)
    if layout.kind == "documents":
        return documents.read(content, layout, where)
    return READERS[layout.kind](content, layout, where, edition)
