"""Small invented months of sickness absence in the publisher's layout, and the way from them to staged rows."""

from __future__ import annotations

import calendar
from pathlib import Path

import polars as pl

from pipelines import staging
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store import arrivals, snapshots

SICKNESS = load_sources()["sickness_absence"]
HEADER = (
    "DATE,NHSE_REGION_CODE,NHSE_REGION_NAME,ICS_CODE,ICS_NAME,ORG_CODE,ORG_NAME,ORG_TYPE,"
    "FTE_DAYS_LOST,FTE_DAYS_AVAILABLE,SICKNESS_ABSENCE_RATE_PERCENT"
)


def write_month(folder: Path, month: str, lost: str = "5", organisations: int = 100, name: str = "Some Trust") -> Path:
    """One month, such as 'March 2025', of organisations ZX000, ZX001 and so on, all with the same days lost."""
    word, year = month.split()
    number = list(calendar.month_name).index(word)
    day = f"{calendar.monthrange(int(year), number)[1]}/{number:02d}/{year}"
    rows = [f"{day},Y62,North West,ZY1,Some ICB,ZX{i:03d},{name} {i},Acute,{lost},100,5" for i in range(organisations)]
    folder.mkdir(exist_ok=True)
    path = folder / f"NHS Sickness Absence rates CSV, {month}.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def take_and_stage(folder: Path, workspace: Workspace) -> staging.StagedSource:
    snapshots.take(arrivals.look_into(folder, [SICKNESS]).claimed, workspace.raw)
    return staging.stage_source(SICKNESS, workspace)


def staged_rows(workspace: Workspace, source_id: str = "sickness_absence") -> pl.DataFrame:
    """All rows that dbt would read."""
    return pl.read_parquet(workspace.staged / source_id / "*.parquet")
