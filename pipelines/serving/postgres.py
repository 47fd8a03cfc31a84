"""Making a PostgreSQL database hold exactly what `serving/current` says, whatever it held before.

Belongs here: the order of the steps, and what is told of them. Does not belong here: any one step.

The order, so that readers have the old release or the new one, whole, wherever it is stopped:

    clear away what a stopped run left, and what nobody reads any more
    load what is missing into schemas of its own, and commit
    rename the schemas, in a second, short transaction
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import Fault
from pipelines.progress import say
from pipelines.serving import contents, roles, swap
from pipelines.serving.contents import Content
from pipelines.serving.load import counted, load
from pipelines.serving.server import Server, told
from pipelines.settings import Workspace

if TYPE_CHECKING:
    import psycopg

NAMES = (roles.PUBLISHED, roles.RESTRICTED_SCHEMA)


@dataclass(frozen=True)
class Done:
    """What a database holds now: words by schema. changed: the schemas that were put in place. left: what hung on."""

    holds: dict[str, str]
    changed: tuple[str, ...]
    left: tuple[Fault, ...]


def sync(workspace: Workspace, server: Server) -> Done:
    """Does all that is missing, nothing where nothing is. May be stopped at any point and repeated. Raises Fault."""
    with told(server, "serving"), server.connect() as guard, server.connect() as connection:
        roles.require(connection, server.place)
        with swap.turn(guard, server.place):
            return _follow(workspace, server, connection)


def _follow(workspace: Workspace, server: Server, connection: psycopg.Connection) -> Done:
    wanted = wanted_of(workspace)
    stuck = _tidy(connection)
    changed = [name for name in NAMES if swap.mark(connection, name) != wanted[name].held]
    for name in changed:
        _load(server, connection, name, wanted[name])
    if changed:
        stuck += swap.put_in_place(connection, changed)
        # What may not be read any more is not kept until the next release.
        stuck += _tidy(connection, at_once=[name for name in changed if _is_taken_back(wanted[name], name)])
    return Done({name: content.words for name, content in wanted.items()}, tuple(changed), tuple(stuck))


def wanted_of(workspace: Workspace) -> dict[str, Content]:
    """What each schema is to hold."""
    return {
        roles.PUBLISHED: contents.of_release(workspace),
        roles.RESTRICTED_SCHEMA: contents.of_restricted(workspace),
    }


def _is_taken_back(wanted: Content, name: str) -> bool:
    return wanted.held is None or name == roles.RESTRICTED_SCHEMA


def _tidy(connection: psycopg.Connection, at_once: list[str] | None = None) -> list[Fault]:
    """Clears away what is left of earlier releases but the last; of the schemas in at_once, that one too."""
    found = []
    for name in NAMES if at_once is None else at_once:
        for schema in swap.left(connection, name):
            if at_once is not None or schema != f"{name}_old":
                fault = swap.clear(connection, schema)
                found += [fault] if fault else []
    return found


def _load(server: Server, connection: psycopg.Connection, name: str, content: Content) -> None:
    """Fills `<name>_new` and marks it as whole. Raises Fault where not every row has arrived."""
    schema = swap.begin(connection, name)
    with contents.opened(content) as (source, tables):
        say(f"PostgreSQL: loading {len(tables)} tables into {name}")
        load(server, connection, source, tables, schema, roles.READERS_OF[name])
        expected = {
            table.name: source.execute(f"select count(*) from {table.source}").fetchall()[0][0] for table in tables
        }
    arrived = counted(connection, schema)
    if arrived != expected:
        raise _not_whole(server, expected, arrived)
    if content.held:
        swap.set_mark(connection, schema, content.words, content.held)


def _not_whole(server: Server, expected: dict[str, int], arrived: dict[str, int]) -> Fault:
    table = next(name for name in sorted(expected | arrived) if expected.get(name) != arrived.get(name))
    return Fault(
        f"PostgreSQL {server.place}, table {table}",
        f"{arrived.get(table)} rows",
        f"{expected.get(table)} rows, as in the release",
        "another process wrote to the schema",
        "run `impact serving sync` again; readers keep what they had",
    )
