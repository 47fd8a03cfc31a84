"""The command line `impact`: what a person types, and the few lines that answer.

Belongs here: options, progress, wording of summaries, exit codes. Does not belong here: any work on data.
Heavy libraries are imported inside the commands that need them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipelines import settings
from pipelines.errors import Fault, Faults
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
app.add_typer(submissions_app, name="submissions")
# A pipe or a log has no width of its own; without one, long sentences would be cut into columns.
WIDE = 180
out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDE)


def main() -> None:
    """Runs the command; a fault is printed in its five parts and ends with exit code 1."""
    try:
        app()
    except (Fault, Faults) as fault:
        err.print(f"\n{fault}", markup=False, soft_wrap=True)
        _say_what_is_served(fault)
        sys.exit(1)


def _say_what_is_served(fault: Fault | Faults) -> None:
    """After a refusal by the gate: that nothing served has changed, and where the reasons lie."""
    folder = getattr(fault, "folder", None)
    if folder:
        err.print("\nno release was made; what was served before still is", soft_wrap=True)
        err.print(f"reasons and the gate's report: {folder}; files refused or rejected: impact status", soft_wrap=True)


@app.command()
def refresh(
    from_: Annotated[Path | None, typer.Option("--from", help="Folder with published files, at any depth.")] = None,
    submissions: Annotated[
        str | None, typer.Option(help="Inbox of submissions: a folder, or a URL such as s3://bucket/prefix.")
    ] = None,
    sample: Annotated[
        bool,
        typer.Option("--sample", help="Serve the SYNTHETIC sample even where published data are served."),
    ] = False,
) -> None:
    """Takes files through every stage to a served release. Without options: the SYNTHETIC sample."""
    from pipelines.refreshing import run
    from pipelines.store.arrivals import require_folder

    for folder in (from_, _as_folder(submissions)):
        if folder:
            require_folder(folder)
    origin: Origin = "published" if from_ or submissions else "synthetic"
    if sample and origin == "published":
        raise typer.BadParameter("--sample goes without --from and --submissions")
    _set_environment(origin, from_, submissions, sample)
    run(settings.workspace(), out, err)


@app.command()
def status(
    reasons: Annotated[bool, typer.Option(help="Show why files were refused and rows rejected.")] = True,
) -> None:
    """Lists every edition: what was accepted, rejected, refused."""
    from pipelines.reporting import print_status

    for workspace in _workspaces_in_use():
        print_status(workspace, out, reasons)


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
def releases() -> None:
    """Lists all releases, and which one is being served."""
    from pipelines.release import list_releases
    from pipelines.release.withdrawals import note_path

    workspace = settings.workspace()
    table = Table("release", "built at (UTC)", "data", "tables", "rows", "")
    for item in list_releases(workspace):
        data = "SYNTHETIC" if item.is_synthetic else "published"
        noted = note_path(workspace.releases / item.release_id).exists()
        serving = "serving" if item.is_serving else "holds what was withdrawn since" if noted else ""
        table.add_row(item.release_id, item.built_at[:19], data, str(item.tables), f"{item.rows:,}", serving)
    out.print(table)


@app.command()
def verify(version: Annotated[str, typer.Argument(help="A release, such as 2026.1.0")]) -> None:
    """Compares every file of a release with the hashes in its manifest."""
    from pipelines.release import read_manifest
    from pipelines.release import verify as verify_release

    folder = settings.workspace().releases / version
    faults = verify_release(folder)
    if faults:
        raise Faults(faults)
    out.print(f"release {version}: {len(read_manifest(folder)['files'])} files are as the manifest says")


@app.command()
def web(port: Annotated[int, typer.Option(help="Port of the web interface.")] = 3000) -> None:
    """Starts Dagster's web interface and daemon on this machine."""
    origin: Origin = "synthetic" if os.environ.get("IMPACT_ORIGIN") != "published" else "published"
    _set_environment(origin, settings.published_files(), settings.inbox(), False)
    command = [
        str(Path(sys.executable).with_name("dagster")),
        *("dev", "-m", "pipelines.definitions", "-h", "127.0.0.1", "-p", str(port)),
    ]
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
        "DAGSTER_HOME": str(PROJECT_ROOT),
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
    workspace = settings.workspace()
    if not workspace.current.exists():
        raise _nothing_yet()
    return workspace


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
