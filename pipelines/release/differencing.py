"""The gate's own look at what subtracting releases would tell: the candidate as readers would get it, judged again.

Belongs here: which rows of a released table are figures that rest on self-assessments, and which of them are shown.
Does not belong here: the rule (statistics/differencing.py), or holding a figure back (dbt).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.release.reading import literal, table_names
from pipelines.settings import Workspace
from pipelines.statistics.differencing import judge
from pipelines.store import shown

CELLS = "intermediate.int_disclosure__cells"
KEYS = ("table_name", "group_key", "cell_key")
MINIMUM = 5
"""Least organisations, as `minimum_sharing_organisations` of the dbt project; a test holds the two together."""


@dataclass(frozen=True)
class Figures:
    """How to tell the figures of a released table.

    group_key and cell_key: as in int_disclosure__cells, from the columns of the table. is_shown: when a row shows
    its figure. cells_of: the table under whose name the cells are kept, where that is another one.
    """

    group_key: str
    cell_key: str
    is_shown: str
    cells_of: str | None = None


EXPOSURE = "round_key || '|' || instrument_version || '|' || exposure_kind || '|' || exposure_id"
MARGIN = "organisation_type || '|' || region_code"
FIGURES = {
    "pub_driver_maturity": Figures(
        "round_key || '|' || instrument_version || '|driver|' || driver_id",
        MARGIN,
        "org_code is null and (n_shared is not null or median_level is not null)",
        cells_of="pub_maturity_distribution",
    ),
    "pub_driver_outcome_association": Figures(
        "exposure_kind || '|' || exposure_id || '|' || measure_id || '|' || alignment || '|' "
        "|| right(replace(exposure_period_key, ' at most', ''), 7)",
        "organisation_type",
        "basis = 'self_assessment' and (n is not null or rho is not null)",
    ),
    "pub_maturity_agreement": Figures(
        "round_key || '|' || instrument_version || '|driver|' || driver_id || '|' || evidence_basis",
        MARGIN,
        "org_code is null and (n_shared is not null or share_above is not null)",
    ),
    "pub_maturity_change": Figures(
        f"{EXPOSURE} || '|' || previous_round_key || '|' || previous_instrument_version",
        MARGIN,
        "org_code is null and (n_both is not null or median_change is not null) and items_compared > 0",
    ),
    "pub_maturity_distribution": Figures(EXPOSURE, MARGIN, "n_shared is not null or n_at_level is not null"),
    "pub_maturity_items": Figures(
        "instrument_version || '|' || round_key || '|' || item_id",
        "'all'",
        "n_shared is not null or median_level is not null",
    ),
    "pub_outcome_by_maturity_level": Figures(
        "exposure_period_key || '|' || instrument_version || '|' || exposure_kind || '|' || exposure_id",
        "organisation_type || '|' || level",
        "basis = 'self_assessment' and (n is not null or outcome_median is not null)",
    ),
    "pub_response_bias": Figures(
        "round_key || '|' || case when characteristic = 'total' then 'leading' "
        "when characteristic in ('organisation_type', 'region') then characteristic else category end",
        "characteristic || '|' || category",
        "n_shared is not null or standardised_difference is not null",
    ),
}


def disclosive(workspace: Workspace, candidate: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """By released table: shown figures that, set beside earlier releases, would tell of a few organisations.

    A figure of which the build file does not say who is behind it counts as one.
    """
    released = [table for table in FIGURES if table in table_names(candidate)]
    seen = pl.concat(_seen(candidate, table, FIGURES[table]) for table in released)
    on_view = seen.select(KEYS).unique()
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        cells = connection.execute(f"select * exclude (is_shown) from {CELLS}").pl()
    cells = cells.join(on_view.with_columns(is_shown=True), on=KEYS, how="left").with_columns(
        pl.col("is_shown").fill_null(False)
    )
    allowed = judge(cells, shown.history(workspace), MINIMUM).filter(~pl.col("is_held"))
    found = seen.join(allowed, on=KEYS, how="anti")
    return {table: found.filter(pl.col("shown_in") == table).height for table in released}


def _seen(candidate: duckdb.DuckDBPyConnection, table: str, figures: Figures) -> pl.DataFrame:
    return candidate.execute(
        f"select distinct {literal(table)} as shown_in, {literal(figures.cells_of or table)} as table_name, "
        f"{figures.group_key} as group_key, {figures.cell_key} as cell_key from {table} where {figures.is_shown}"
    ).pl()
