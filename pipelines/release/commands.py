"""The commands `impact release …`: options and wording of what they print.

Belongs here: what a person types and sees. Does not belong here: any rule about releases (their own modules).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines import settings

app = typer.Typer(
    help="From a candidate that passed to a release that is out, and what may follow.", no_args_is_help=True
)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 180)


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
    out.print(f"release {release.name}: {path}", markup=False, soft_wrap=True)
