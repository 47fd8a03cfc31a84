"""The command line `impact`: what a person types, and the few lines that answer.

Belongs here: options, progress, wording of summaries, exit codes. Does not belong here: any work on data.
Heavy libraries are imported inside the commands that need them.
"""

from __future__ import annotations

import getpass
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from pipelines import exhausted, settings
from pipelines.clients.commands import clients
from pipelines.errors import Fault, Faults, Stopped, together
from pipelines.operations.commands import app as operations_app
from pipelines.release.commands import app as release_app
from pipelines.serving.commands import app as serving_app
from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT, Origin, Workspace
from pipelines.submissions.commands import app as submissions_app

app = typer.Typer(
    name="impact",
    help="NHS IMPACT Warehouse: how mature organisations are on each driver, and whether that goes with "
    "better outcomes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# As a shell tells of SIGTERM, so that a service manager takes it for what it asked for.
STOPPED = 143
app.add_typer(submissions_app, name="submissions")
app.add_typer(release_app, name="release")
app.add_typer(serving_app, name="serving")
app.command()(clients)
app.add_typer(operations_app)
# A pipe or a log has no width of its own; without one, long sentences would be cut into columns.
WIDE = 180
out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDE)


def main() -> None:
    """Runs the command; a fault is printed in its five parts and ends with exit code 1, a run that was stopped 143."""
    try:
        app()
    except Exception as error:
        fault = exhausted.as_fault(error) or error
        if not isinstance(fault, (Fault, Faults)):
            raise
        err.print(f"\n{fault}", markup=False, soft_wrap=True)
        _say_what_is_served(fault)
        sys.exit(STOPPED if isinstance(fault, Stopped) else 1)


def _say_what_is_served(fault: Fault | Faults) -> None:
    """After a refusal by the gate: that nothing served has changed, and where the reasons lie."""
    folder = getattr(fault, "folder", None)
    if folder:
        err.print("\nno release was made; what was served before still is", soft_wrap=True)
        err.print(f"why, in plain words: {folder / 'why.md'}", soft_wrap=True)
        err.print(f"reasons and the gate's report: {folder}; files refused or rejected: impact status", soft_wrap=True)


@app.command()
def refresh(
    from_: Annotated[Path | None, typer.Option("--from", help="Folder with published files, at any depth.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Fetch what is new from the publishers first.")] = False,
    submissions: Annotated[
        str | None, typer.Option(help="Inbox of submissions: a folder, or a URL such as s3://bucket/prefix.")
    ] = None,
    sample: Annotated[
        bool,
        typer.Option("--sample", help="Serve the SYNTHETIC sample even where published data are served."),
    ] = False,
    as_at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Build what was known of published data on this day; serve nothing."),
    ] = None,
) -> None:
    """Takes files through every stage to a served release. Without options: the SYNTHETIC sample."""
    from pipelines.refreshing import run
    from pipelines.store.arrivals import require_folder

    for folder in (from_, _as_folder(submissions)):
        if folder:
            require_folder(folder)
    origin: Origin = "published" if from_ or submissions or live or as_at else "synthetic"
    if sample and origin == "published":
        raise typer.BadParameter("--sample goes without --from, --live, --submissions and --as-at")
    if as_at and (from_ or submissions or live):
        raise typer.BadParameter("--as-at takes in no files: it goes without --from, --live and --submissions")
    _set_environment(origin, from_, submissions, sample)
    os.environ["IMPACT_LIVE"] = "yes" if live else "no"
    os.environ["IMPACT_AS_AT"] = as_at.date().isoformat() if as_at else ""
    run(settings.workspace(), out, err)


@app.command()
def fetch(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Source ids; without any, all that can be fetched.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be fetched.")] = False,
    newest: Annotated[
        int | None, typer.Option(min=1, help="How many editions, in place of what each source says.")
    ] = None,
) -> None:
    """Fetches what is new from the publishers, for the next `impact refresh --live` or `--from`."""
    from pipelines.fetch.fetching import choose, fetch_all
    from pipelines.locking import one_at_a_time
    from pipelines.operations.runs import recorded
    from pipelines.refreshing import shown
    from pipelines.registry import load_sources
    from pipelines.reporting import print_outcomes

    workspace = Workspace(settings.home(), "published")
    chosen = choose(load_sources(), sources or [])
    with one_at_a_time(workspace), shown(err), recorded(workspace, "fetch", "command line"):
        run = fetch_all(chosen, workspace, dry_run, newest)
    print_outcomes(run.outcomes, dry_run, out)
    if run.faults:
        raise Faults(together(fault for found in run.faults.values() for fault in found))


