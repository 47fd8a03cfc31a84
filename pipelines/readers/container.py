"""Opens what arrived: sees what a file really is, unpacks it within limits, refuses what is unsafe.

Belongs here: zip, gzip, HTML in disguise, truncation, bombs, macros and formulas.
Does not belong here: sheets, headers and rows (workbook.py, delimited.py).
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from pathlib import Path

from pipelines.errors import Fault

GIB = 1024**3
MAX_UNPACKED_BYTES = 4 * GIB
# The densest real file, a padded CQC .ods, unpacks to 37 times its size.
MAX_RATIO = 250
RATIO_MATTERS_FROM = 10 * 1024**2
ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
HTML = re.compile(rb"^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|\?xml[^>]*>\s*<!doctype html)", re.IGNORECASE)
WORKBOOKS = ("xlsx", "xlsb", "ods")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def unpack(path: Path, where: str, file_format: str, refuse_formulas: bool = False) -> bytes:
    """The bytes of the CSV or workbook inside this file.

    Raises Fault where the file is empty, cut short, an HTML page, too large when unpacked, holds macros,
    or (only if refuse_formulas) formulas.
    """
    content = path.read_bytes()
    _refuse_empty_or_html(content, where)
    if file_format in WORKBOOKS:
        _refuse_unsafe_workbook(_open_zip(content, where), where, refuse_formulas)
        return content
    if file_format == "xls":
        _refuse_other_than_xls(content, where)
        return content
    return _unpack_text(content, where)


def _refuse_other_than_xls(content: bytes, where: str) -> None:
    if not content.startswith(OLE):
        raise _cut_short(where, f"a file that begins with {content[:8]!r}")
    # The directory of the old format holds names in UTF-16.
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        raise _unsafe(where, "macros (_VBA_PROJECT)", "a workbook without macros")


def _refuse_empty_or_html(content: bytes, where: str) -> None:
    if not content:
        raise Fault(where, "an empty file", "data", "an interrupted download", "fetch the file again")
    if HTML.match(content[:1024]):
        raise Fault(
            where,
            f"a web page, beginning {content[:60].decode('utf-8', 'replace').strip()!r}",
            "a data file",
            "the publisher's site answered with an error page and status 200",
            "open the landing page named in the source YAML and fetch the file again",
            quotes_file=True,
        )


def _unpack_text(content: bytes, where: str) -> bytes:
    if content.startswith(GZIP):
        return _gunzip(content, where)
    if not content.startswith(ZIP):
        return content
    archive = _open_zip(content, where)
    members = [item for item in archive.infolist() if not item.is_dir()]
    if len(members) != 1:
        raise Fault(
            where,
            f"{len(members)} files in the zip",
            "exactly one data file",
            "the publisher bundles more than before",
            "look inside, then extend the source YAML",
        )
    return _read_member(archive, members[0], where)


def _gunzip(content: bytes, where: str) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            unpacked = stream.read(MAX_UNPACKED_BYTES + 1)
    except (EOFError, OSError) as error:
        raise _cut_short(where, str(error)) from error
    _refuse_bomb(where, len(content), len(unpacked))
    return unpacked


def _open_zip(content: bytes, where: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise _cut_short(where, str(error)) from error
    for member in archive.infolist():
        _refuse_bomb(where, member.compress_size, member.file_size)
    _refuse_bomb(where, len(content), sum(member.file_size for member in archive.infolist()))
    return archive


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> bytes:
    try:
        # A lying header cannot unpack more than it declares: zipfile stops there and checks the CRC.
        content = archive.read(member)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError) as error:
        raise _cut_short(where, str(error)) from error
    _refuse_empty_or_html(content, where)
    return content


def _cut_short(where: str, found: str) -> Fault:
    return Fault(
        where,
        f"not a whole file: {found}",
        "a complete archive or workbook",
        "an interrupted download, or another kind of file under this name",
        "fetch the file again and compare its size with the publisher's page",
    )


def _refuse_bomb(where: str, packed: int, unpacked: int) -> None:
    ratio = unpacked / max(packed, 1)
    if unpacked <= MAX_UNPACKED_BYTES and (unpacked < RATIO_MATTERS_FROM or ratio <= MAX_RATIO):
        return
    raise Fault(
        where,
        f"{unpacked:,} bytes when unpacked, {ratio:,.0f} times the packed size",
        f"at most {MAX_UNPACKED_BYTES:,} bytes and {MAX_RATIO} times",
        "a zip bomb, or a file that is not the publisher's",
        "do not open it; ask the sender, and fetch it from the publisher's page",
    )


def _refuse_unsafe_workbook(archive: zipfile.ZipFile, where: str, refuse_formulas: bool) -> None:
    macros = [name for name in archive.namelist() if name.lower().endswith(("vbaproject.bin", ".xlsm"))]
    if macros:
        raise _unsafe(where, "macros", "a workbook without macros (.xlsx)")
    if refuse_formulas and (place := _first_formula(archive, where)):
        raise _unsafe(where, f"a formula in {place}", "typed values only")


def _unsafe(where: str, found: str, expected: str) -> Fault:
    return Fault(
        where,
        found,
        expected,
        "the author worked in a copy of another workbook",
        "ask the author to paste the answers as values into the blank template and send it again",
    )


def _first_formula(archive: zipfile.ZipFile, where: str) -> str | None:
    sheets = [item for item in archive.infolist() if re.match(r"xl/worksheets/[^/]+\.xml$", item.filename)]
    for sheet in sheets:
        cell = re.search(rb'<c r="([A-Z]+\d+)"[^>]*>\s*<f[\s>/]', _read_member(archive, sheet, where))
        if cell:
            return f"{sheet.filename.rsplit('/', 1)[-1]}, cell {cell.group(1).decode()}"
    return None
