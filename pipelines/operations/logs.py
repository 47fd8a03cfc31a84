"""Log lines of runs as JSON, one file a day: for whoever watches many machines with one tool.

Belongs here: the shape of a line, what must not stand in one, and how long files are kept. Does not belong here: what
is measured (runs.py), or telling a person that something is wrong (alerts/).

A line: time (UTC), run_id, level, step, message, figures. Files lie in `IMPACT_HOME/logs/<day>.jsonl`.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from pipelines import progress, settings
from pipelines.store.snapshots import make_private

Level = Literal["info", "warning", "error"]
HIDDEN = "…"
LONGEST = 2000
"""Characters of a message; what is longer is cut, because a line is for finding a run, not for its whole story."""
SECRET_NAME = re.compile(r"KEY|PASSWORD|PASSWD|PGPASS|SECRET|TOKEN|CREDENTIAL|_URL$|NOTIFY")
SHORTEST_SECRET = 6
_PASSWORD = re.compile(r"://[^\s/:@]*:([^\s/@]+)@")
_IN_TEXT = (
    (re.compile(r"(?P<kept>\b[a-z][a-z0-9+.-]*://)[^\s/@]*@", re.I), r"\g<kept>" + HIDDEN + "@"),
    (re.compile(r"(?P<kept>\b[\w-]*(?:password|passwd|secret|token|key|sig|signature)=)[^\s&;,'\"]+", re.I), None),
    (re.compile(r"(?P<kept>\b(?:bearer|basic) )[A-Za-z0-9+/=._-]{6,}", re.I), None),
    (re.compile(r"(?P<kept>)[\w.+'-]+@[\w-]+(?:\.[\w-]+)+"), None),
)
"""Passwords in addresses and in parameters, headers of authentication, e-mail addresses."""


def redacted(text: str) -> str:
    """The text without passwords, keys and addresses of persons."""
    for secret in _secrets():
        text = text.replace(secret, HIDDEN)
    for pattern, instead in _IN_TEXT:
        text = pattern.sub(instead or r"\g<kept>" + HIDDEN, text)
    return text


def _secrets() -> list[str]:
    """Values of variables of the environment that are secret by their names, the longest first."""
    values = {value for name, value in os.environ.items() if SECRET_NAME.search(name) and not _is_path(value)}
    values |= {unquote(found[1]) for value in values if (found := _PASSWORD.search(value))}
    return sorted((value for value in values if len(value) >= SHORTEST_SECRET), key=len, reverse=True)


def _is_path(value: str) -> bool:
    """The path of a key is no secret."""
    return value.startswith(("/", "~", "."))


class Log:
    """The lines of one run."""

    def __init__(self, home: Path, run_id: str) -> None:
        self.folder, self.run_id, self.step, self._topic = home / "logs", run_id, "", ""

    def write(self, level: Level, message: str, **figures: Any) -> None:
        """Adds a line. A disk that is full stops no run."""
        moment = settings.now()
        line = {
            "time": moment.isoformat(timespec="milliseconds"),
            "run_id": self.run_id,
            "level": level,
            "step": self.step,
            "message": redacted(message)[:LONGEST],
            "figures": figures,
        }
        path = self.folder / f"{moment:%Y-%m-%d}.jsonl"
        try:
            _append(path, f"{json.dumps(line, ensure_ascii=False)}\n".encode())
        except OSError as error:
            logging.getLogger(__name__).debug("no log line: %s", error)

    def hear(self, line: str) -> None:
        """Takes down a line of progress, but not each step of something that only counts on."""
        topic = line.split(": ")[0]
        if topic != self._topic:
            self._topic = topic
            self.write("info", line)


class _Warnings(logging.Handler):
    """Brings what libraries and Dagster warn of into the log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self.log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Errors that end a run come with its end."""
        if record.levelno < logging.ERROR:
            self.log.write("warning", record.getMessage())


@contextmanager
def writing(home: Path, run_id: str) -> Iterator[Log]:
    """A log that takes down progress and warnings inside the block. Old files are removed first."""
    log = Log(home, run_id)
    prune(home, settings.now().date(), settings.log_days())
    handlers = {name: _Warnings(log) for name in ("", "dagster")}
    for name, handler in handlers.items():
        logging.getLogger(name).addHandler(handler)
    try:
        with progress.listening(log.hear):
            yield log
    finally:
        for name, handler in handlers.items():
            logging.getLogger(name).removeHandler(handler)


def prune(home: Path, today: dt.date, days: int) -> list[str]:
    """Removes the files of days that are longer ago. Returns their names."""
    oldest = (today - dt.timedelta(days=days)).isoformat()
    old = [path for path in (home / "logs").glob("????-??-??.jsonl") if path.stem < oldest]
    for path in old:
        path.unlink(missing_ok=True)
    return sorted(path.name for path in old)


def _append(path: Path, line: bytes) -> None:
    """In one step, so that lines of two processes do not mix."""
    if not path.parent.is_dir():
        make_private(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)
