"""Putting a loaded schema in the place of the one that is served, and clearing away what nobody reads any more.

Belongs here: names of schemas, their marks, locks. Does not belong here: what is in them (load.py, contents.py).

    published_new   loaded and committed, seen by nobody
    published       what readers see
    published_old   what they saw before; kept until the next release, so that nobody's query breaks

A schema is put in place by renaming, which waits for no reader. A schema that somebody still reads, or that a view of
somebody else rests on, is never forced away: it is renamed to `published_old_2` and so on, and tried again later.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import Fault
from pipelines.release.reading import identifier, literal
from pipelines.serving.roles import READERS_OF, TURN

if TYPE_CHECKING:
    import psycopg

MARK = re.compile(r"\[(\S+ [0-9a-f]{16})\]$")
"""What stands at the end of a schema's comment once it is whole: its release, and a digest of what it was made from."""
TRIES, PAUSE = 5, 0.3
SHORT = "300ms"
"""How long readers may be kept waiting; below the second after which PostgreSQL looks for deadlocks."""
PATIENT = "2s"


@contextmanager
def turn(connection: psycopg.Connection, place: str) -> Iterator[None]:
    """Holds the turn inside the block, on a connection of its own; the server ends it with the connection.

    A table that readers have no right to, and not an advisory lock, which any of them could take and keep.
    """
    import psycopg

    connection.execute("set idle_in_transaction_session_timeout = 0")
    with connection.transaction():
        try:
            connection.execute(f"lock table {TURN} in access exclusive mode nowait")
        except psycopg.errors.LockNotAvailable:
            raise _taken(place) from None
        yield


def mark(connection: psycopg.Connection, schema: str) -> str | None:
    """What a schema holds, as `set_mark` wrote it; None where it is empty, not whole or not there."""
    row = connection.execute("select obj_description(to_regnamespace(%s), 'pg_namespace')", [schema]).fetchone()
    found = MARK.search(row[0]) if row and row[0] else None
    return found[1] if found else None


def begin(connection: psycopg.Connection, name: str) -> str:
    """An empty schema to load into, in place of what a stopped run has left. Returns its name."""
    schema = f"{name}_new"
    connection.execute(f"drop schema if exists {schema} cascade; create schema {schema}")
    return schema


def set_mark(connection: psycopg.Connection, schema: str, words: str, held: str) -> None:
    """Says what a schema holds: the last step of its load."""
    connection.execute(f"comment on schema {schema} is {literal(f'{words} [{held}]')}")


def put_in_place(connection: psycopg.Connection, names: Sequence[str]) -> list[Fault]:
    """Serves `<name>_new` as `<name>` for each name, all in one step. Returns what could not be cleared away."""
    import psycopg

    stuck = [fault for name in names if (fault := _make_way(connection, name))]
    for _ in range(TRIES):
        try:
            with connection.transaction():
                _shut(connection, names)
                _rename(connection, names)
            break
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            time.sleep(PAUSE)
    else:
        with connection.transaction():
            _rename(connection, names)
    for name in names:
        # After the step: whoever looked a name up in the midst of it still may read what he found. The tables too,
        # because pg_stats shows values to whoever may read a table, whatever schema it is in.
        readers = ", ".join(READERS_OF[name])
        connection.execute(
            f"revoke all on schema {name}_old from {readers}; "
            f"revoke all on all tables in schema {name}_old from {readers}"
        )
    return stuck


def _shut(connection: psycopg.Connection, names: Sequence[str]) -> None:
    """Waits, for a moment, until no statement is reading: one that joins tables looks their names up one by one."""
    tables = [table for name in names for table in _tables(connection, name)]
    if tables:
        connection.execute(f"set local statement_timeout = '{SHORT}'")
        connection.execute(f"lock table {', '.join(tables)} in access exclusive mode")
        connection.execute("set local statement_timeout = 0")


