"""The gate's own look at what subtracting releases would tell: the candidate as readers would get it, judged again.

Belongs here: which rows of a released table are figures that rest on self-assessments, and which of them are shown.
Does not belong here: the rule (statistics/differencing.py), or holding a figure back (dbt).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.release.reading import literal
from pipelines.settings import Workspace
from pipelines.statistics.differencing import judge
from pipelines.store import shown

CELLS = "intermediate.int_disclosure__cells"
KEYS = ("table_name", "group_key", "cell_key")
MINIMUM = 5
"""Least organisations, as `minimum_sharing_organisations` of the dbt project; a test holds the two together."""


@dataclass(frozen=True)
class Figures:
    """How to tell the figures of a released table: their keys as in int_disclosure__cells, and when one is shown."""

    group_key: str
    cell_key: str
    is_shown: str


FIGURES = {
    "pub_driver_maturity": Figures(
        "driver_id || '|' || round_key",
        "organisation_type || '|' || region_code",
        "org_code is null and value_status <> 'suppressed'",
    ),
    "pub_driver_outcome_association": Figures(
        "exposure_id || '|' || measure_id || '|' || alignment || '|' || exposure_period_key",
        "organisation_type",
        "basis = 'self_assessment' and (n is not null or rho is not null)",
    ),
    "pub_maturity_items": Figures(
        "instrument_version || '|' || round_key || '|' || item_id", "'all'", "value_status <> 'suppressed'"
    ),
}


def disclosive(workspace: Workspace, candidate: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """By released table: shown figures that, set beside earlier releases, would tell of a few organisations.

    A figure of which the build file does not say who is behind it counts as one.
    """
    on_view = pl.concat(_seen(candidate, table, figures) for table, figures in FIGURES.items())
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        cells = connection.execute(f"select * exclude (is_shown) from {CELLS}").pl()
    cells = cells.join(on_view.with_columns(is_shown=True), on=KEYS, how="left").with_columns(
        pl.col("is_shown").fill_null(False)
    )
    allowed = judge(cells, shown.history(workspace), MINIMUM).filter(~pl.col("is_held"))
    found = on_view.join(allowed, on=KEYS, how="anti")
    return {table: found.filter(pl.col("table_name") == table).height for table in FIGURES}


def _seen(candidate: duckdb.DuckDBPyConnection, table: str, figures: Figures) -> pl.DataFrame:
    return candidate.execute(
        f"select distinct {literal(table)} as table_name, {figures.group_key} as group_key, "
        f"{figures.cell_key} as cell_key from {table} where {figures.is_shown}"
    ).pl()
