"""Moves the clocks of Dagster and of this product by MOVED_BY seconds.

Belongs here: what Python runs before any program that finds this folder on its PYTHONPATH. The clock of all of Python
cannot be moved: gRPC waits by it for moments that it takes from the kernel.
"""

import logging
import os
from datetime import UTC, datetime, timedelta

import dagster._time as of_dagster

from pipelines import settings

AWAY = timedelta(seconds=float(os.environ["MOVED_BY"]))


def now() -> datetime:
    """The moment that it is taken to be."""
    return datetime.now(UTC) + AWAY


def written(*words: object, **more: object) -> logging.LogRecord:
    """A line of a log, by which Dagster also knows when a run began."""
    record = logging.LogRecord(*words, **more)
    record.created += AWAY.total_seconds()
    return record


settings.now, settings.today = now, lambda: now().date()
of_dagster._mockable_get_current_datetime = now
of_dagster._mockable_get_current_timestamp = lambda: now().timestamp()
logging.setLogRecordFactory(written)
