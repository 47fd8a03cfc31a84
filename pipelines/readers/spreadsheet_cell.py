"""What the markup of one OpenDocument cell says, as text.

Belongs here: value types, paragraphs, spaces, escapes and repeats of a cell.
Does not belong here: rows and sheets (spreadsheet_stream.py).
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from xml.parsers import expat

from pipelines.errors import Fault
from pipelines.readers.frame import text

# A cell with nothing but attributes and at most one plain paragraph; every other one is parsed as XML.
PLAIN = re.compile(
    rb'((?:\s+[\w:.-]+="[^"<&]*")*)\s*(?:/>|>(?:<text:p>([^<&\r]*)</text:p>)?</table:table-cell>)'
    rb"(?:\s|</table:table-row>)*"
)
ATTRIBUTE = re.compile(r'([\w:.-]+)="([^"]*)"')
REPEATED = "table:number-columns-repeated"
MAX_COLUMNS = 16_384
NUMBERS = ("float", "percentage", "currency")
WRITTEN = ("", "string", "time")


def cell_texts(markup: bytes, where: str) -> tuple[str, ...]:
    """The text of a cell, as often as the cell is repeated. markup: what follows `<table:table-cell`.

    Raises Fault where the markup is broken.
    """
    try:
        plain = PLAIN.fullmatch(markup)
        if plain:
            attributes, written = _attributes(plain[1]), (plain[2] or b"").decode()
        else:
            attributes, written = _Parsed(markup).result()
        said = _said(attributes, written)
        times = int(attributes.get(REPEATED, "1"))
        if times < 1:
            raise ValueError(f"a cell that is there {times:,} times")
    except (ValueError, LookupError, expat.ExpatError) as error:
        raise _broken(markup, where, str(error)) from error
    if said and times > MAX_COLUMNS:
        raise _broken(markup, where, f"{times:,} cells with the same text in one row")
    return (said,) * min(times, MAX_COLUMNS)


@lru_cache(maxsize=1024)
def _attributes(written: bytes) -> dict[str, str]:
    return dict(ATTRIBUTE.findall(written.decode()))


def _said(attributes: dict[str, str], written: str) -> str:
    """The value that the attributes give in full precision, or the text as written."""
    kind = attributes.get("office:value-type", "")
    if kind in NUMBERS:
        return text(float(attributes["office:value"]))
    if kind == "date":
        return text(dt.datetime.fromisoformat(attributes["office:date-value"]))
    if kind == "boolean":
        return attributes["office:boolean-value"].capitalize()
    if kind not in WRITTEN:
        raise ValueError(f"a value of the unknown type {kind!r}")
    return attributes.get("office:string-value", written) if kind == "string" else written


def _broken(markup: bytes, where: str, found: str) -> Fault:
    return Fault(
        f"{where}, cell {markup[:80].decode('utf-8', 'replace').strip()!r}",
        found,
        "a cell as spreadsheet programs write it",
        "a damaged file",
        "fetch the file again; open it in a spreadsheet program if that does not help",
    )


class _Parsed:
    """The attributes of a cell and its paragraphs, joined by newlines. Comments on the cell are left out."""

    def __init__(self, markup: bytes) -> None:
        self._attributes: dict[str, str] | None = None
        self._paragraphs: list[str] = []
        self._open: list[str] = []
        self._is_closed = False
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._write
        self._parse(parser, b"<cell><table:table-cell" + markup)

    def _parse(self, parser: expat.XMLParserType, markup: bytes) -> None:
        try:
            parser.Parse(markup, False)
        except expat.ExpatError:
            # What follows the cell closes its row, which was never opened here.
            if not self._is_closed:
                raise

    def result(self) -> tuple[dict[str, str], str]:
        """Attributes and text. Raises ValueError where the cell has no end."""
        if self._attributes is None or not self._is_closed:
            raise ValueError("a cell without an end")
        return self._attributes, "\n".join(self._paragraphs)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._attributes is None and name != "cell":
            self._attributes = attributes
        self._open.append(name)
        if name == "text:p" and not self._is_in_comment():
            self._paragraphs.append("")
        if name == "text:s":
            self._write(" " * min(int(attributes.get("text:c", "1")), MAX_COLUMNS))
        if name in ("text:tab", "text:line-break"):
            self._write("\t" if name == "text:tab" else "\n")

    def _end(self, name: str) -> None:
        self._open.pop()
        self._is_closed |= name == "table:table-cell"

    def _write(self, characters: str) -> None:
        if "text:p" in self._open and not self._is_in_comment():
            self._paragraphs[-1] += characters

    def _is_in_comment(self) -> bool:
        return "office:annotation" in self._open
