"""The pages of the primary drivers: how mature organisations are, and what goes with it.

Belongs here: what a driver's page says, from the marts. Does not belong here: how it looks (templates/driver.html), and
how its charts are drawn (driver_charts.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.release.disclosure_rules import MINIMUM
from pipelines.release.reading import literal
from pipelines.release.record import Driver
from pipelines.release.site import driver_charts
from pipelines.release.site.charts import Chart
from pipelines.release.site.pages import Page, Site
from pipelines.release.site.words import (
    code,
    decimals,
    interval,
    legend,
    level,
    listed,
    number,
    policy,
    q_words,
    type_name,
)

CRUMBS = (("Drivers", "drivers/index.html"),)
BLURRED = (
    "Outcomes are averaged over groups of like organisations, so that none can be told; differences look smaller. "
    "Levels with too few organisations are left out."
)
MIDDLE = 3
"""The level at or above which organisations are counted together."""
LEVELS_HIDDEN = (
    f"[c]: fewer than {MINIMUM} organisations that may not be named, or a figure that would tell of so few. "
    "Where neighbouring levels may be told together only, the chart shows them as one part."
)
COMPARED = (
    "Each organisation is compared with the median of its own type, which is the dashed line, so that differences "
    "between types play no part."
)

_MATURITY = """
    select * from pub_driver_maturity
    where org_code is null and region_code = 'all' and round_key = (select max(round_key) from pub_driver_maturity)
"""
_DISTRIBUTION = """
    select * from pub_maturity_distribution
    where exposure_kind = 'driver' and region_code = 'all' and driver_id = {driver}
    order by round_key desc, instrument_version, organisation_type, level
"""
_ASSOCIATIONS = """
    select associations.*, measure_name, outcome_domain, unit
    from pub_driver_outcome_association as associations
    inner join dim_measure using (measure_id)
    where exposure_kind in ('driver', 'driver_disjoint') and alignment = 'same_year' and organisation_type = 'all'
    order by outcome_domain, measure_name, basis desc, exposure_kind
"""
_LEVELS = """
    select levels.*, measure_name, unit, polarity
    from pub_outcome_by_maturity_level as levels
    inner join dim_measure using (measure_id)
    where exposure_kind = 'driver' and alignment = 'same_year' and levels.driver_id = {driver} and basis = {basis}
        and organisation_type = {organisation_type}
    order by measure_id, level
"""
_LEVELS_TYPE = """
    select organisation_type from pub_outcome_by_maturity_level
    where exposure_kind = 'driver' and alignment = 'same_year' and basis = {basis} and outcome_median is not null
    group by organisation_type order by organisation_type <> 'all', count(*) desc, organisation_type limit 1
"""
_PARTS = """
    select sd_key, label, sd_no, confidence from dim_secondary_driver where driver_id = {driver} order by sd_no
"""
_EVIDENCE = """
    select from_id, to_kind, to_id, to_label, bool_and(verified) as verified from pub_theory_of_change
    where relation = 'evidenced_by' and from_kind = 'primary_driver' and from_id = {driver}
    group by all order by to_kind desc, to_id
