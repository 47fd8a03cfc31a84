"""fct_pipeline_runs: how long each step of each run took, what it used and what it left; and the log of the run.

Belongs here: the table, the journal of the run that is at work, and taking both down. Does not belong here: the steps
(assets/), the shape of a log line (logs.py).

It is no part of a release and of no fingerprint: clocks differ. While a run is at work its rows lie in a journal; a
run that finds the journal of another one, which died, writes down what is known of it.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines import settings
from pipelines.errors import Fault, Faults
from pipelines.operations import logs, usage
from pipelines.operations.logs import Log
from pipelines.settings import Workspace
from pipelines.store.snapshots import make_private
from pipelines.store.whole import partial_of, put_in_place

TABLE = "fct_pipeline_runs.parquet"
JOURNAL = "running.jsonl"
WHOLE = "run"
"""The step that stands for the run as a whole."""
Outcome = Literal["succeeded", "failed", "stopped", "died"]


@dataclass
class Row:
    """One run × step. The step `run` is the whole of it.

    started_at: UTC. seconds: by the clock on the wall. cpu_seconds: of this process and those that it started.
    peak_bytes: highest use of main memory, looked at four times a second. rows_in, rows_out: read and accepted.
    bytes_out: size of what the step left. reason: why it did not succeed; it repeats nothing that stands in a file.
    """

    run_id: str
    step: str
    job: str
    trigger: str
    started_at: str
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_bytes: int | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    bytes_out: int | None = None
    outcome: Outcome = "died"
    reason: str | None = None


@dataclass
class Step:
    """What a step tells of itself while it is at work."""

    rows_in: int | None = None
    rows_out: int | None = None
    bytes_out: int | None = None


class Run:
    """The run that is at work in this process."""

    def __init__(self, workspace: Workspace, run_id: str, job: str, trigger: str, log: Log) -> None:
        self.run_id, self._job, self._trigger = run_id, job, trigger
        self._folder, self._log, self._watch = folder(workspace), log, usage.Watch()
        self._peak, self._failed, self._last = 0, "", ""

    def begin(self) -> None:
        """Opens the journal."""
        _fold(self._folder)
        self._whole, self._at = self._row(WHOLE), (time.monotonic(), usage.cpu_seconds())
        self._note(self._whole)
        self._watch.start()
        self._log.write("info", f"{self._job} begins", trigger=self._trigger)

    def end(self, outcome: Outcome, reason: str | None) -> None:
        """Adds all rows to the table."""
        self._peak = max(self._peak, self._watch.take())
        self._watch.stop()
        if self._failed and outcome == "succeeded":
            outcome, reason = "failed", self._failed
        self._finish(self._whole, self._at, outcome, reason, self._peak)
        _fold(self._folder)

    def fail(self, reason: str) -> None:
        """Says that the run did not succeed, where nothing is raised. What its last step said goes before."""
        self._failed = self._failed or self._last or logs.redacted(reason)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Measures the block."""
        row, at, told = self._row(name), (time.monotonic(), usage.cpu_seconds()), Step()
        self._peak = max(self._peak, self._watch.take())
        self._note(row)
        self._log.step = name
        outcome: Outcome = "succeeded"
        reason = None
        try:
            yield told
        except BaseException as error:
            # Whether the run failed is not known yet: the step may be tried again.
            outcome, reason = _outcome(error), reason_of(error)
            raise
        finally:
            self._last = reason or ""
            peak = self._watch.take()
            self._peak = max(self._peak, peak)
            row.rows_in, row.rows_out, row.bytes_out = told.rows_in, told.rows_out, told.bytes_out
            self._finish(row, at, outcome, reason, peak)
            self._log.step = ""

    def _row(self, step: str) -> Row:
        return Row(self.run_id, step, self._job, self._trigger, settings.now().isoformat())

    def _finish(self, row: Row, at: tuple[float, float], outcome: Outcome, reason: str | None, peak: int) -> None:
        row.seconds, row.cpu_seconds = round(time.monotonic() - at[0], 3), round(usage.cpu_seconds() - at[1], 3)
        row.outcome, row.reason, row.peak_bytes = outcome, reason, peak or None
        self._note(row)
        told = {name: value for name, value in asdict(row).items() if name in FIGURES and value is not None}
        done = f"{row.step if row.step != WHOLE else row.job}: {outcome}"
        self._log.write("info" if outcome == "succeeded" else "error", f"{done}: {reason}" if reason else done, **told)

    def _note(self, row: Row) -> None:
        make_private(self._folder)
        with (self._folder / JOURNAL).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


