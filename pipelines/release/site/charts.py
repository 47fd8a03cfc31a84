"""Charts as SVG: their look, their files, and the text that says the same.

Belongs here: what all charts share. Does not belong here: what any single chart shows, and its alternative text (the
module of its page): it is made from the chart's own data by rule.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.release.record import Record
from pipelines.release.site.vegalite import Spec

FOLDER = "charts"
VEGALITE = "6.4"
WIDTH = 960
"""Of what is drawn, in pixels: with its axis it fills the width of a page, where the page is wide enough."""
FONTS = "FONTCONFIG_FILE", str(Path(__file__).with_name("fonts.conf"))
"""The variable that says where to look for fonts, and the file that names none of the machine."""

BLUE, DARK_BLUE, ORANGE, PURPLE, GREY, INK = "#005eb8", "#12436d", "#f46a25", "#801650", "#4c6272", "#212b32"
"""All at least 3 to 1 on white. Two series also differ in shape or in words, never in colour alone."""
LEVELS = ("#cfe0f1", "#9dc1e4", "#5a96cf", "#1f69b0", "#003087")
"""Levels 1 to 5, one hue from light to dark; each part has an edge and its figure, so no colour must be told alone."""

_FONT = "Arial, Helvetica, sans-serif"
CONFIG = {
    "background": "white",
    "font": _FONT,
    "view": {"stroke": None},
    "title": {
        "anchor": "start",
        "fontSize": 13,
        "fontWeight": "bold",
        "color": INK,
        "subtitleColor": INK,
        "offset": 14,
    },
    "axis": {
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": "#d8dde0",
        "domainColor": "#768692",
        "tickColor": "#768692",
        "labelLimit": 340,
    },
    "legend": {"labelFontSize": 13, "titleFontSize": 13, "labelColor": INK, "titleColor": INK, "symbolOpacity": 1},
    "header": {"labelFontSize": 14, "labelFontWeight": "bold", "labelColor": INK, "labelAnchor": "start"},
    "point": {"opacity": 1, "filled": True, "size": 70},
    "text": {"fontSize": 13, "color": INK},
}


@dataclass(frozen=True)
class Chart:
    """One chart as pages show it. svg, csv: paths below `site/`. width, height: of the drawing, in pixels."""

    name: str
    svg: str
    csv: str
    alt: str
    caption: str
    source: str
    width: int
    height: int
    frame: pl.DataFrame


class Charts:
    """Draws charts into `site/charts/` of one candidate and remembers what was written."""

    def __init__(self, candidate: Path, record: Record) -> None:
        self.folder = candidate / "site" / FOLDER
        self.record = record
        self.written: list[Path] = []

    def draw(self, name: str, chart: Spec, alt_text: str, frame: pl.DataFrame, caption: str, source: str) -> Chart:
        """Write one chart and its data, and return what a page needs of it.

        name: the name of its files. frame: the figures as readers download them; the same that are drawn.
        source: where they come from and of which period, in words.
        """
        if not self.written:
            self.folder.mkdir(parents=True, exist_ok=True)
        svg = _svg(chart | {"title": f"{self.record.mark}Release {self.record.release_id}"})
        data = f"{name}{self.record.suffix}.csv"
        (self.folder / f"{name}.svg").write_text(svg, encoding="utf-8", newline="\n")
        frame.write_csv(self.folder / data, line_terminator="\r\n")
        self.written += [self.folder / f"{name}.svg", self.folder / data]
        paths = f"{FOLDER}/{name}.svg", f"{FOLDER}/{data}"
        return Chart(name, *paths, self.record.mark + alt_text, caption, source, *_size(svg), frame)


def draw_text(text: str) -> str:
    """A chart that is one title, as SVG: to see whether the converter and its fonts are there."""
    return _svg({"data": {"values": [{}]}, "mark": "point", "title": text})


def _svg(chart: Spec) -> str:
    return _converter().vegalite_to_svg(json.dumps(chart, allow_nan=False), vl_version=VEGALITE, config=CONFIG)


@cache
def _converter() -> Any:
    """vl-convert, imported where it is used: every command would pay for its start otherwise.

    It looks for fonts when it measures its first text. Those of the machine would make charts differ between machines,
    and measuring take seven times as long; so it is shown none, and has those that it brings.
    """
    import vl_convert

    name, none = FONTS
    kept = os.environ.get(name)
    os.environ[name] = none
    try:
        vl_convert.vegalite_to_svg({"data": {"values": [{}]}, "mark": "text", "title": "x"}, vl_version=VEGALITE)
    finally:
        del os.environ[name]
        if kept is not None:
            os.environ[name] = kept
    return vl_convert


def _size(svg: str) -> tuple[int, int]:
    width, height = (float(re.search(rf' {name}="([\d.]+)"', svg)[1]) for name in ("width", "height"))
    return round(width), round(height)
