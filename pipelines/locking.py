"""One writer at a time: a lock on IMPACT_HOME that the operating system releases if its process dies.

Belongs here: the lock and its words. Does not belong here: who takes it (refreshing.py for the command line,
executing.py for runs that Dagster starts).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import Fault
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from filelock import FileLock


@contextmanager
def one_at_a_time(workspace: Workspace, wait: float = 0) -> Iterator[None]:
    """Holds the lock inside the block. wait: seconds to wait for it. Raises Fault where it stays taken."""
    from filelock import Timeout

    lock = _lock(workspace)
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise Fault(
            f"IMPACT_HOME {workspace.root}",
            "another refresh that is still running",
            "one refresh at a time",
            "a schedule or a colleague started it",
            "wait until it has ended; what is being served stays as it is",
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_free(workspace: Workspace) -> bool:
    """Whether nobody holds the lock at this moment."""
    from filelock import Timeout

    try:
        with _lock(workspace).acquire(timeout=0):
            return True
    except Timeout:
        return False


def _lock(workspace: Workspace) -> FileLock:
    from filelock import FileLock

    workspace.root.mkdir(parents=True, exist_ok=True)
    return FileLock(workspace.root / "refresh.lock")
