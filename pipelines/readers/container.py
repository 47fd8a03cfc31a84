"""Opens what arrived: sees what a file really is, unpacks it within limits, refuses what is unsafe.

Belongs here: zip, gzip, HTML in disguise, truncation, bombs, macros and formulas.
Does not belong here: sheets, headers and rows (workbook.py, delimited.py).
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from pipelines.errors import Fault

GIB = 1024**3
MAX_UNPACKED_BYTES = 4 * GIB
# The densest real file, a padded CQC .ods, unpacks to 37 times its size.
MAX_RATIO = 250
RATIO_MATTERS_FROM = 10 * 1024**2
CHUNK_BYTES = 4 * 1024**2
ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
HTML = re.compile(rb"^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|\?xml[^>]*>\s*<!doctype html)", re.IGNORECASE)
WORKBOOKS = ("xlsx", "xlsb", "ods")
# What zipfile and zlib raise for damaged archives, by the kind of damage.
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, LookupError)
# Workbooks whose reader does not look at the checksums of their parts.
READ_WHOLE = ("xlsx", "xlsb")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def unpack(path: Path, where: str, file_format: str, refuse_formulas: bool = False, member: str | None = None) -> bytes:
    """The bytes of the CSV or workbook inside this file; of a zip with several, the one whose path matches `member`.

    Raises Fault where the file is empty, cut short, an HTML page, too large when unpacked, holds macros,
    or (only if refuse_formulas) formulas.
    """
    content = path.read_bytes()
    refuse_empty_or_html(content, where)
    if file_format in WORKBOOKS:
        archive = _open_zip(content, where)
        _refuse_unsafe_workbook(archive, where, refuse_formulas)
        if file_format in READ_WHOLE:
            _refuse_damaged(archive, where)
        return content
    if file_format == "xls":
        _refuse_other_than_xls(content, where)
        return content
    return _unpack_text(content, where, member)


def _refuse_other_than_xls(content: bytes, where: str) -> None:
    if not content.startswith(OLE):
        raise cut_short(where, f"a file that begins with {content[:8]!r}")
    # The directory of the old format holds names in UTF-16.
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        raise _unsafe(where, "macros (_VBA_PROJECT)", "a workbook without macros")


def refuse_empty_or_html(content: bytes, where: str) -> None:
    """Raises Fault where there is nothing, or a web page."""
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


def _unpack_text(content: bytes, where: str, member: str | None) -> bytes:
    if content.startswith(GZIP):
        return _gunzip(content, where)
    if not content.startswith(ZIP):
        return content
    archive = _open_zip(content, where)
    files = [item for item in archive.infolist() if not item.is_dir()]
    members = [item for item in files if not member or re.fullmatch(member, item.filename)]
    if len(members) != 1:
        raise Fault(
            where,
            f"{len(files)} files in the zip" + (f", {len(members)} like {member}" if member else ""),
            "exactly one data file",
            "the publisher bundles more than before",
            "look inside, then extend the source YAML",
        )
    return _read_member(archive, members[0], where)


def take_members(path: Path, where: str, patterns: tuple[str, ...]) -> dict[str, bytes]:
    """The files of a bundle whose names fit these patterns, by name without folders.

    Raises Fault where a pattern fits none, and as `unpack` does.
    """
    archive = _open_zip(path.read_bytes(), where)
    members = [item for item in archive.infolist() if not item.is_dir()]
    taken = {pattern: [item for item in members if re.search(pattern, item.filename)] for pattern in patterns}
    for pattern in [pattern for pattern, found in taken.items() if not found]:
        raise Fault(
            where,
            f"a zip of {', '.join(item.filename for item in members) or 'no files'}",
            f"a file in it whose name fits {pattern}",
            "the publisher renamed the files in the bundle",
            "correct `fetch.members` in the source YAML",
        )
    chosen = [item for found in taken.values() for item in found]
    return {PurePosixPath(item.filename).name: _read_member(archive, item, where) for item in chosen}


def _gunzip(content: bytes, where: str) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            unpacked = stream.read(MAX_UNPACKED_BYTES + 1)
    except DAMAGE as error:
        raise cut_short(where, str(error)) from error
    _refuse_bomb(where, len(content), len(unpacked))
    return unpacked


def _open_zip(content: bytes, where: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except DAMAGE as error:
        raise cut_short(where, str(error)) from error
    for member in archive.infolist():
        _refuse_bomb(where, member.compress_size, member.file_size)
    _refuse_bomb(where, len(content), sum(member.file_size for member in archive.infolist()))
    return archive


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> bytes:
    try:
        # A lying header cannot unpack more than it declares: zipfile stops there and checks the CRC.
        content = archive.read(member)
    except DAMAGE as error:
        raise cut_short(where, str(error)) from error
    refuse_empty_or_html(content, where)
    return content


def unpacked(content: bytes, member: str, where: str) -> Iterator[bytes]:
    """One member of an archive, a few megabytes at a time, the next of them unpacked while one is worked on.

    Raises Fault where the member is not there or not whole; its checksum is known only at its end.
    """
    chunks = _member_chunks(content, member, where)
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(next, chunks, b"")
        while chunk := ahead.result():
            ahead = pool.submit(next, chunks, b"")
            yield chunk


def _member_chunks(content: bytes, member: str, where: str) -> Iterator[bytes]:
    try:
        with _open_zip(content, where).open(member) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except DAMAGE as error:
        raise cut_short(where, str(error)) from error


def cut_short(where: str, found: str) -> Fault:
    """The refusal of a file that ends too early or is not what its name says."""
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


def _refuse_damaged(archive: zipfile.ZipFile, where: str) -> None:
    try:
        damaged = archive.testzip()
    except DAMAGE as error:
        raise cut_short(where, str(error)) from error
    if damaged:
        raise cut_short(where, f"the checksum of {damaged} is wrong")


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