"""


def pages(site: Site) -> Iterator[Page]:
    """An index of drivers, and a page for each."""
    maturity = _maturity(site)
    associations = site.frame(_ASSOCIATIONS)
    yield Page("drivers/index.html", "Drivers", "drivers.html", {"cards": cards(site)})
    for driver in site.record.drivers:
        found = associations.filter(pl.col("driver_id") == driver.driver_id)
        context = {
            "driver": driver,
            "maturity": maturity.get(driver.driver_id),
            "distribution": _distribution(site, driver),
            "levels": _levels(site, driver),
            "forest": _forest(site, driver, found, associations),
            "associations": association_table(found.filter(~pl.col("is_circular"))),
            "circular": association_table(_circular(found)),
            "summary": _summary(found),
            "seen": _sentences(found),
            "parts": _parts(site, driver),
            "evidence": _evidence(site, driver),
        }
        yield Page(f"drivers/{driver.driver_id}.html", driver.label, "driver.html", context, CRUMBS)


def cards(site: Site) -> list[tuple[Driver, tuple[str, str]]]:
    """Each driver with the figure and the words that lead to its page."""
    maturity = _maturity(site)
    return [(driver, headline(maturity.get(driver.driver_id))) for driver in site.record.drivers]


def _maturity(site: Site) -> dict[str, dict[str, Any]]:
    """The latest round of all types, by driver."""
    return {row["driver_id"]: row for row in site.rows(_MATURITY) if row["organisation_type"] == "all"}


def headline(maturity: dict[str, Any] | None) -> tuple[str, str]:
    """The median level and on how many organisations it rests; or that none is shown."""
    if not maturity or maturity["median_level"] is None:
        return "", "No self-assessment is shown in this release."
    words = f"{maturity['n_shared']} of {maturity['n_eligible']} organisations shared a complete answer"
    return f"Median level {level(maturity['median_level'])}", f"{maturity['round_key']}: {words}."


def _distribution(site: Site, driver: Driver) -> dict[str, Any]:
    """The latest round by type, and rounds before it for all types: chart and table. Empty without submissions."""
    frame = site.frame(_DISTRIBUTION.format(driver=literal(driver.driver_id)))
    if frame.is_empty():
        return {}
    latest = pl.col("round_key") == frame["round_key"].max()
    frame = frame.filter(latest | (pl.col("organisation_type") == "all"))
    drawn = len(driver_charts.parts(frame))
    chart = driver_charts.distribution(site.charts, driver, frame) if drawn else None
    statuses = set(frame["value_status"])
    return {"chart": chart, "table": distribution_table(frame), "legend": legend(statuses), "note": _hidden(frame)}


def _hidden(frame: pl.DataFrame) -> str:
    """Why some figures are not shown, and which groups are not drawn; empty where everything is told."""
    if "suppressed" not in set(frame["value_status"]):
        return ""
    groups = ["organisation_type", "round_key"]
    drawn = driver_charts.parts(frame).select(groups).unique()
    every = frame.select(groups).unique(maintain_order=True)
    left_out = every.join(drawn, on=groups, how="anti", maintain_order="left")
    names = [f"{type_name(kind).lower()} in {key}" for kind, key in left_out.iter_rows()]
    return LEVELS_HIDDEN + (f" Not drawn, because too little may be told: {listed(names)}." if names else "")


def distribution_table(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each round and type: organisations, and the percentage at each level."""
    order = list(policy()["types"])
    rows = []
    for (round_key, kind), group in frame.group_by("round_key", "organisation_type", maintain_order=True):
        first = group.row(0, named=True)
        row = {
            "Type": type_name(kind),
            "Round": round_key,
            "Shared": _told(first, "n_shared"),
        }
        row["Eligible"] = number(first["n_eligible"], 0)
        for cell in group.iter_rows(named=True):
            row[f"{cell['level']} {cell['level_label']} (%)"] = _told(cell, "share_at_level")
        above = [_told(cell, "share_at_or_above") for cell in group.iter_rows(named=True) if cell["level"] == MIDDLE]
        row[f"{MIDDLE} or above (%)"] = above[0]
        rows.append((-int(round_key[:4]), order.index(kind), row))
    return pl.DataFrame([row for *_, row in sorted(rows, key=lambda entry: entry[:2])])


def _told(cell: dict[str, Any], name: str) -> str:
    """A number or share of organisations, or [c] where that may not be told, though others of the row may be."""
    return number(cell[name], 0) if cell[name] is not None else code(cell["value_status"]) or code("suppressed")


def _levels(site: Site, driver: Driver) -> list[dict[str, Any]]:
    """The main outcomes by fifth of the survey evidence and by self-assessed level, where at least two have figures."""
    charts = []
    for basis in policy()["bases"]:
        kinds = site.rows(_LEVELS_TYPE.format(basis=literal(basis)))
        for kind in kinds:
            names = {"driver": driver.driver_id, "basis": basis, "organisation_type": kind["organisation_type"]}
            frame = site.frame(_LEVELS.format(**{name: literal(value) for name, value in names.items()}))
            frame = frame.filter(
                pl.col("measure_id").is_in(policy()["main_outcomes"]), pl.col("outcome_median").is_not_null()
            )
            frame = frame.filter(pl.len().over("measure_id") > 1)
            if len(frame):
                drawn = driver_charts.levels(site.charts, driver, basis, kind["organisation_type"], frame)
                charts.append({"chart": drawn, "table": level_table(frame), "note": _note(frame)})
    return charts


