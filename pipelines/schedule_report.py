"""What happens next, and what needs a person, as tables.

Belongs here: the tables. Does not belong here: planning (planning.py), or the conditions (alerts/watch.py).
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from pipelines.alerts import open_alerts
from pipelines.editions.awaited import all_awaited
from pipelines.errors import Fault
from pipelines.planning import plan
from pipelines.registry import load_sources
from pipelines.release.embargo import read_calendar
from pipelines.settings import Workspace


def print_schedule(workspace: Workspace, since: dt.date, until: dt.date, out: Console) -> None:
    """What is due and what goes out, by day."""
    sources = load_sources()
    awaited = all_awaited(sources.values(), workspace)
    table = Table("day", "", "what", title=f"from {since} to {until}")
    last = None
    for line in plan(sources, awaited, read_calendar(), since, until):
        table.add_row(*(("", "") if line.day == last else (str(line.day), f"{line.day:%a}")), line.what)
        last = line.day
    out.print(table)


def print_alerts(workspaces: Iterable[Workspace], form: str, out: Console) -> None:
    """What is open, the oldest first."""
    if form not in ("table", "json"):
        raise Fault("impact alerts --format", form, "table or json", "a slip of the keyboard", "choose one of them")
    held = [one for workspace in workspaces for one in open_alerts(workspace)]
    if form == "json":
        json.dump([{"raised_at": one.raised_at, **asdict(one.alert)} for one in held], sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    for one in held:
        alert = one.alert
        out.print(f"\n{alert.severity.upper()}: {alert.subject}", markup=False, soft_wrap=True)
        for name, text in (("since", one.raised_at), ("where", alert.where), ("found", alert.found)):
            out.print(f"  {name:<9} {text}", markup=False, soft_wrap=True)
        out.print(f"  {'to do':<9} {alert.todo}", markup=False, soft_wrap=True)
    out.print(f"\n{len(held)} alerts are open" if held else "nothing needs a person")
