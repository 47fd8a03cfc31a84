"""Charts as Vega-Lite's own grammar has them: dictionaries of fields, marks and layers.

Belongs here: short ways to write these. Does not belong here: what any chart shows, or how it is drawn (charts.py).

No library for it in between: Altair copies a whole chart with its data at each step, and took as long as the drawing.
"""

from __future__ import annotations

from typing import Any

import polars as pl

Spec = dict[str, Any]

TYPES = {"N": "nominal", "O": "ordinal", "Q": "quantitative"}
"""By the letter that stands for a type, as in `value:Q`."""


def field(column: str, **how: Any) -> Spec:
    """What is shown: a column with the letter of its type, such as `value:Q`; and how."""
    name, _, letter = column.partition(":")
    return {"field": name} | ({"type": TYPES[letter]} if letter else {}) | how


def mark(kind: str, encoding: Spec, **look: Any) -> Spec:
    """One layer: a kind of mark, what it shows by channel, and its look."""
    return {"mark": {"type": kind, **look}, "encoding": encoding}


def layered(frame: pl.DataFrame, *layers: Spec, **size: Any) -> Spec:
    """Layers over the same rows. frame: what the layers show, and no more: every cell of it is passed on."""
    return {"data": data_of(frame), "layer": list(layers), **size}


def data_of(frame: pl.DataFrame) -> Spec:
    """The rows of a frame as the data of a chart, or of a layer that has its own."""
    return {"values": frame.to_dicts()}


def valid(column: str) -> list[Spec]:
    """The transformation that leaves rows with a value in a column."""
    return [{"filter": f"isValid(datum.{column})"}]
