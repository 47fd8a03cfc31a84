"""A mail server and a webhook on this machine, which behave as a test says, well or badly."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class MailServer:
    """mails: what it took. refuses: whether it turns every mail away."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.refuses = False
        self.mails: list[EmailMessage] = []


class Hook:
    """bodies: what it got. status: what it answers, after so many seconds."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status, self.seconds = 200, 0.0
        self.bodies: list[dict[str, Any]] = []


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Speaks as much SMTP as smtplib asks for."""
    with _running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp)) as server:
        server.owner = MailServer(f"smtp://127.0.0.1:{server.server_address[1]}?from=impact@example.invalid")
        yield server.owner


@contextmanager
def webhook() -> Iterator[Hook]:
    """Takes JSON."""
    with _running(ThreadingHTTPServer(("127.0.0.1", 0), _Http)) as server:
        server.owner = Hook(f"http://127.0.0.1:{server.server_address[1]}/services/secret-token")
        yield server.owner


@contextmanager
def _running(server: Any) -> Iterator[Any]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 here")
        for line in iter(self.rfile.readline, b""):
            command = line.split()[0].upper()
            if command == b"DATA":
                self._take()
            elif command == b"RCPT" and self.server.owner.refuses:
                self._say("550 no such person")
            else:
                self._say({b"QUIT": "221 bye"}.get(command, "250 well"))

    def _take(self) -> None:
        self._say("354 go on")
        lines = iter(self.rfile.readline, b".\r\n")
        self.server.owner.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self._say("250 taken")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Http(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        owner: Hook = self.server.owner
        time.sleep(owner.seconds)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if owner.status == 200:
            owner.bodies.append(json.loads(body))
        self.send_response(owner.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""
