"""The commands `impact submissions …`: options and wording of what they print.

Belongs here: what a person types and sees. Does not belong here: the template, the check (their own modules).
"""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import settings

if TYPE_CHECKING:
    from pipelines.submissions.checking import Answer

app = typer.Typer(help="For whoever shares an assessment: the template, and the check before it is sent.")


@app.command()
def template(
    instrument: Annotated[str, typer.Option(help="Instrument version, such as impact-sa-1.")],
    out: Annotated[Path | None, typer.Option(help="Where to write it; default: a name in this folder.")] = None,
) -> None:
    """Writes the workbook that an organisation fills in."""
    from pipelines.submissions import reference
    from pipelines.submissions.template import write

    path = write(reference.instrument(instrument), out or Path(f"{instrument} submission.xlsx"))
    typer.echo(f"written: {path}")


@app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Workbooks, CSV or JSON files.")]) -> None:
    """Says in words what is wrong with submissions, or what they say. Exit code 1 if one cannot be sent."""
    from pipelines.submissions.checking import check as check_one

    answers = [check_one(path, _with_organisations(), dt.date.today()) for path in files]
    for answer in answers:
        _print(answer)
    if not all(answer.can_be_sent for answer in answers):
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Prints the JSON Schema of a submission."""
    from pipelines.submissions.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


def _with_organisations() -> settings.Workspace:
    """The workspace of IMPACT_ORIGIN; without it, that of published data if there is one, or else the sample's."""
    if os.environ.get("IMPACT_ORIGIN"):
        return settings.workspace()
    published = settings.Workspace(settings.home(), "published")
    return published if published.staged.exists() else settings.Workspace(settings.home(), "synthetic")


def _print(answer: Answer) -> None:
    typer.echo(f"{answer.file}")
    for problem in answer.problems:
        typer.echo(f"  To mend: {problem}")
    for line in answer.summary:
        typer.echo(f"  {'This can be sent' if answer.can_be_sent else 'What could be read'}: {line}")
    for warning in answer.warnings:
        typer.echo(f"  Please note: {warning}")
    if answer.problems:
        typer.echo("  Mend this and check the file again; the inbox would leave these rows out, or refuse the file.")
