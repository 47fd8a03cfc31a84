"""What this product invented itself must never be released as published data.

Belongs here: finding the marks of the SYNTHETIC sample in typed rows. Does not belong here: what the marks are
(`pipelines/sample/data/sample.yml`, from which the sample is written), or any other check (door.py).
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl
import yaml

from pipelines.errors import Fault
from pipelines.readers.frame import ROW
from pipelines.settings import PROJECT_ROOT

SAMPLE = PROJECT_ROOT / "pipelines" / "sample" / "data" / "sample.yml"
MARKED = ("_code", "_name", "note")
"""How columns end in which the sample's codes and names stand."""


def refuse_sample(rows: pl.DataFrame, where: str) -> None:
    """Raises Fault where a row is about an organisation that only the SYNTHETIC sample has."""
    for column, kind in rows.schema.items():
        if kind != pl.String or not column.endswith(MARKED):
            continue
        found = rows[column].unique().drop_nulls()
        found = found.filter(found.str.contains(_marks())).sort()
        if found.len():
            row = rows.filter(pl.col(column) == found[0])[ROW][0]
            raise Fault(
                f"{where}, column `{column}`, row {row}",
                f"{found[0]}, which the SYNTHETIC sample invented, and {found.len() - 1} others",
                "organisations that exist",
                "the folder holds the SYNTHETIC sample, whose files have the publishers' own names and layouts",
                "give the folder of the published files; `impact refresh` without options serves the sample",
            )


@cache
def _marks() -> str:
    known = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    prefixes = [re.escape(known[name]) for name in ("trust_prefix", "icb_prefix")]
    return rf"^(?:(?:{'|'.join(prefixes)})\d{{3}}$|{re.escape(known['name_prefix'])}\b)"
