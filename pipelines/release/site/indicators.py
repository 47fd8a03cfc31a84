"""The pages of the indicators: an index by domain, and a page for each.

Belongs here: what these pages say, from the tidy rows and the marts. Does not belong here: how they look
(templates/indicator.html, indicators.html), charts (chart_variation.py, chart_values.py), definitions (the record).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import polars as pl

from pipelines.release.record import Indicator
from pipelines.release.site import chart_values, chart_variation, newest
from pipelines.release.site.chart_variation import Drawing
from pipelines.release.site.charts import Chart
from pipelines.release.site.newest import Newest, counted, figure, interval, letters_in, status
from pipelines.release.site.pages import Page, Site
from pipelines.release.site.phrases import count, direction, number, plural, verb
from pipelines.release.site.words import policy, type_name, unit_name
from schemas.published import ENGLAND

CRUMBS = (("Indicators", "indicators/index.html"),)
SURVEY_ITEM, MATURITY, EVIDENCE = "survey_item", "maturity", "evidence"
KINDS = {
    "outcome": "Outcome",
    SURVEY_ITEM: "NHS Staff Survey question",
    MATURITY: "Self-assessed maturity",
    EVIDENCE: "Staff survey evidence of a driver",
}
NOT_IN_FUNNEL = "not compared"
NO_REGION = "not stated"
ABOUT = (
    ("Definition", "description"),
    ("Numerator", "numerator_definition"),
    ("Denominator", "denominator_definition"),
    ("What is at risk", "exposure"),
    ("Why it is measured", "rationale"),
    ("How it is made", "methodology"),
    ("Limitations", "limitations"),
    ("Perverse incentives", "perverse_incentive"),
    ("What must not be added up", "overlap_rule"),
    ("How often there are new figures", "frequency"),
)
"""Headings of the definition, and the field of the indicator that answers each."""


def pages(site: Site) -> Iterator[Page]:
    """The index, and one page for each indicator."""
    yield Page("indicators/index.html", "Indicators", "indicators.html", {"domains": _domains(site)})
    for indicator in site.record.indicators:
        found = newest.newest(site, indicator)
        yield Page(path(indicator), indicator.name, "indicator.html", _context(site, found), CRUMBS)


def path(indicator: Indicator) -> str:
    """Where the page of an indicator is, below `site/`."""
    return f"indicators/{indicator.indicator_id}.html"


def by_domain(site: Site) -> list[tuple[str, list[Indicator]]]:
    """Heading and indicators of each domain of site.yml, in its order; survey items are a domain of their own."""
    groups: dict[str, list[Indicator]] = {domain: [] for domain in policy()["domains"]}
    for indicator in site.record.indicators:
        domain = indicator.kind if indicator.kind == SURVEY_ITEM else indicator.domain
        groups.setdefault(domain, []).append(indicator)
    return [(policy()["domains"].get(domain, domain), group) for domain, group in groups.items() if group]


def _domains(site: Site) -> list[tuple[str, pl.DataFrame]]:
    return [
        (heading, pl.DataFrame([_index_row(newest.newest(site, indicator)) for indicator in indicators]))
        for heading, indicators in by_domain(site)
    ]


def _index_row(found: Newest) -> dict[str, object]:
    indicator = found.indicator
    return {
        "Indicator": indicator.name,
        "Unit": unit_name(indicator.unit),
        "Direction": direction(indicator.polarity),
        "Newest period": found.period,
        "England": england(found),
        "Organisations": found.organisations["value"].count(),
        "_link": path(indicator),
    }


def england(found: Newest) -> str:
    """England's newest figure with its codes; not available where none is published."""
    return figure(found.england_now, found.indicator.unit) if found.england_now else "[x]"


def headline(found: Newest) -> str:
    """What the newest figures say, by rule: England, the middle half of the organisations, and who lies outside."""
    indicator, values = found.indicator, found.organisations["value"].drop_nulls()
    now = found.england_now
    if indicator.kind == MATURITY:
        return _shared(found)
    said = [
        f"England: {number(now['value'], indicator.unit)} ({found.period}; {direction(indicator.polarity)})."
        if now and now["value"] is not None
        else f"No figure for England is published for {found.period} ({direction(indicator.polarity)})."
    ]
    if len(values) >= chart_values.LEAST_FOR_QUARTILES:
        low, high = (number(values.quantile(q, "linear"), indicator.unit) for q in (0.25, 0.75))
        said.append(f"The middle half of {plural(len(values), 'organisation')} lies between {low} and {high}.")
    if found.funnel.height:
        outside = found.funnel.filter(pl.col("band") != "within").height
        said.append(
            f"Of {found.funnel.height} in the funnel, {outside} {verb(outside, 'lies')} outside the range expected for "
            "their size."
        )
    return " ".join(said)


def _shared(found: Newest) -> str:
    """What is said of self-assessments: the level of those that shared, together."""
    now = found.england_now
    if now is None or now["value"] is None:
        return f"Too few organisations shared in {found.period} to show a level of all together."
    level, n = number(now["value"], found.indicator.unit), count(now["denominator"])
    return f"Median level of the {n} organisations that shared in {found.period}: {level}, on a scale from 1 to 5."


