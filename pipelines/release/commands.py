"""The commands `impact release …`: options and wording of what they print.

Belongs here: what a person types and sees. Does not belong here: any rule about releases (their own modules).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines import settings
from pipelines.locking import one_at_a_time
from pipelines.progress import listening
from pipelines.settings import DUCKDB_FILE, Origin, Workspace

app = typer.Typer(
    help="From a candidate that passed to a release that is out, and what may follow.", no_args_is_help=True
)
Version = Annotated[str, typer.Argument(help="A release, such as 2026.1.0")]
Reason = Annotated[str, typer.Option(help="Why, for readers: it is shown on the pages and in the feed.")]
By = Annotated[str, typer.Option(help="Who decides; never shown. Without it: IMPACT_BUILDER or the account.")]
KEY = Path("~/.ssh/impact_signing")
WIDE = 180


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

    from pipelines.release import publication
    from pipelines.release import waiting as waiting_releases
    from pipelines.reporting import print_waiting

    workspace = _published()
    for version in publication.half_out(workspace):
        typer.echo(f"release {version} was stopped on its way out: `impact release publish {version}` finishes it")
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
    with _at_work(workspace):
        made = approval.approve(workspace, waiting_releases.find(workspace, version), by, statement)
    typer.echo(f"approved: release {version}, manifest {made.manifest_sha256[:12]}…; a newer build would void it")
    typer.echo(f"next: impact release publish {version}; `impact release waiting` says when")


@app.command()
def publish(version: Version) -> None:
    """Puts out a release that is approved and whose embargo is over. There is no way around either."""
    from pipelines.release import access, publication

    workspace = _published()
    with one_at_a_time(workspace), listening(_tell):
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

    written = take_down(_both_origins(), indicator, reason, by or settings.builder())
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


@app.command()
def correct(
    version: Version,
    reason: Reason = "",
    by: By = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="Give up a correction that no build has taken.")] = False,
) -> None:
    """Makes the next build a patch of this release; once it is out, the release says what was wrong."""
    from pipelines.release import after

    workspace = after.workspace_of(version)
    with _at_work(workspace):
        if cancel:
            after.cancel_correction(workspace, version)
            typer.echo(f"the correction of {version} is given up; the next build is an ordinary release")
            return
        intended = after.correct(workspace, version, reason, by or settings.builder())
    typer.echo(f"the next `impact refresh` builds {intended.version}, the correction of {version}")


@app.command()
def withdraw(version: Version, reason: Reason, by: By = "") -> None:
    """Takes a release away from readers for good; a page that says why stays in its place."""
    from pipelines.release import after

    workspace = after.workspace_of(version)
    with _at_work(workspace):
        instead = after.withdraw(workspace, version, reason, by or settings.builder())
    served = f"release {instead} is being served" if instead else "no release is being served now"
    typer.echo(f"release {version} is withdrawn; {served}")


@app.command()
def rollback(version: Version, reason: Reason, by: By = "") -> None:
    """Serves another release in place of the present one: an earlier one, or one that was taken back before."""
    from pipelines.release import after

    workspace = after.workspace_of(version)
    with _at_work(workspace):
        after.rollback(workspace, version, reason, by or settings.builder())
    typer.echo(f"release {version} is being served")


@app.command()
def history() -> None:
    """Lists all releases, what became of each, and the correction that the next build is to carry."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pipelines.release import correcting
    from pipelines.release.history import STATES
    from pipelines.release.history import history as read
    from pipelines.release.marks import data_origin

    table = Table("release", "built at (UTC)", "data", "state", "what was said of it", show_lines=True)
    for past in read(settings.workspace()):
        said = [f"{event.at[:10]} {event.kind.replace('_', ' ')}: {event.reason}" for event in past.events]
        data = data_origin(past.facts.is_synthetic)
        state = STATES[past.state] + (", served" if past.is_current else "")
        table.add_row(past.version, past.facts.built_at[:19], data, state, Text("\n".join(said)))
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)
    for workspace in _both_origins():
        intended = correcting.pending(workspace)
        if intended:
            typer.echo(f"pending: {intended.version} corrects {intended.corrects}: {intended.reason}")


@app.command()
def web() -> None:
    """Makes the web root anew from the releases and the notices beside them, and serves it."""
    from pipelines.release import after

    workspace = settings.workspace()
    with one_at_a_time(workspace), listening(_tell):
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


def _tell(line: str) -> None:
    """What went on beside the release itself, such as a server that could not be reached."""
    typer.echo(line, err=True)


@contextmanager
def _at_work(workspace: Workspace) -> Iterator[None]:
    """As the only writer, after what an earlier one left half done."""
    from pipelines.release import resume

    with one_at_a_time(workspace), listening(_tell):
        resume(workspace)
        yield


def _published() -> Workspace:
    """Only releases with published data wait."""
    return Workspace(settings.home(), "published")


@app.command()
def waive(
    checks: Annotated[list[str], typer.Argument(help="The checks, as why.md and gate.json name them.")],
    reason: Annotated[str, typer.Option(help="Why they need not hold for now. It is released.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day on which they need not hold.")],
    by: Annotated[str, typer.Option(help="Who decides; never released. Without it: the account's name.")] = "",
) -> None:
    """Lets checks of the gate fail until a day, with a reason. Some kinds of check can never be waived."""
    from pipelines.release import rules, waivers
    from pipelines.release.examinations import read_gate_policy

    who, today, last = by or settings.builder(), settings.now().date(), until.date()
    given = [waivers.Waiver(check, reason, who, today, last) for check in checks]
    policy, workspace = read_gate_policy()["waivers"], settings.workspace_in_use()
    waivers.require_allowed(given, policy, rules.ADVICE)
    waivers.require_known(workspace, checks)
    waivers.waive(workspace, given, policy, rules.ADVICE)
    typer.echo(f"waived until {last}: {', '.join(checks)}; the next refresh acts on it")


def _both_origins() -> list[Workspace]:
    origins: tuple[Origin, ...] = ("published", "synthetic")
    return [Workspace(settings.home(), origin) for origin in origins]
