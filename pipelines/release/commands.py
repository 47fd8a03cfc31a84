"""The commands `impact release …`: options and wording of what they print.

Belongs here: what a person types and sees. Does not belong here: any rule about releases (their own modules).
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines import settings
from pipelines.locking import one_at_a_time
from pipelines.settings import Workspace

app = typer.Typer(
    help="From a candidate that passed to a release that is out, and what may follow.", no_args_is_help=True
)
Version = Annotated[str, typer.Argument(help="A release, such as 2026.1.0")]
KEY = Path("~/.ssh/impact_signing")


@app.command()
def keys(
    name: Annotated[str, typer.Option(help="Whose key it is, such as an e-mail address; it stands in the list.")],
    passphrase: Annotated[bool, typer.Option(help="Without one for a service that builds by itself.")] = True,
) -> None:
    """Makes a signing key for one person and says how it comes into force."""
    from pipelines.release import signing

    path = settings.signing_key() or KEY.expanduser()
    public = " ".join(signing.make_key(path, name, passphrase).split()[:2])
    typer.echo(f"private key, for you alone: {path}")
    typer.echo(f"use it with: export IMPACT_SIGNING_KEY={path}")
    typer.echo(f"ask the head of profession to add one line to {_published().signers}:")
    typer.echo(f'  to build:    {name} namespaces="{signing.BUILD}" {public}')
    typer.echo(f'  to approve:  {name} namespaces="{signing.APPROVAL}" {public}')
    typer.echo(f'  for both:    {name} namespaces="{signing.BUILD},{signing.APPROVAL}" {public}')
    typer.echo("whoever may do both still cannot approve what they built")


@app.command()
def waiting() -> None:
    """Lists what waits: since when, what it lacks, and when it may go out."""
    from rich.console import Console

    from pipelines.release import waiting as waiting_releases
    from pipelines.reporting import print_waiting

    workspace = _published()
    folders = waiting_releases.listing(workspace)
    for folder in folders:
        print_waiting(workspace, folder, Console(highlight=False, soft_wrap=True))
    if not folders:
        typer.echo("no release waits")


@app.command()
def approve(
    version: Version,
    by: Annotated[str, typer.Option(help="Who approves. Never released.")],
    statement: Annotated[str, typer.Option(help="What was looked at, and why it may go out.")],
) -> None:
    """Approves what waits, with the key of somebody who did not build it."""
    from pipelines.release import approval
    from pipelines.release import waiting as waiting_releases

    workspace = _published()
    with one_at_a_time(workspace):
        made = approval.approve(workspace, waiting_releases.find(workspace, version), by, statement)
    typer.echo(f"approved: release {version}, manifest {made.manifest_sha256[:12]}…; a newer build would void it")
    typer.echo(f"next: impact release publish {version}; `impact release waiting` says when")


@app.command()
def publish(version: Version) -> None:
    """Puts out a release that is approved and whose embargo is over. There is no way around either."""
    from pipelines.release import access, publication

    workspace = _published()
    with one_at_a_time(workspace):
        folder = publication.publish_waiting(workspace, version)
    typer.echo(f"release {version} is being served")
    counts = ", ".join(f"{role} {people}" for role, people in access.by_role(folder).items())
    typer.echo(f"who had access before: {counts}")


@app.command(name="access")
def note_access(
    version: Version,
    name: Annotated[str, typer.Option(help="Who is given access; without it, the list is shown.")] = "",
    role: Annotated[str, typer.Option(help="A role of the release policy, such as analyst or press office.")] = "",
    reason: Annotated[str, typer.Option(help="Why this person needs it.")] = "",
    by: Annotated[str, typer.Option(help="Who gives it; without it: IMPACT_BUILDER or the account.")] = "",
) -> None:
    """Takes down who may see a release before it is out, or shows the list. Names are never released."""
    from pipelines.release import access
    from pipelines.release import waiting as waiting_releases

    workspace = _published()
    if name or role or reason:
        with one_at_a_time(workspace):
            access.grant(waiting_releases.find(workspace, version), name, role, reason, by or settings.builder())
    out = workspace.releases / version
    for entry in access.listed(out if out.exists() else waiting_releases.find(workspace, version)):
        typer.echo(f"{entry.noted_at}  {entry.name}, {entry.role}: {entry.reason} (by {entry.by})")


def _published() -> Workspace:
    """Only releases with published data wait."""
    return Workspace(settings.home(), "published")


@app.command()
def waive(
    check: Annotated[str, typer.Argument(help="The check, as why.md and gate.json name it.")],
    reason: Annotated[str, typer.Option(help="Why it need not hold for now. It is released.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day on which it need not hold.")],
    by: Annotated[str, typer.Option(help="Who decides: a name or an office. It is released.")] = "",
) -> None:
    """Lets one check of the gate fail until a day, with a reason. Some kinds of check can never be waived."""
    from pipelines.release import rules, waivers
    from pipelines.release.examinations import read_gate_policy

    waiver = waivers.Waiver(check, reason, by or settings.builder(), settings.now().date(), until.date())
    waivers.waive(_in_use(), waiver, read_gate_policy()["waivers"], rules.ADVICE)
    typer.echo(f"waived until {waiver.until}: {check}; the next refresh acts on it")


def _in_use() -> Workspace:
    """That of IMPACT_ORIGIN; without it, the one of published data if there is any."""
    published = _published()
    return published if published.kept.exists() and "IMPACT_ORIGIN" not in os.environ else settings.workspace()
