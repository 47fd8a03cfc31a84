"""One file from its address to the disk: asked for only if it changed, checked, whole or not at all.

Belongs here: conditional requests, streaming, checks of size and kind. Does not belong here: which file (finding.py),
where it is kept and what it means (fetching.py), how requests are made (http.py).
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import requests

from pipelines.errors import Fault
from pipelines.fetch.finding import Candidate
from pipelines.fetch.http import (
    BrokenOff,
    Client,
    body,
    declared_length,
    no_answer,
    require_http,
    whole_answer,
    wrong_status,
)
from pipelines.fetch.log import Entry
from pipelines.progress import say
from pipelines.readers.container import GZIP, OLE, ZIP, refuse_empty_or_html

NOT_CHANGED = 304
NO_HEAD_HERE = (403, 405, 501)
SIGNATURES = {".zip": ZIP, ".xlsx": ZIP, ".xlsb": ZIP, ".ods": ZIP, ".xls": OLE, ".gz": GZIP}
FIRST_BYTES = 1024


@dataclass(frozen=True)
class Download:
    """A whole file under a name of its own, not yet in its place."""

    path: Path
    sha256: str
    bytes: int
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True)
class Head:
    """What a server tells of a file without sending it. is_changed: None where it tells nothing about that."""

    bytes: int | None
    is_changed: bool | None


def download(
    client: Client, candidate: Candidate, known: Entry | None, folder: Path, max_bytes: int
) -> Download | None:
    """The file in this folder under a name that ends in `.partial`; None where the server says it did not change.

    Raises Fault where no answer, another status than 200, no whole file, a web page, another kind of file, or a
    file that is too large comes; then nothing is left behind.
    """
    where = where_of(candidate)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{candidate.file_name}.partial"
    try:
        return whole_answer(
            client, where, candidate.url, lambda: _ask(client, candidate, known, partial, where, max_bytes)
        )
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def look(client: Client, candidate: Candidate, known: Entry | None) -> Head:
    """Size of the file and whether it changed, without its body. Raises Fault where it is not there."""
    where = where_of(candidate)
    require_http(candidate.url, where)
    try:
        response = client.head(candidate.url, headers=_conditions(known), allow_redirects=True)
    except requests.RequestException as error:
        raise no_answer(where, candidate.url, error) from error
    if response.status_code == NOT_CHANGED and known:
        return Head(known.bytes, False)
    if response.status_code in NO_HEAD_HERE:
        return Head(None, None)
    if response.status_code != 200:
        raise wrong_status(where, response)
    return Head(declared_length(response), _is_changed(response, known))


def where_of(candidate: Candidate) -> str:
    """How an error names the file."""
    return f"{candidate.source_id} {candidate.edition}, {candidate.file_name}"


def _is_changed(response: requests.Response, known: Entry | None) -> bool | None:
    if known is None:
        return None
    etag, size = response.headers.get("ETag"), declared_length(response)
    if etag and known.etag:
        return etag != known.etag
    return True if size is not None and size != known.bytes else None


def _conditions(known: Entry | None) -> dict[str, str]:
    """Headers that ask for the file only if it is another than the known one, and with its true size."""
    headers = {"Accept-Encoding": "identity"}
    if known and known.etag:
        headers["If-None-Match"] = known.etag
    if known and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _ask(
    client: Client, candidate: Candidate, known: Entry | None, partial: Path, where: str, max_bytes: int
) -> Download | None:
    with client.get(candidate.url, headers=_conditions(known), stream=True) as response:
        if response.status_code == NOT_CHANGED and known:
            return None
        if response.status_code != 200:
            raise wrong_status(where, response)
        sha256, size = _stream(client, response, partial, where, max_bytes)
        check_kind(partial, candidate.file_name, where)
        return Download(partial, sha256, size, response.headers.get("ETag"), response.headers.get("Last-Modified"))


def _stream(client: Client, response: requests.Response, partial: Path, where: str, max_bytes: int) -> tuple[str, int]:
    """Writes the body to disk; its hash and size."""
    digest, size, expected = hashlib.sha256(), 0, declared_length(response)
    with partial.open("wb") as file:
        for piece in body(client, response, where, max_bytes):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
            say(f"fetching {where}: {size:,}{f' of {expected:,}' if expected else ''} bytes")
    return digest.hexdigest(), size


def check_kind(path: Path, file_name: str, where: str) -> None:
    """Raises Fault where the content is not what the name says, BrokenOff where an archive has lost its end."""
    with path.open("rb") as file:
        start = file.read(FIRST_BYTES)
    refuse_empty_or_html(start, where)
    suffix = PurePosixPath(file_name).suffix.lower()
    signature = SIGNATURES.get(suffix, b"")
    if not start.startswith(signature):
        raise Fault(
            where,
            f"a file that begins with {start[:8]!r}",
            f"the first bytes of a {suffix} file, {signature!r}",
            "another kind of file under this name",
            "open the address in a browser and see what it gives",
        )
    if signature == ZIP and not zipfile.is_zipfile(path):
        raise BrokenOff("an archive without its end")
