"""Who may do what on the serving database: the roles, the schemas, and what everybody is denied there.

Belongs here: each right, how to tell whether it holds, and the statement that makes it hold. Does not belong here: the
rights on a release's own tables, which go with its load (load.py, swap.py).

`impact_reader` sees the schema `published` alone, `impact_restricted` also `restricted`. What protects the rest is that
they have no right to it; limits of time and of writing are defaults, which who types SQL can lift for himself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import Fault
from pipelines.release.reading import identifier, literal

if TYPE_CHECKING:
    import psycopg

READER, RESTRICTED = "impact_reader", "impact_restricted"
PUBLISHED, RESTRICTED_SCHEMA, OWN = "published", "restricted", "impact_serving"
READERS_OF = {PUBLISHED: (READER, RESTRICTED), RESTRICTED_SCHEMA: (RESTRICTED,)}
TURN = f"{OWN}.turn"
MOST_CONNECTIONS = 50
SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "10min",
    "lock_timeout": "30s",
}
SEARCH_PATHS = {READER: PUBLISHED, RESTRICTED: f"{PUBLISHED}, {RESTRICTED_SCHEMA}"}
WRITES_OBJECTS = "select p.oid from pg_proc as p where p.pronamespace = 'pg_catalog'::regnamespace and "
WRITES_OBJECTS += "p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite', 'lo_unlink')"


@dataclass(frozen=True)
class Right:
    """One thing that must hold. holds: SQL that tells whether it does. sql: what makes it so."""

    words: str
    holds: str
    sql: str


def set_up(connection: psycopg.Connection) -> list[Right]:
    """Makes every right hold that this account can make hold. Returns the others: a DBA must see to them."""
    import psycopg

    for right in rights(connection):
        if not _holds(connection, right):
            try:
                connection.execute(right.sql)
            except psycopg.errors.InsufficientPrivilege:
                continue
    return lacking(connection)


def lacking(connection: psycopg.Connection) -> list[Right]:
    """The rights that do not hold."""
    return [right for right in rights(connection) if not _holds(connection, right)]


def require(connection: psycopg.Connection, place: str) -> None:
    """Raises Fault where the roles and schemas are not there, without which nothing can be served."""
    missing = [right.words for right in _basis() if not _holds(connection, right)]
    if missing:
        raise Fault(
            f"PostgreSQL {place}",
            f"not there: {'; '.join(missing)}",
            "the roles and schemas of `impact serving setup`",
            "a new database, or one from a backup without its roles",
            "run `impact serving setup`, once for each database",
        )


def rights(connection: psycopg.Connection) -> list[Right]:
    """All of them, in the order in which they are made."""
    database, writer = connection.info.dbname, connection.info.user
    return [*_basis(), *_limits(), *_denied(database, writer), *_granted(database)]


def _basis() -> Iterator[Right]:
    for role in (READER, RESTRICTED):
        exists = f"select exists (select from pg_roles where rolname = {literal(role)})"
        yield Right(f"role {role}", exists, f"create role {role} login connection limit {MOST_CONNECTIONS}")
    for schema in (PUBLISHED, RESTRICTED_SCHEMA, OWN):
        exists = f"select to_regnamespace({literal(schema)}) is not null"
        yield Right(f"schema {schema}", exists, f"create schema {schema}")
    yield Right(
        "a table by which one writer at a time has its turn",
        f"select to_regclass({literal(TURN)}) is not null",
        f"create table {TURN} (); comment on table {TURN} is 'Locked by whoever changes what is served.'",
    )


def _limits() -> Iterator[Right]:
    for role, path in SEARCH_PATHS.items():
        for name, value in (SETTINGS | {"search_path": path}).items():
            held = f"select coalesce({literal(f'{name}={value}')} = any(rolconfig), false) from pg_roles"
            yield Right(
                f"{role}: {name} {value} unless he says otherwise",
                f"{held} where rolname = {literal(role)}",
                f"alter role {role} set {name} = {value if name == 'search_path' else literal(value)}",
            )


def _denied(database: str, writer: str) -> Iterator[Right]:
    name = literal(database)
    yield Right(
        "nobody else connects, or makes temporary tables",
        f"select not (has_database_privilege('public', {name}, 'connect') "
        f"or has_database_privilege('public', {name}, 'temporary'))",
        f"grant connect on database {identifier(database)} to {identifier(writer)}; "
        f"revoke all on database {identifier(database)} from public",
    )
    yield Right(
        "nothing in the schema public is anybody's",
        "select to_regnamespace('public') is null or not (has_schema_privilege('public', 'public', 'usage') "
        "or has_schema_privilege('public', 'public', 'create'))",
        "revoke all on schema public from public",
    )
    yield Right(
        "no programs in a language of the server",
        "select not exists (select from pg_language as l where l.lanpltrusted "
        "and has_language_privilege('public', l.oid, 'usage') and l.lanname = 'plpgsql')",
        "revoke usage on language plpgsql from public",
    )
    yield Right(
        "nobody writes large objects",
        f"select not exists ({WRITES_OBJECTS} and has_function_privilege('public', p.oid, 'execute'))",
        "revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), "
        "lo_put(oid, bigint, bytea), lowrite(integer, bytea), lo_unlink(oid) from public",
    )


def _granted(database: str) -> Iterator[Right]:
    for role in (READER, RESTRICTED):
        yield Right(
            f"{role} may connect",
            f"select has_database_privilege({literal(role)}, {literal(database)}, 'connect')",
            f"grant connect on database {identifier(database)} to {role}",
        )
    for schema, readers in READERS_OF.items():
        for role in readers:
            yield Right(
                f"{role} sees the schema {schema}",
                f"select has_schema_privilege({literal(role)}, {literal(schema)}, 'usage')",
                f"grant usage on schema {schema} to {role}",
            )


def _holds(connection: psycopg.Connection, right: Right) -> bool:
    """A right on what is not there does not hold."""
    import psycopg

    try:
        row = connection.execute(right.holds).fetchone()
    except (psycopg.errors.UndefinedObject, psycopg.errors.InvalidSchemaName):
        return False
    return bool(row and row[0])
