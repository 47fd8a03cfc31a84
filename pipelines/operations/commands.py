"""The commands of whoever runs this product: `impact doctor`, `impact runs`, `impact backup`, `impact restore`.

Belongs here: options and wording of what they print. Does not belong here: any work (the other modules here).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines import settings
from pipelines.errors import Fault, Faults

app = typer.Typer()
WIDE = 180


def _out() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def _err() -> Console:
    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDE)


Place = Annotated[Path | None, typer.Argument(help="Folder of the backups; by default IMPACT_BACKUP.")]


@app.command()
def backup(
    place: Place = None,
    keep: Annotated[int | None, typer.Option(min=1, help="How many backups remain; without it, all.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="Also what can be built again.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only read every file of all backups there again.")] = False,
) -> None:
    """Backs up IMPACT_HOME: what cannot be built again. What an earlier backup there holds is not copied again."""
    from pipelines.operations import backup as backups
    from pipelines.refreshing import shown

    folder = _place(place)
    if check:
        _check(folder)
        return
    with shown(_err()):
        made = backups.make(settings.home(), folder, keep, everything)
    one = made.backup
    typer.echo(f"backup {one.name}: {len(one.files):,} files, {one.bytes:,} bytes; new: {made.copied:,} bytes")
    if made.removed:
        typer.echo(f"removed: {', '.join(made.removed)}; {made.freed:,} bytes free again")
    typer.echo(f"put it back with: impact restore {folder} --into HOME")


def _check(folder: Path) -> None:
    from pipelines.operations import backup as backups
    from pipelines.refreshing import shown

    faults: list[Fault] = []
    with shown(_err()):
        for name in backups.names(folder) or [None]:
            faults += backups.damage(folder, backups.read(folder, name))
    if faults:
        raise Faults(faults)
    typer.echo(f"{len(backups.names(folder))} backups are whole")


@app.command()
def restore(
    place: Place = None,
    into: Annotated[Path | None, typer.Option(help="The home to fill, empty so far; by default IMPACT_HOME.")] = None,
    name: Annotated[str | None, typer.Option("--backup", help="Which backup; the newest without it.")] = None,
) -> None:
    """Puts a backup back into an empty home, and verifies every release there."""
    from pipelines.operations import restore as restoring
    from pipelines.refreshing import shown

    home = (into or settings.home()).expanduser().resolve()
    with shown(_err()):
        restored = restoring.restore(_place(place), home, name)
        faults = restoring.altered(home)
    typer.echo(f"backup {restored.name} is restored into {home}: {len(restored.files):,} files")
    if faults:
        raise Faults(faults)
    versions = [folder.name for folder in restoring.releases(home)]
    typer.echo(f"every file is as the manifest says: {', '.join(versions) or 'no release'}")
    typer.echo(f"served: {restored.served or 'nothing'}; next: IMPACT_HOME={home} impact refresh")


@app.command()
def runs(
    last: Annotated[int, typer.Option(min=1, help="How many runs.")] = 10,
    steps: Annotated[bool, typer.Option("--steps", help="Each step of them, not only the whole.")] = False,
    format_: Annotated[str, typer.Option("--format", help="table, csv or json")] = "table",
) -> None:
    """Lists the last runs: who asked for them, how long they took, what they used, how they ended."""
    from pipelines.operations.listing import print_runs

    print_runs(settings.home(), last, steps, format_, _out())


@app.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask no server.")] = False,
    format_: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Checks this installation: what is in order, what is not, and what to do. Exit code 1 where something is wrong."""
    from pipelines.operations.doctor import examine
    from pipelines.operations.listing import print_findings
    from pipelines.refreshing import shown

    with shown(_err()):
        findings = list(examine(settings.workspace_in_use(), offline))
    print_findings(findings, format_, _out())
    if any(finding.verdict == "problem" for finding in findings):
        raise typer.Exit(1)


def _place(given: Path | None) -> Path:
    place = given.expanduser().resolve() if given else settings.backups()
    if place:
        return place
    raise Fault(
        "backups",
        "no folder",
        "a folder on another disk than IMPACT_HOME",
        "neither the folder was named nor IMPACT_BACKUP set",
        "name the folder, or set IMPACT_BACKUP",
    )
