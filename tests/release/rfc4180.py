"""A check of a CSV file's bytes against RFC 4180, with no CSV library in between.

Belongs here: the grammar of the standard, and the rule of this project that every file has one header. Does not belong
here: what columns mean.
"""

from __future__ import annotations

import re

FIELD = rb'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
RECORD = re.compile(FIELD + rb"(?:," + FIELD + rb")*\r\n")
FIELDS = re.compile(rb"(?:\A|,)(" + FIELD + rb")(?=,|\r\n)")


def faults(content: bytes) -> list[str]:
    """What is wrong with the file; empty where it is as the standard says. Only the first record that is no record."""
    found = ["a byte order mark"] if content.startswith(b"\xef\xbb\xbf") else []
    found += _not_utf8(content)
    widths, position = [], 0
    while position < len(content):
        record = RECORD.match(content, position)
        if record is None:
            return [*found, f"no record begins at byte {position}: a line end, quote or comma is wrong"]
        if not widths:
            found += _header(record.group())
        widths.append(len(FIELDS.findall(record.group())))
        position = record.end()
    ragged = [number for number, width in enumerate(widths, start=1) if width != widths[0]]
    return found + [f"record {number} has another number of fields" for number in ragged]


def _not_utf8(content: bytes) -> list[str]:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"not UTF-8 at byte {error.start}"]
    return []


def _header(record: bytes) -> list[str]:
    names = FIELDS.findall(record)
    return ["the header repeats or lacks a name"] if len(set(names)) < len(names) or b"" in names else []
