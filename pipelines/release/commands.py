"""The commands `impact release …`: options and wording of what they print.

Belongs here: what a person types and sees. Does not belong here: any rule about releases (their own modules).
"""

from __future__ import annotations

import getpass
import sys
from contextlib import suppress
from typing import Annotated

import typer

from pipelines import settings
from pipelines.settings import Workspace

Version = Annotated[str, typer.Argument(help="A release, such as 2026.1.0.")]
Reason = Annotated[str, typer.Option(help="Why, for readers: it is shown on the pages and in the feed.")]
By = Annotated[str | None, typer.Option(help="Who decides; never shown. Without it: the name of the account.")]

WIDE = 180

app = typer.Typer(
    help="From a candidate that passed to a release that is out, and what may follow.", no_args_is_help=True
)


@app.command()
def correct(
    version: Version,
    reason: Reason = "",
    by: By = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Give up a correction that no build has taken.")] = False,
) -> None:
    """Makes the next build a patch of this release; once it is out, the release says what was wrong."""
    from pipelines.locking import one_at_a_time
    from pipelines.release import after

    workspace = after.workspace_of(version)
    with one_at_a_time(workspace):
        if cancel:
            after.cancel_correction(workspace, version)
            typer.echo(f"the correction of {version} is given up; the next build is an ordinary release")
            return
        intended = after.correct(workspace, version, reason, by or getpass.getuser())
    typer.echo(f"the next `impact refresh` builds {intended.version}, the correction of {version}")


@app.command()
def withdraw(version: Version, reason: Reason, by: By = None) -> None:
    """Takes a release away from readers for good; a page that says why stays in its place."""
    from pipelines.locking import one_at_a_time
    from pipelines.release import after

    workspace = after.workspace_of(version)
    with one_at_a_time(workspace):
        instead = after.withdraw(workspace, version, reason, by or getpass.getuser())
    served = f"release {instead} is being served" if instead else "no release is being served now"
    typer.echo(f"release {version} is withdrawn; {served}")


@app.command()
def rollback(version: Version, reason: Reason, by: By = None) -> None:
    """Serves another release in place of the present one: an earlier one, or one that was taken back before."""
    from pipelines.locking import one_at_a_time
    from pipelines.release import after

    workspace = after.workspace_of(version)
    with one_at_a_time(workspace):
        after.rollback(workspace, version, reason, by or getpass.getuser())
    typer.echo(f"release {version} is being served")


@app.command()
def history() -> None:
    """Lists all releases, what became of each, and the correction that the next build is to carry."""
    from rich.console import Console
    from rich.table import Table

    from pipelines.release import correcting
    from pipelines.release.history import STATES
    from pipelines.release.history import history as read

    table = Table("release", "built at (UTC)", "data", "state", "what was said of it", show_lines=True)
    for past in read(settings.workspace()):
        said = [f"{event.at[:10]} {event.kind.replace('_', ' ')}: {event.reason}" for event in past.events]
        data = "SYNTHETIC" if past.facts.is_synthetic else "published"
        state = STATES[past.state] + (", served" if past.is_current else "")
        table.add_row(past.version, past.facts.built_at[:19], data, state, "\n".join(said))
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table, markup=False)
    for workspace in (Workspace(settings.home(), "published"), Workspace(settings.home(), "synthetic")):
        intended = correcting.pending(workspace)
        if intended:
            typer.echo(f"pending: {intended.version} corrects {intended.corrects}: {intended.reason}")


@app.command()
def web() -> None:
    """Makes the web root anew from the releases and the notices beside them, and serves it."""
    from pipelines.locking import one_at_a_time
    from pipelines.release import after

    workspace = settings.workspace()
    with one_at_a_time(workspace):
        after.settle(workspace)
    typer.echo(f"the web root is {workspace.web}")


@app.command()
def serve(port: Annotated[int, typer.Option(help="Port; only this machine can reach it.")] = 8000) -> None:
    """Shows the web root in a browser of this machine, until it is stopped with Ctrl+C."""
    from pipelines.release.web.serving import server

    with server(settings.workspace().web, port) as running:
        typer.echo(f"http://{running.server_address[0]}:{running.server_port}/")
        with suppress(KeyboardInterrupt):
            running.serve_forever()
