"""`impact doctor`: every check of an installation, in the order in which a person mends things.

Belongs here: which checks there are, and that one which breaks does not stop the others. Does not belong here: the
checks themselves (installed.py, kept.py, configured.py, reached.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pipelines.operations import configured, installed, kept, reached
from pipelines.operations.finding import Finding, not_checked
from pipelines.operations.runs import reason_of
from pipelines.progress import say
from pipelines.settings import Workspace

Check = Callable[[Workspace], Iterable[Finding]]
HERE: dict[str, Check] = {
    "Python": installed.python,
    "packages": installed.packages,
    "commands": installed.commands,
    "charts": installed.charts,
    "time zones": installed.time_zones,
    "home": kept.home,
    "one file system": kept.one_file_system,
    "permissions": kept.permissions,
    "disk": kept.disk,
    "lock": kept.lock,
    "state": kept.declared,
    "serving": kept.serving,
    "clock": kept.clock,
    "runs": kept.last_run,
    "backup": kept.last_backup,
    "alerts": kept.alerts,
    "signing key": configured.signing_key,
    "contact": configured.contact,
    "keys of publishers": configured.keys_of_publishers,
    "release calendar": configured.calendar,
    "notifiers": configured.notifiers,
}
OUTSIDE: dict[str, Check] = {
    "Dagster storage": reached.dagster_storage,
    "PostgreSQL": reached.postgres,
    "e-mail server": reached.mail_server,
    "publishers": reached.publishers,
}
"""Checks that ask other machines."""


def examine(workspace: Workspace, offline: bool = False) -> Iterator[Finding]:
    """All findings. offline: ask no other machine."""
    for what, check in HERE.items():
        yield from _made(what, check, workspace)
    for what, check in OUTSIDE.items():
        if offline:
            yield not_checked(what, "of --offline")
        else:
            yield from _made(what, check, workspace)


def _made(what: str, check: Check, workspace: Workspace) -> list[Finding]:
    say(f"looking at {what}")
    try:
        return list(check(workspace))
    except Exception as error:
        return [not_checked(what, f"the check broke: {reason_of(error)}", "mend what it names, and look again")]
