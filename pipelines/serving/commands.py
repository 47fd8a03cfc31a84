"""The commands `impact serving …`: options and wording of what they print.

Belongs here: what a person types and sees. Does not belong here: anything that is done on the server (postgres.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pipelines import settings
from pipelines.errors import Fault

if TYPE_CHECKING:
    from pipelines.serving.roles import Right
    from pipelines.serving.server import Server

app = typer.Typer(help="The PostgreSQL database that teams read releases from.", no_args_is_help=True)


@app.command()
def setup() -> None:
    """Makes the roles, the schemas and the rights; says what a DBA must do where yours do not suffice."""
    from pipelines.serving import roles
    from pipelines.serving.server import told

    server = _server()
    with told(server, "setting up"), server.connect() as connection:
        lacking = roles.set_up(connection)
    typer.echo(f"PostgreSQL {server.place}: roles {roles.READER} and {roles.RESTRICTED}")
    _print(lacking)
    typer.echo(f"next: give each role a password, in psql with \\password {roles.READER}; then `impact serving sync`")
    if lacking:
        raise typer.Exit(1)


@app.command()
def sync() -> None:
    """Makes the database hold what is served, now. Does nothing where it does."""
    from pipelines.locking import one_at_a_time
    from pipelines.serving import ALERT, postgres

    workspace, server = settings.workspace(), _server()
    from pipelines.alerts import clear

    with one_at_a_time(workspace):
        done = postgres.sync(workspace, server)
        clear(workspace, ALERT)
    for name, words in done.holds.items():
        typer.echo(f"{name}: {words}{'' if name in done.changed else ' As before.'}")
    for fault in done.left:
        typer.echo(f"WARNING: {fault}", err=True)


@app.command()
def status() -> None:
    """Says what the database holds, and what it should."""
    from pipelines.serving import postgres, roles, swap
    from pipelines.serving.server import told

    server, wanted = _server(), postgres.wanted_of(settings.workspace())
    with told(server, "looking"), server.connect() as connection:
        typer.echo(f"PostgreSQL {server.place}")
        for name, content in wanted.items():
            held = swap.mark(connection, name)
            state = "as it should be" if held == content.held else f"it should be {content.held or 'empty'}"
            typer.echo(f"{name}: {held or 'empty'}; {state}")
            typer.echo("".join(f"  kept: {schema}\n" for schema in swap.left(connection, name)), nl=False)
        _print(roles.lacking(connection))


def _server() -> Server:
    from pipelines.serving.server import VARIABLE, Server

    server = Server.configured()
    if server is None:
        raise Fault(
            VARIABLE,
            "nothing",
            "the URL of a database of its own, such as postgresql://user:password@host:5432/impact",
            "no server is meant to be used, or the variable was not passed on",
            "set it in the environment",
        )
    return server


def _print(lacking: list[Right]) -> None:
    if lacking:
        typer.echo("a DBA must see to it, as superuser or owner of the database:")
    for right in lacking:
        typer.echo(f"  -- {right.words}\n  {right.sql};")
