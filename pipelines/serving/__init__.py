"""Serving the release to tools that connect to a database.

sandbox     how tools open the DuckDB file
server      reaching the PostgreSQL server, without showing its password
roles       who may do what there
contents    what it must hold
load        copying it there in bulk
swap        putting it in place
postgres    all of that in its order
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import settings

if TYPE_CHECKING:
    from pipelines.alerts import Alert
    from pipelines.errors import Fault
    from pipelines.settings import Workspace

ALERT = "postgres:behind"


def follow(workspace: Workspace) -> list[str]:
    """Makes the configured server hold what `serving/current` says. Returns what a person should read.

    Raises nothing: a release that is out stays out, whatever the server does. What went wrong is an alert, and the next
    call tries again.
    """
    url = settings.postgres_url()
    if not url:
        return []
    from pipelines.alerts import clear, raise_alert
    from pipelines.errors import Fault
    from pipelines.progress import say

    try:
        lines = _followed(workspace, url)
    except Fault as fault:
        raise_alert(workspace, _alert(fault))
        lines = [f"WARNING: the release is out, but the PostgreSQL server does not hold it.\n{fault}"]
    else:
        clear(workspace, ALERT)
    for line in lines:
        say(line)
    return lines


def _followed(workspace: Workspace, url: str) -> list[str]:
    from pipelines.serving import postgres
    from pipelines.serving.server import Server

    server = Server.at(url)
    done = postgres.sync(workspace, server)
    lines = [f"PostgreSQL {server.place}, schema {name}: {done.holds[name]}" for name in done.changed]
    return [*lines, *(f"WARNING: {fault}" for fault in done.left)]


def _alert(fault: Fault) -> Alert:
    from pipelines.alerts import Alert

    return Alert(ALERT, "the PostgreSQL server is behind", fault.found, fault.todo, fault.where, "error")
