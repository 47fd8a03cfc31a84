"""A stand-in for CQC's interface on this machine: real bodies, and the faults of the real one.

Belongs here: a server for tests. Does not belong here: what the tests expect of the client.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "not-a-real-key"
PER_PAGE_AT_MOST = 200


@dataclass
class Interface:
    """What the server holds and how it misbehaves.

    bodies: by kind (`locations`) and id. listed: ids in the list that have no body. changes: ids as /changes gives
    them. lower: ids that are listed in lower case, in which a record is not found. faults: for the number of a
    request for a record, what happens at the first attempt: 429, 500, `drop`, `cut` or `slow`.
    asked: how often each path was answered in full.
    """

    bodies: dict[str, dict[str, dict[str, Any]]]
    listed: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    faults: dict[int, int | str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    url: str = ""
    _records: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fault(self) -> int | str | None:
        """What happens to this request for a record; once for each number."""
        with self._lock:
            self._records += 1
            return self.faults.pop(self._records, None)


@contextmanager
def served(interface: Interface) -> Iterator[Interface]:
    """Serves it under `interface.url` on a free port of this machine."""
    handler = type("Handler", (_Handler,), {"interface": interface})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    interface.url = f"http://127.0.0.1:{server.server_port}/public/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield interface
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    interface: Interface
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        """Nothing: the tests read `asked`."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path, query = parts.path.removeprefix("/public/v1"), parse_qs(parts.query)
        if "python" in self.headers.get("User-Agent", "python"):
            self._answer(403, {"message": "Forbidden"})
        elif self.headers.get("Ocp-Apim-Subscription-Key") != KEY:
            self._answer(401, {"statusCode": 401, "message": "Access denied due to invalid subscription key."})
        elif path.startswith("/changes/"):
            self.interface.queries.append(query)
            self._page(path, query, "changes", self.interface.changes)
        elif path.count("/") == 1:
            self._page(path, query, path[1:], self._rows(path[1:]))
        else:
            self._record(path)

    def _rows(self, kind: str) -> tuple[dict[str, str], ...]:
        shown = [code.lower() if code in self.interface.lower else code for code in self.interface.bodies[kind]]
        return tuple({f"{kind[:-1]}Id": code} for code in (*shown, *self.interface.listed))

    def _page(self, path: str, query: dict[str, list[str]], key: str, rows: Iterable[Any]) -> None:
        rows = list(rows)
        page, size = int(query.get("page", ["1"])[0]), min(int(query["perPage"][0]), PER_PAGE_AT_MOST)
        rest = "".join(f"&{name}={values[0]}" for name, values in query.items() if name.endswith("Timestamp"))
        following = f"{path}?page={page + 1}&perPage={size}{rest}" if page * size < len(rows) else None
        shown = rows[(page - 1) * size : page * size]
        self._answer(200, {"total": len(rows), "page": page, "nextPageUri": following, key: shown})

    def _record(self, path: str) -> None:
        _, kind, code = path.split("/")
        fault = self.interface.next_fault()
        body = self.interface.bodies[kind].get(code)
        if fault == "drop":
            self.close_connection = True
        elif isinstance(fault, int):
            self._answer(fault, {"statusCode": fault}, {"Retry-After": "1"} if fault == 429 else {})
        elif body is None:
            self._answer(400 if code != code.upper() else 404, {"statusCode": 400})
        elif fault == "cut":
            self._cut(body)
        else:
            time.sleep(0.3 if fault == "slow" else 0)
            self.interface.asked[path] += 1
            self._answer(200, body)

    def _cut(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True

    def _answer(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        encoded = json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)