FIGURES = ("seconds", "cpu_seconds", "peak_bytes", "rows_in", "rows_out", "bytes_out")
_at_work: list[Run] = []


@contextmanager
def recorded(workspace: Workspace, job: str, trigger: str, run_id: str | None = None) -> Iterator[Run]:
    """Takes down the run inside the block: rows of the table, and log lines. For whoever holds the lock."""
    run_id = run_id or str(uuid.uuid4())
    with logs.writing(workspace.root, run_id) as log:
        run = Run(workspace.of_today, run_id, job, trigger, log)
        run.begin()
        _at_work.append(run)
        outcome: Outcome = "succeeded"
        reason = None
        try:
            yield run
        except BaseException as error:
            outcome, reason = _outcome(error), reason_of(error)
            raise
        finally:
            _at_work.remove(run)
            run.end(outcome, reason)


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Measures the block as a step of the run that is at work; without one, nothing is taken down."""
    if not _at_work:
        yield Step()
        return
    with _at_work[-1].step(name) as told:
        yield told


def read(workspace: Workspace) -> list[dict[str, Any]]:
    """All rows of the table, oldest first."""
    import polars as pl

    path = folder(workspace) / TABLE
    return pl.read_parquet(path).to_dicts() if path.exists() else []


def folder(workspace: Workspace) -> Path:
    """Where the table lies."""
    return workspace.kept / "operations"


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; 0 for neither."""
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file() and not each.is_symlink())


def reason_of(error: BaseException) -> str:
    """What may be told of an error: of a fault where it is and what was found, unless that repeats a file."""
    if isinstance(error, Faults) and error.faults:
        more = f" (and {len(error.faults) - 1} more)" if len(error.faults) > 1 else ""
        return reason_of(error.faults[0]) + more
    if isinstance(error, Fault):
        told = error.discreet()
        return logs.redacted(f"{told.where}: {told.found}")
    first = next(iter(str(error).splitlines()), "")
    return logs.redacted(f"{type(error).__name__}: {first}" if first else type(error).__name__)


def _outcome(error: BaseException) -> Outcome:
    return "failed" if isinstance(error, Exception) else "stopped"


def _fold(place: Path) -> None:
    """Adds what the journal holds to the table, in one step. Rows that never ended say that their run died."""
    journal = place / JOURNAL
    if not journal.exists():
        return
    rows = _of_journal(journal)
    if rows:
        _append(place / TABLE, rows)
    journal.unlink()


def _of_journal(journal: Path) -> list[Row]:
    """The last line of each step counts. Half a line is what a process left that died while it wrote."""
    found: dict[tuple[str, str, str], Row] = {}
    for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = Row(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found[(row.run_id, row.step, row.started_at)] = row
    begun = [row.step for row in found.values() if row.outcome == "died" and row.step != WHOLE]
    for row in found.values():
        if row.outcome == "died":
            at = f" in step {begun[-1]}" if begun else ""
            row.reason = f"the process ended{at} without a word: it was killed, or the machine stopped"
    return list(found.values())


def _append(path: Path, rows: list[Row]) -> None:
    import polars as pl

    kinds = {
        **dict.fromkeys(("run_id", "step", "job", "trigger", "started_at", "outcome", "reason"), pl.String),
        **dict.fromkeys(("seconds", "cpu_seconds"), pl.Float64),
        **dict.fromkeys(("peak_bytes", "rows_in", "rows_out", "bytes_out"), pl.Int64),
    }
    names = list(Row.__dataclass_fields__)
    added = pl.DataFrame([asdict(row) for row in rows], schema={name: kinds[name] for name in names})
    added = added.with_columns(pl.col("started_at").str.to_datetime(time_zone="UTC"))
    before = [pl.read_parquet(path)] if path.exists() else []
    whole = pl.concat([*before, added]).unique(["run_id", "step", "started_at"], keep="last", maintain_order=True)
    partial = partial_of(path)
    whole.write_parquet(partial)
    put_in_place(partial, path)