def _rename(connection: psycopg.Connection, names: Sequence[str]) -> None:
    for name in names:
        connection.execute(f"set local lock_timeout = '{PATIENT}'")
        connection.execute(f"alter schema {name} rename to {name}_old")
        connection.execute(f"alter schema {name}_new rename to {name}")
        connection.execute(f"grant usage on schema {name} to {', '.join(READERS_OF[name])}")


def _make_way(connection: psycopg.Connection, name: str) -> Fault | None:
    """Clears `<name>_old` away, or at least its name; returns why it is still there."""
    fault = clear(connection, f"{name}_old") if f"{name}_old" in left(connection, name) else None
    if fault:
        taken = left(connection, name)
        number = next(n for n in range(2, len(taken) + 3) if f"{name}_old_{n}" not in taken)
        connection.execute(f"alter schema {name}_old rename to {name}_old_{number}")
    return fault


def left(connection: psycopg.Connection, name: str) -> list[str]:
    """Schemas that were served before as `<name>` and are still there."""
    rows = connection.execute(
        "select nspname from pg_namespace where nspname ~ %s order by nspname", [f"^{name}_old(_[0-9]+)?$"]
    )
    return [schema for (schema,) in rows]


def clear(connection: psycopg.Connection, schema: str) -> Fault | None:
    """Drops a schema that was served before. Returns why not, where a reader or a view of others holds on to it."""
    import psycopg

    tables = _tables(connection, schema)
    try:
        with connection.transaction():
            connection.execute(f"set local lock_timeout = '{PATIENT}'")
            if tables:
                connection.execute(f"drop table {', '.join(tables)}")
            connection.execute(f"drop schema {schema}")
    except psycopg.errors.LockNotAvailable:
        return _still_read(schema)
    except psycopg.errors.DependentObjectsStillExist as error:
        return _rested_on(schema, _views_on(connection, schema), error)
    return None


def _tables(connection: psycopg.Connection, schema: str) -> list[str]:
    """Tables of a schema that this account owns, in the form in which SQL names them."""
    rows = connection.execute(
        "select relname from pg_class where relnamespace = to_regnamespace(%s) and relkind = 'r' "
        "and pg_has_role(relowner, 'usage') order by relname",
        [schema],
    )
    return [f"{schema}.{identifier(name)}" for (name,) in rows]


def _views_on(connection: psycopg.Connection, schema: str) -> list[str]:
    rows = connection.execute(
        "select distinct view.oid::regclass::text from pg_depend as d "
        "inner join pg_class as used on d.refclassid = 'pg_class'::regclass and d.refobjid = used.oid "
        "inner join pg_rewrite as rule on d.classid = 'pg_rewrite'::regclass and d.objid = rule.oid "
        "inner join pg_class as view on rule.ev_class = view.oid "
        "where used.relnamespace = to_regnamespace(%s) and view.relnamespace <> used.relnamespace order by 1",
        [schema],
    )
    return [view for (view,) in rows]


def _taken(place: str) -> Fault:
    return Fault(
        f"PostgreSQL {place}",
        "another process that is changing what is served",
        "one at a time",
        "a refresh on another machine serves on the same database",
        "wait until it has ended, then run `impact serving sync`",
    )


def _still_read(schema: str) -> Fault:
    return Fault(
        f"PostgreSQL, schema {schema}",
        "somebody is still reading it in a transaction that has not ended",
        "readers who end their transactions",
        "a tool that opens a transaction and leaves it open",
        "nothing; the next run tries again. To find the reader: select * from pg_locks where relation in that schema",
    )


def _rested_on(schema: str, views: Sequence[str], error: Exception) -> Fault:
    named = ", ".join(views) or str(error).splitlines()[0]
    return Fault(
        f"PostgreSQL, schema {schema}",
        f"objects of other people rest on it, and do not show the release that is served: {named}",
        "views that are made anew after each release, or queries that name the schema published",
        "a view keeps to the very table that it was made from, whatever that table is called later",
        "ask its owner to create it again; then the next run clears the schema away",
    )
