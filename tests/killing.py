"""Kills a run with SIGKILL at a chosen change of its files, many times over, without paying for imports each time.

Belongs here: a process that has imported everything and forks a child for each run, the counting of changes, the kill.
Does not belong here: what must hold afterwards (tests/faults/test_kills.py, tests/benchmarks/kills.py).

A change is what Python's audit events tell: a file opened for writing, renamed or removed, a folder or link made, a
mode changed, a process started. Native code writes without telling; there a point is a time after a change. Lines of
the log are not counted: they come while another process works.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.settings import PROJECT_ROOT

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.chmod", "subprocess.Popen"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Change:
    """One change below the home. number: from 1. event: of Python's audit. path: below the home. at: second of it."""

    number: int
    event: str
    path: str
    at: float


@dataclass(frozen=True)
class Kill:
    """When to kill. change: its number. how: `before` it is made; `cut`, when a file was opened and is still empty;
    `after`, that many seconds later, or before the next change if that comes first; `stop`, before it is made and with
    SIGTERM, which may be answered.
    """

    change: int
    how: str = "before"
    seconds: float = 0.0


@dataclass(frozen=True)
class Ended:
    """How a run ended. code: negative for a signal. said: what it printed."""

    code: int
    seconds: float
    changes: tuple[Change, ...]
    said: str


class Killer:
    """Starts runs in children of a process that has all imports behind it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, home: Path, words: list[str], kill: Kill | None = None, **more: str) -> Ended:
        """Runs `impact words` on a home, or what `more` says, and kills it where asked."""
        asked = {"home": str(home), "words": words, "kill": kill and asdict(kill), "more": more}
        assert self._process.stdin and self._process.stdout
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        told = json.loads(self._process.stdout.readline())
        changes = tuple(Change(*change) for change in told.pop("changes"))
        return Ended(**told, changes=changes)


@contextmanager
def killer(job: str, **environment: str) -> Iterator[Killer]:
    """A process that has imported the module `job`, whose `run(words, more)` is what its children do."""
    command, pipe = [sys.executable, "-m", "tests.killing", job], subprocess.PIPE
    environment = os.environ | environment
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)
    try:
        yield Killer(process)
    finally:
        process.stdin.close()
        process.wait()


def _serve(job: Any) -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_child(job, asked)), flush=True)


def _child(job: Any, asked: dict[str, Any]) -> dict[str, Any]:
    home = Path(asked["home"])
    log, heard = home.with_name(f"{home.name}.said"), home.with_name(f"{home.name}.changes")
    heard.write_text("")
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _run(job, asked, home, log, heard)
    _, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - started
    changes = [json.loads(line) for line in heard.read_text().splitlines()]
    return {"code": os.waitstatus_to_exitcode(status), "seconds": seconds, "said": log.read_text(), "changes": changes}


def _run(job: Any, asked: dict[str, Any], home: Path, log: Path, heard: Path) -> None:
    """In the child; never returns."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    told = os.open(heard, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ["IMPACT_HOME"] = str(home)
    kill = Kill(**asked["kill"]) if asked["kill"] else None
    sys.addaudithook(_Hook(str(home), told, kill))
    code = 1
    try:
        code = job.run(asked["words"], asked["more"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class _Hook:
    """Counts changes below the home and kills at one of them. It changes no file itself before it kills."""

    def __init__(self, home: str, told: int, kill: Kill | None) -> None:
        self._home, self._told, self._kill = home, told, kill
        self._number, self._began = 0, time.monotonic()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        path = _changed(event, arguments)
        if path is None or not (path.startswith(self._home + os.sep) or event == "subprocess.Popen"):
            return
        shown = path.removeprefix(self._home + os.sep)
        if shown.startswith("logs/"):
            return
        self._number += 1
        told = [self._number, event, shown, time.monotonic() - self._began]
        os.write(self._told, (json.dumps(told) + "\n").encode())
        if self._kill and self._number == self._kill.change:
            self._strike(event, path)
        elif self._kill and self._kill.how == "after" and self._number > self._kill.change:
            _end()

    def _strike(self, event: str, path: str) -> None:
        if self._kill.how == "cut" and event == "open":
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644))
        if self._kill.how == "stop":
            os.kill(os.getpid(), signal.SIGTERM)
        elif self._kill.how == "after":
            threading.Timer(self._kill.seconds, _end).start()
        else:
            _end()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _changed(event: str, arguments: tuple[Any, ...]) -> str | None:
    """The path that an event is about to change, or what it is about to start; None for anything else."""
    if event == "open":
        path, _, flags = arguments
        is_written = isinstance(path, (str, bytes)) and (flags or 0) & WRITES
        return os.path.abspath(os.fsdecode(path)) if is_written else None
    if event not in CHANGES:
        return None
    if event == "subprocess.Popen":
        return " ".join(str(word) for word in arguments[1])[:120]
    place = arguments[1] if event in ("os.rename", "os.symlink") else arguments[0]
    if isinstance(place, int):
        return None
    return os.path.abspath(os.fsdecode(place))


if __name__ == "__main__":
    import importlib

    _serve(importlib.import_module(sys.argv[1]))
