"""Processes that end with the one that started them: a run that is killed leaves nobody behind who goes on writing.

Belongs here: the tie, and dbt behind it. Does not belong here: what is started, and why.

The lock is free as soon as a run is dead (locking.py). A dbt that outlived it would hold the build file against the
next run, or write into what that one is reading.
"""

from __future__ import annotations

import os
import signal
import sys

STARTED_BY = "IMPACT_STARTED_BY"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tied() -> dict[str, str]:
    """What a process must find in its environment to know whom it belongs to."""
    return {STARTED_BY: str(os.getpid())}


def end_with_parent() -> None:
    """From now on the kernel kills this process when its parent dies. Elsewhere than on Linux it does nothing."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the kernel was asked.
    if os.environ.get(STARTED_BY, str(os.getppid())) != str(os.getppid()):
        os._exit(1)


def dbt() -> None:
    """The command `impact-dbt`: dbt, tied to the refresh that started it."""
    end_with_parent()
    from dbt.cli.main import cli

    cli()
