"""The command `impact clients`: options and wording of what it prints.

Belongs here: what a person types and sees. Does not belong here: the kits (kits.py, superset/).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipelines import settings
from pipelines.clients import Route
from pipelines.serving.roles import READER


def clients(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where to write them.")],
    postgres: Annotated[
        str | None,
        typer.Option(help="URL by which analysts reach the PostgreSQL database; default: IMPACT_POSTGRES_URL."),
    ] = None,
) -> None:
    """Writes kits for Python, R, SQL, Excel, Power BI, Tableau and Superset, filled in for this installation."""
    from pipelines.clients.kits import write_kits

    database = Route.to_postgres(postgres) if postgres else _configured()
    written = write_kits(folder, settings.workspace().current, database)
    typer.echo(f"{len(written)} files in {folder}; begin with {folder / 'README.md'}")


def _configured() -> Route | None:
    """The database that is served to, for its readers: the account that fills it is not theirs."""
    url = settings.postgres_url()
    return replace(Route.to_postgres(url), user=READER) if url else None
