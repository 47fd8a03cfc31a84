"""A publisher's web server on this machine, which behaves as a test says, well or badly."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Answer:
    """One answer. declared: a Content-Length that lies. is_untold: none at all. stalls: half the body, no more."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    is_untold: bool = False
    stalls: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]


class Publisher:
    """answers: by path, in their order; the last one is given again and again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[Asked] = []
        self.closing = threading.Event()

    def serve(self, path: str, *answers: Answer | bytes) -> str:
        """Sets the answers of a path; its URL."""
        self.answers[path] = [one if isinstance(one, Answer) else Answer(one) for one in answers]
        return self.url + path.replace(" ", "%20")

    def page(self, path: str, *hrefs: str, **texts: str) -> str:
        """A page with these links, among those that every page has. texts: text of the link to a path."""
        links = [
            ("/accessibility", "Accessibility"),
            ("mailto:someone@example.org", "Contact"),
            *((href, href) for href in hrefs),
        ]
        links += [(href, text) for text, href in texts.items()]
        anchors = "\n".join(f'<p><a href="{html.escape(href)}"><span>{text}</span></a></p>' for href, text in links)
        return self.serve(path, f"<!DOCTYPE html><html><body><nav>{anchors}</nav></body></html>".encode())

    def paths(self, method: str = "GET") -> list[str]:
        """The paths that were asked for, in their order."""
        return [one.path for one in self.asked if one.method == method]

    def next_answer(self, path: str) -> Answer:
        """The answer to one request."""
        waiting = self.answers.get(path, [Answer(b"not here", 404)])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@contextmanager
def publishing() -> Iterator[Publisher]:
    """Runs a publisher until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.publisher = Publisher(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.publisher
    finally:
        server.publisher.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        publisher: Publisher = self.server.publisher
        parts = urlsplit(self.path)
        path = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
        publisher.asked.append(Asked(self.command, path, dict(self.headers)))
        answer = publisher.next_answer(path)
        if self.headers.get("User-Agent", "").startswith(("python-requests", "Python-urllib")):
            answer = Answer(b"<html><body>Access denied</body></html>", 403)
        etag = answer.headers.get("ETag")
        if etag and self.headers.get("If-None-Match") == etag:
            answer = Answer(status=304)
        self._send(answer, with_body)

    def _send(self, answer: Answer, with_body: bool) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if not answer.is_untold:
            self.send_header("Content-Length", str(len(answer.body) if answer.declared is None else answer.declared))
        self.end_headers()
        if with_body and answer.stalls:
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.server.publisher.closing.wait(5)
        elif with_body:
            self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""