@app.command()
def status(
    reasons: Annotated[bool, typer.Option(help="Show why files were refused or held, and rows rejected.")] = True,
    format_: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Lists every edition: accepted, held, refused, revised; and which one is late or expected next."""
    from pipelines.status import print_status

    print_status(_workspaces_in_use(), format_, out, reasons)


@app.command()
def alerts(format_: Annotated[str, typer.Option("--format", help="table or json")] = "table") -> None:
    """Lists what needs a person: what is wrong, where, and what to do."""
    from pipelines.schedule_report import print_alerts

    print_alerts(_workspaces_in_use(), format_, out)


@app.command()
def schedule(
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; by default 60 days from now.")
    ] = None,
) -> None:
    """Shows what will happen when: editions that are due, rounds of asking, release days."""
    from pipelines.schedule_report import print_schedule

    since = settings.today()
    last = until.date() if until else since + timedelta(days=60)
    print_schedule(Workspace(settings.home(), "published"), since, last, out)


Source = Annotated[str, typer.Argument(help="A source, such as sickness_absence.")]
Edition = Annotated[str, typer.Argument(help="Its edition, as `impact status` shows it.")]
Vintage = Annotated[str | None, typer.Option(help="The vintage; needed where several could be meant.")]
Reason = Annotated[str, typer.Option(help="Why. It is released with the data.")]
By = Annotated[str | None, typer.Option(help="Who decides; not released. Without it: the name of the account.")]


@app.command()
def accept(source: Source, edition: Edition, reason: Reason, vintage: Vintage = None, by: By = None) -> None:
    """Decides that a file which is held, or was dropped, is right. The next refresh loads it."""
    _decide("accept", source, edition, vintage, reason, by)


@app.command()
def drop(source: Source, edition: Edition, reason: Reason, vintage: Vintage = None, by: By = None) -> None:
    """Decides that a file is wrong, whatever became of it. The next refresh goes without it."""
    _decide("drop", source, edition, vintage, reason, by)


def _decide(
    decision: Literal["accept", "drop"], source: str, edition: str, vintage: str | None, reason: str, by: str | None
) -> None:
    from pipelines.deciding import decide

    by = by or getpass.getuser()
    decided = decide(_workspaces_in_use(), decision, source, edition, vintage, reason, by)
    out.print(f"{decision}: {source} {edition}, vintage {decided.vintage}; the next refresh acts on it", markup=False)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT statement.")],
    format_: Annotated[str, typer.Option("--format", help="table, csv or json")] = "table",
) -> None:
    """Runs SQL on the release that is being served, read-only."""
    from pipelines.reporting import print_query

    workspace = _served()
    print_query(workspace.current / DUCKDB_FILE, sql, format_, out, err)


@app.command()
def organisations(
    code: Annotated[str | None, typer.Argument(help="An ODS code; without it, what is not rolled forward.")] = None,
) -> None:
    """Tells what became of organisations: mergers, splits, transfers of a part, missing links."""
    from pipelines.succession_report import print_organisations

    print_organisations(_served().current / DUCKDB_FILE, code, out)


@app.command()
def releases() -> None:
    """Lists all releases, and which one is being served."""
    from pipelines.release import list_releases
    from pipelines.release.marks import data_origin
    from pipelines.release.withdrawals import note_path

    workspace = settings.workspace()
    table = Table("release", "built at (UTC)", "data", "tables", "rows", "")
    for item in list_releases(workspace):
        data = data_origin(item.is_synthetic)
        noted = note_path(workspace.releases / item.release_id).exists()
        serving = "serving" if item.is_serving else "holds what was withdrawn since" if noted else ""
        table.add_row(item.release_id, item.built_at[:19], data, str(item.tables), f"{item.rows:,}", serving)
    out.print(table)


@app.command()
def docs(
    release: Annotated[str | None, typer.Argument(help="A release; without it, the one being served.")] = None,
    is_shown: Annotated[bool, typer.Option("--open", help="Open the page in this machine's browser.")] = False,
) -> None:
    """Says where the page lies that tells how the tables of a release are computed."""
    from pipelines.release.modeldocs import find_page

    workspace = settings.workspace()
    path = find_page(workspace, release or _served().current.resolve().name)
    out.print(str(path), markup=False, soft_wrap=True)
    if is_shown:
        typer.launch(path.as_uri())


@app.command()
def verify(
    release: Annotated[str, typer.Argument(help="A release, such as 2026.1.0; or the folder of a copy.")],
    signers: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Whose keys may build; by default keys/allowed_signers."),
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Build it again from what it was made of.")] = False,
) -> None:
    """Checks the signature and every byte of a release. Exit code 1 also where nobody vouches for the key."""
    from pipelines.release import verifying

    workspace = settings.workspace()
    folder = verifying.find_copy(workspace, release)
    found = verifying.verify_copy(folder, signers or workspace.signers)
    out.print(f"release {found.release_id}: {found.files} files are as the manifest says", soft_wrap=True)
    known = found.signer.principal or "nobody here vouches for that key"
    data = "; SYNTHETIC data" if found.is_synthetic else ""
    out.print(f"the signature holds, by key {found.signer.key}: {known}{data}", markup=False, soft_wrap=True)
    verifying.require_vouched(found)
    if rebuild:
        _rebuild(workspace, folder)


def _rebuild(workspace: Workspace, folder: Path) -> None:
    from pipelines.locking import one_at_a_time
    from pipelines.release.rebuilding import rebuild as build_again

    with one_at_a_time(workspace):
        faults = build_again(workspace.root, folder)
    if faults:
        raise Faults(faults)
    out.print("built again from the same inputs: every byte is the same, but for the signature")


@app.command(name="new-measure")
def new_measure(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A provider-level file of the series, under the publisher's own name."
        ),
    ],
    measure_id: Annotated[str, typer.Option("--id", help="Name of the measure, such as beds_occupied.")] = "",
    name: Annotated[str, typer.Option(help="What readers call it.")] = "",
    numerator: Annotated[list[str] | None, typer.Option(help="Column of counts; give it again to add columns.")] = None,
    denominator: Annotated[list[str] | None, typer.Option(help="Column of counts; likewise.")] = None,
    complement: Annotated[bool, typer.Option(help="The numerator counts what should not happen.")] = False,
    polarity: Annotated[str, typer.Option(help="higher_is_better or lower_is_better")] = "",
    domain: Annotated[str, typer.Option(help="patient_outcomes, operations, staff, quality_rating or finance")] = "",
    exposure: Annotated[str, typer.Option(help="What is at risk, such as patients waiting.")] = "",
    minimum_denominator: Annotated[str, typer.Option(help="Smallest denominator to compare with, or none.")] = "",
    shares_data_with: Annotated[
        str, typer.Option(help="Measures of some of the same figures, separated by |, or none.")
    ] = "",
    source: Annotated[str, typer.Option(help="Name of the source; by default that of the measure.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet; by default the one that names most organisations.")] = "",
    publisher: Annotated[str, typer.Option()] = "NHS England",
    landing_page: Annotated[str, typer.Option(help="The publisher's page.")] = "",
    owner: Annotated[str, typer.Option(help="The team that answers for it.")] = "",
) -> None:
    """Writes the source YAML and the staging model of a new measure, and tries them on the file."""
    from pipelines.scaffold.asking import complete

    given = {
        "measure_id": measure_id,
        "measure_name": name,
        "numerator": tuple(numerator or ()),
        "denominator": tuple(denominator or ()),
        "complement": complement,
        "polarity": polarity,
        "outcome_domain": domain,
        "exposure": exposure,
        "minimum_denominator": minimum_denominator,
        "shares_data_with": shares_data_with,
        "source_id": source,
        "publisher": publisher,
        "landing_page": landing_page,
        "owner": owner,
    }
    complete(file, sheet, given, out)


@app.command()
def sync(check: Annotated[bool, typer.Option("--check", help="Only say what is out of step.")] = False) -> None:
    """Rewrites the files of the dbt project that follow from sources/*.yml and the models."""
    from pipelines import sync as syncing

    if not check:
        changed = syncing.write()
        out.print(f"written: {', '.join(map(str, changed))}" if changed else "everything is in step")
        return
    drifted = syncing.drifted()
    if drifted:
        raise Fault(
            f"dbt_project: {', '.join(map(str, drifted))}",
            "a file that is not what its sources say",
            "what `impact sync` writes",
            "a source or a model was added or changed since",
            "run `impact sync` and commit what it writes",
        )
    out.print("everything is in step")


@app.command()
def web(
    port: Annotated[int, typer.Option(help="Port of the web interface; only this machine can reach it.")] = 3000,
    pages_only: Annotated[
        bool, typer.Option("--pages-only", help="Without the daemon, which then runs by itself: impact daemon.")
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Nobody can start, stop or switch anything there; without the daemon.")
    ] = False,
) -> None:
    """Starts Dagster's web interface and daemon on this machine."""
    place = ("-h", "127.0.0.1", "-p", str(port))
    if pages_only or read_only:
        _become("dagster-webserver", *place, *(["--read-only"] if read_only else []))
    _become("dagster", "dev", *place)


@app.command()
def daemon() -> None:
    """Runs Dagster's daemon alone: schedules, sensors, and the runs that they start."""
    _become("dagster-daemon", "run")


def _become(program: str, *words: str) -> None:
    """This process goes on as a program of Dagster, with the environment that it needs."""
    origin: Origin = "synthetic" if os.environ.get("IMPACT_ORIGIN") != "published" else "published"
    _set_environment(origin, settings.published_files(), settings.inbox(), False)
    command = [str(Path(sys.executable).with_name(program)), *words, "-m", "pipelines.definitions"]
    os.chdir(PROJECT_ROOT)
    os.execv(command[0], command)


def _as_folder(inbox: str | None) -> Path | None:
    """The inbox as a folder of this machine; None for a URL, or no inbox."""
    from pipelines.store.inbox import is_url

    return Path(inbox).expanduser().resolve() if inbox and not is_url(inbox) else None


def _set_environment(origin: Origin, from_: Path | None, inbox: str | None, replace: bool) -> None:
    """Sets what Dagster, dbt and Great Expectations read, so that nobody has to set it by hand."""
    home = settings.home()
    dagster_dir = home / "dagster"
    dagster_dir.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "IMPACT_HOME": str(home),
        "IMPACT_ORIGIN": origin,
        "IMPACT_FROM": str(from_.resolve()) if from_ else "",
        "IMPACT_SUBMISSIONS": str(_as_folder(inbox) or inbox or ""),
        "IMPACT_REPLACE_PUBLISHED": "yes" if replace else "no",
        "IMPACT_DAGSTER_DIR": str(dagster_dir),
        "DAGSTER_HOME": str(settings.dagster_folder()),
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }


def _workspaces_in_use() -> list[Workspace]:
    origins: tuple[Origin, ...] = ("published", "synthetic")
    found = [Workspace(settings.home(), origin) for origin in origins]
    used = [workspace for workspace in found if workspace.staged.exists()]
    if not used:
        raise _nothing_yet()
    return used


def _served() -> Workspace:
    from pipelines.release import waiting

    workspace = settings.workspace()
    if workspace.current.exists():
        return workspace
    if waiting.listing(workspace):
        raise _nothing_out()
    raise _nothing_yet()


def _nothing_out() -> Fault:
    return Fault(
        f"IMPACT_HOME {settings.home()}",
        "a release that waits, and none that is out",
        "a release that is being served",
        "the first release of this home has not been approved, or its date has not come",
        "see `impact release waiting`",
    )


def _nothing_yet() -> Fault:
    return Fault(
        f"IMPACT_HOME {settings.home()}",
        "nothing that was refreshed",
        "at least one refresh",
        "a new installation, or IMPACT_HOME names another folder",
        "run `impact refresh`",
    )


if __name__ == "__main__":
    main()