def level_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Medians with their intervals and quartiles, as readers see them."""
    return pl.DataFrame([_level(row) for row in frame.iter_rows(named=True)])


def _level(row: dict[str, Any]) -> dict[str, Any]:
    places = decimals(row["unit"])
    low, high = row["outcome_median_low"], row["outcome_median_high"]
    return {
        "Outcome": row["measure_name"],
        "Level": f"{row['level']} {row['level_label']}",
        "Organisations": row["n"],
        "Median": number(row["outcome_median"], places),
        "Interval of the median": "[z]" if low is None else interval(low, high, places),
        "Half lie between": interval(row["outcome_lower_quartile"], row["outcome_upper_quartile"], places),
    }


def _note(frame: pl.DataFrame) -> str:
    """What the kind of figure asks a reader to bear in mind."""
    return BLURRED if frame["is_blurred"].any() else COMPARED


def _forest(site: Site, driver: Driver, found: pl.DataFrame, everywhere: pl.DataFrame) -> Chart | None:
    """Associations of this driver, on the scale that all drivers share."""
    drawn = found.filter(_is_headline())
    if drawn.is_empty():
        return None
    ends = everywhere.filter(_is_headline()).select(pl.min("rho_low"), pl.max("rho_high")).row(0)
    return driver_charts.forest(site.charts, driver, drawn, driver_charts.scale(*ends))


def _is_headline() -> pl.Expr:
    return pl.col("rho").is_not_null() & ~pl.col("is_circular") & (pl.col("exposure_kind") == "driver")


def _circular(found: pl.DataFrame) -> pl.DataFrame:
    """Pairs that share questions, each beside the variant of the driver without them."""
    circular = found.filter(pl.col("is_circular"))["measure_id"].to_list()
    return found.filter(
        pl.col("measure_id").is_in(circular), pl.col("rho").is_not_null(), pl.col("basis") == "staff_survey_evidence"
    )


def association_table(found: pl.DataFrame) -> pl.DataFrame:
    """Associations with an estimate, as readers see them."""
    estimated = found.filter(pl.col("rho").is_not_null())
    return pl.DataFrame([_association(row) for row in estimated.iter_rows(named=True)])


def _association(row: dict[str, Any]) -> dict[str, Any]:
    adjusted = row["adjusted_rho"]
    return {
        "Outcome": row["measure_name"],
        "Driver seen by": policy()["bases"][row["basis"]],
        "Organisations": row["n"],
        "rho": number(row["rho"], 2),
        "95% interval": interval(row["rho_low"], row["rho_high"]),
        "q": "[z]" if row["q_value"] is None else q_words(row["q_value"]),
        "rho, adjusted": "[z]" if adjusted is None else number(adjusted, 2),
        "Periods": f"{row['exposure_period_key']}, outcome {row['outcome_period_key']}",
        "Remark": _remark(row),
    }


def _remark(row: dict[str, Any]) -> str:
    """What a reader must know of one pair; "none" where there is nothing."""
    if row["is_circular"]:
        return f"circular: shares questions {row['shared_items'].replace('|', ', ')}"
    if row["exposure_kind"] == "driver_disjoint":
        return "without the shared questions"
    return "same survey" if row["is_same_survey"] else "none"


def _summary(found: pl.DataFrame) -> dict[str, int]:
    """How many associations were estimated, and how many can be told from none after allowing for their number."""
    estimated = found.filter(_is_headline())
    return {"estimated": len(estimated), "seen": len(estimated.filter(pl.col("q_value") < 0.05))}


def _sentences(found: pl.DataFrame) -> list[str]:
    seen = found.filter(_is_headline() & (pl.col("q_value") < 0.05))
    return seen["sentence"].to_list()


def _parts(site: Site, driver: Driver) -> pl.DataFrame:
    rows = site.rows(_PARTS.format(driver=literal(driver.driver_id)))
    return pl.DataFrame(
        [
            {
                "Secondary driver": row["label"][:1].upper() + row["label"][1:],
                "Number": row["sd_no"],
                "Confidence that it belongs here": number(row["confidence"], 2),
            }
            for row in rows
        ]
    )


def _evidence(site: Site, driver: Driver) -> dict[str, list[tuple[str, str]]]:
    """Survey questions and items of the self-assessment: their text, and the page of the indicator if there is one."""
    indicators = {indicator.indicator_id for indicator in site.record.indicators}
    found: dict[str, list[tuple[str, str]]] = {"survey_item": [], "instrument_item": []}
    for row in site.rows(_EVIDENCE.format(driver=literal(driver.driver_id))):
        link = f"indicators/{row['to_id']}.html" if row["to_id"] in indicators else ""
        found[row["to_kind"]].append((f"{row['to_id'].split(':')[-1].replace('_', '.')}: {row['to_label']}", link))
    return found
