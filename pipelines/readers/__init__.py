"""From the bytes of one file to a frame of text cells, by the layout that the source YAML gives.

Belongs here: choosing the reader. Does not belong here: anything about one publisher.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.readers import bodies, delimited, objects, spreadsheet_stream, submission, workbook
from pipelines.readers.container import unpack
from pipelines.readers.frame import plain
from schemas.source import Source

TABLES = {"csv": delimited.read_table, "ods": spreadsheet_stream.read_tables}
READERS = {
    "question_grid": workbook.read_question_grid,
    "form": submission.read_form,
    "objects": objects.read_objects,
    "bodies": bodies.read_bodies,
}


def read_file(path: Path, source: Source, file_format: str, where: str, edition: str) -> pl.DataFrame:
    """Every record of the file as text, with the columns `@row` and `@sheet`.

    Of a restricted source only columns that its YAML names: names, addresses and comments go no further. Raises
    Fault.
    """
    content = unpack(path, where, file_format, source.refuse_formulas, source.member_of(path.name))
    layout = source.layout_for(file_format)
    read = READERS.get(layout.kind) or TABLES.get(file_format, workbook.read_tables)
    frame = read(content, layout, where, edition)
    if not source.is_restricted:
        return frame
    named = {plain(name) for name in source.published_names}
    return frame.select(name for name in frame.columns if name.startswith("@") or plain(name) in named)
