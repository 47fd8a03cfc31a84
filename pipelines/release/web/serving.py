"""A small web server for looking at the web root on this machine; what serves readers is any ordinary one.

Belongs here: types of content and the header that lets other sites' pages read the data. Does not belong here: what is
in the web root.
"""

from __future__ import annotations

import os
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pipelines.errors import Fault

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".atom": "application/atom+xml",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".duckdb": "application/octet-stream",
    ".txt": "text/plain; charset=utf-8",
    ".sha256": "text/plain; charset=utf-8",
}
HERE = "127.0.0.1"


def server(web: Path, port: int) -> ThreadingHTTPServer:
    """A server of this machine alone, not yet running; port 0 takes a free one. Raises Fault where it cannot."""
    if not web.exists():
        raise _nothing()
    try:
        return ThreadingHTTPServer((HERE, port), _handler(web))
    except (OSError, OverflowError) as error:
        raise _taken(port) from error


def _handler(web: Path) -> type[SimpleHTTPRequestHandler]:
    class Handler(SimpleHTTPRequestHandler):
        extensions_map = TYPES

        def __init__(self, *arguments: object) -> None:
            # The link is followed once a connection, so that no answer is made of two web roots.
            super().__init__(*arguments, directory=os.path.realpath(web))

        def end_headers(self) -> None:
            self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing: who asks for what is nobody's business."""

    return Handler


def _nothing() -> Fault:
    return Fault(
        where="impact release serve",
        found="no web root",
        expected="a web root, made when a release goes out",
        likely="no release has gone out yet, or IMPACT_HOME names another folder",
        todo="run `impact refresh`, or `impact release web` where releases are there already",
    )


def _taken(port: int) -> Fault:
    return Fault(
        where=f"impact release serve --port {port}",
        found="a port that cannot be used",
        expected="a free port from 1024 to 65535",
        likely="another program uses it",
        todo="choose another one with --port",
    )