def shows(interpretation: str | None) -> tuple[list[str], list[str]]:
    """The sentences of what an indicator shows, and of what it does not show."""
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", interpretation or "")
    said_not = [sentence for sentence in sentences if re.match(r"It (does|is|do) not|Nor ", sentence)]
    return [sentence for sentence in sentences if sentence and sentence not in said_not], said_not


def _context(site: Site, found: Newest) -> dict[str, object]:
    indicator = found.indicator
    table, margins = figures(found), _margins(found)
    said, said_not = shows(indicator.interpretation)
    return {
        "found": found,
        "indicator": indicator,
        "kind": KINDS[indicator.kind],
        "headline": headline(found),
        "england": england(found),
        "direction": direction(indicator.polarity),
        "shows": said,
        "shows_not": said_not,
        "between": _between(site, found),
        "over_time": _over_time(site, found),
        "table": table,
        "letters": letters_in(table),
        "margins": margins,
        "margin_letters": letters_in(margins),
        "about": [(heading, getattr(indicator, name)) for heading, name in ABOUT if getattr(indicator, name)],
        "data": f"../api/v1/indicators/{indicator.indicator_id}/data",
    }


def figures(found: Newest) -> pl.DataFrame:
    """The newest figures of organisations as text, by name and never by value; columns without any are left out."""
    rows = found.organisations.to_dicts()
    columns: dict[str, Callable[[dict], object]] = {
        "Organisation": lambda row: row["area_name"],
        "ODS code": lambda row: row["area_code"],
        "Type": lambda row: type_name(row["area_type"]),
        "Region": lambda row: row["parent_name"] or NO_REGION,
        "Figure": lambda row: figure(row, found.indicator.unit),
    }
    if found.rows["lower_95"].count():
        columns["95% interval"] = lambda row: interval(row, found.indicator.unit)
    columns |= {
        name.capitalize(): lambda row, name=name: counted(row, name)
        for name in ("numerator", "denominator")
        if found.rows[name].count() and found.indicator.kind != MATURITY
    }
    if found.bands:
        columns["Expected range"] = lambda row: found.bands.get(row["area_code"], NOT_IN_FUNNEL)
    if found.organisations["note"].count():
        columns["Status"] = status
    columns |= {"_link": lambda row: f"organisations/{row['area_code']}.html"}
    return pl.DataFrame(
        [{heading: cell(row) for heading, cell in columns.items()} for row in rows],
        schema=None if rows else dict.fromkeys(columns, pl.String),
        infer_schema_length=None,
    )


def _margins(found: Newest) -> pl.DataFrame:
    """Cells of several organisations together, which only the self-assessments have."""
    areas = {"type": "Type of organisation", "region": "Region"}
    rows = found.rows.filter(pl.col("area_type").is_in(list(areas))).sort(
        "area_type", "area_name", descending=[True, False]
    )
    return pl.DataFrame(
        [
            {
                "Organisations": type_name(row["area_code"]) if row["area_type"] == "type" else row["area_name"],
                "Grouped by": areas[row["area_type"]],
                "Median level": figure(row, found.indicator.unit),
                "Shared": counted(row, "denominator"),
            }
            for row in rows.to_dicts()
        ]
    )


def _between(site: Site, found: Newest) -> dict[str, object]:
    """The chart between organisations: the funnel, else the spread; and why figures are in no funnel."""
    indicator = found.indicator
    if found.funnel.height:
        chart = _drawn(site, found, chart_variation.funnel(found.funnel, indicator, found.period), "funnel")
    elif indicator.kind == MATURITY:
        chart = None
    else:
        make = chart_values.ratings if indicator.unit == "rating" else chart_values.spread
        chart = _drawn(site, found, make(found), "spread")
    return {"chart": chart, "reasons": _reasons(site, indicator, "funnel")}


def _over_time(site: Site, found: Newest) -> dict[str, object]:
    """England's XmR chart with its sentence, else its few points and why; survey items have those as a table only."""
    rows = chart_variation.series_rows(site.connection, found.indicator, ENGLAND)
    if rows.height:
        drawing = chart_variation.xmr(rows, found.indicator)
        chart = _drawn(site, found, drawing, "xmr")
        return {"chart": chart, "sentence": rows["sentence"][-1], "table": None, "reasons": []}
    trend = chart_values.trend(found)
    is_drawn = found.indicator.kind not in (SURVEY_ITEM, MATURITY)
    return {
        "chart": _drawn(site, found, trend, "trend") if is_drawn else None,
        "sentence": None,
        "table": None if is_drawn else trend,
        "reasons": _reasons(site, found.indicator, "xmr"),
    }


def _reasons(site: Site, indicator: Indicator, chart: str) -> list[str]:
    """Why figures are in no such chart, in words."""
    found = chart_variation.not_charted(site.connection, indicator, chart)
    return [f"{plural(n, 'organisation')}: {reason}." for reason, n in found]


def _drawn(site: Site, found: Newest, drawing: Drawing | None, ending: str) -> tuple[Chart, Drawing] | None:
    if drawing is None:
        return None
    name = f"{found.indicator.indicator_id}_{ending}"
    source = f"{found.indicator.source.source_name}, {found.indicator.source.publisher}, {found.period}"
    words, frame = drawing.alt_text, drawing.frame
    return site.charts.draw(name, drawing.chart, words, frame, drawing.caption, source), drawing
