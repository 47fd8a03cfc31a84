"""The commands `impact release …`: options and wording of what they print.

Belongs here: what a person types and sees. Does not belong here: any rule about releases (their own modules).
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from pipelines import settings
from pipelines.settings import DUCKDB_FILE, Origin, Workspace

app = typer.Typer(
    help="From a candidate that passed to a release that is out, and what may follow.", no_args_is_help=True
)


@app.command()
def evidence(
    version: Annotated[str | None, typer.Argument(help="A release; without it, the one being served.")] = None,
    to: Annotated[Path | None, typer.Option(help="File to write; by default in IMPACT_HOME/evidence/.")] = None,
) -> None:
    """Writes how a release stands against RAP levels and the Code of Practice, each line with its proof."""
    from pipelines.release.evidence import write_evidence

    workspace = settings.workspace()
    release = (workspace.releases / version if version else workspace.current).resolve()
    path = write_evidence(to or workspace.root / "evidence" / f"{release.name}_rap.md", release)
    typer.echo(f"release {release.name}: {path}")


@app.command()
def explain(
    indicator: Annotated[
        str, typer.Option(help="The indicator, as the refusal or `impact release difference` names it.")
    ],
    reason: Annotated[str, typer.Option(help="Why it moved. It is released with the data.")],
    by: Annotated[str | None, typer.Option(help="Who writes; not released. Without it: the account's name.")] = None,
) -> None:
    """Writes down why an indicator moved as far as it did. The next refresh makes a release with it."""
    from pipelines.release.movement import explain as take_down

    written = take_down(_both_origins(), indicator, reason, by or getpass.getuser())
    typer.echo(f"explained: {indicator} since release {written.release_from}; the next refresh acts on it")


@app.command()
def difference() -> None:
    """Tells what the candidate, or else the release that is served, says otherwise than the one before it."""
    from pipelines.release import current_release
    from pipelines.release.difference import account

    places = _both_origins()
    candidates = [place.candidate for place in places if (place.candidate / DUCKDB_FILE).exists()]
    served = current_release(places[0])
    for folder in candidates or ([served] if served else []):
        typer.echo("\n".join([f"{folder.name}:", *account(folder)]))


def _both_origins() -> list[Workspace]:
    origins: tuple[Origin, ...] = ("published", "synthetic")
    return [Workspace(settings.home(), origin) for origin in origins]
