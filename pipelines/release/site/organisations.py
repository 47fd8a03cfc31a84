"""The pages of organisations: a list to look one up in, and a page for each that has published figures.

Belongs here: what these pages say of one organisation, from what is released under its name. Does not belong here: how
they look (templates/organisation.html, organisations.html), or any figure over several indicators: there is no score.

A self-assessment stands on a page only where the organisation agreed to be named. Nothing on a page depends on whether
another one shared in confidence, or did not share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from pipelines.release.site import indicators, newest
from pipelines.release.site.chart_variation import VARIATIONS
from pipelines.release.site.newest import Newest, figure, letters_in
from pipelines.release.site.pages import Page, Site, day
from pipelines.release.site.phrases import direction, period
from pipelines.release.site.words import type_name
from schemas.published import ENGLAND

CRUMBS = (("Organisations", "organisations/index.html"),)
NO_SERIES = "no series"
NOT_KNOWN = "[x]"


@dataclass
class Organisation:
    """What is released of one organisation.

    place: its current row of dim_organisation. figures: its last row of each indicator, which is of an earlier period
    where it has closed or was left out since. variation: rows of pub_variation with its newest funnels
    and series. history: rows of events, by day. answers: its self-assessment, if it agreed to be named.
    """

    code: str
    place: dict
    figures: list[tuple[Newest, dict]] = field(default_factory=list)
    variation: list[dict] = field(default_factory=list)
    history: list[dict] = field(default_factory=list)
    answers: list[dict] = field(default_factory=list)


def pages(site: Site) -> Iterator[Page]:
    """The list, and one page for each organisation with a published figure."""
    found = read_organisations(site)
    yield Page("organisations/index.html", "Organisations", "organisations.html", {"table": _index(found)})
    codes = {one.code for one in found}
    for one in found:
        yield Page(path(one.code), one.place["org_name"], "organisation.html", _context(site, one, codes), CRUMBS)


def path(code: str) -> str:
    """Where the page of an organisation is, below `site/`."""
    return f"organisations/{code}.html"


def read_organisations(site: Site) -> list[Organisation]:
    """Every organisation that has a row of figures in this release, by name."""
    found = {row["org_code"]: Organisation(row["org_code"], row) for row in _places(site)}
    for indicator in site.record.indicators:
        shown = newest.newest(site, indicator)
        for row in shown.last.to_dicts():
            found[row["area_code"]].figures.append((shown, row))
    for name, read in (("variation", _variation), ("history", _history), ("answers", _answers)):
        for row in read(site):
            if row["org_code"] in found:
                getattr(found[row["org_code"]], name).append(row)
    return [one for one in found.values() if one.figures]


def _places(site: Site) -> list[dict]:
    """The newest version of each organisation. One that no source gives a name stands under its code."""
    return site.rows(
        "select org_code, coalesce(org_name, org_code) as org_name, organisation_type, region_name, icb_code, "
        "icb_name, closed_on, is_in_ods from dim_organisation where is_current "
        "order by upper(coalesce(org_name, org_code)), org_code"
    )


def _variation(site: Site) -> list[dict]:
    """The newest funnel and the newest point of the series of each organisation and measure."""
    return site.rows(
        "select chart, measure_id, org_code, period_key, band, variation, sentence from pub_variation "
        f"where is_newest and org_code <> '{ENGLAND}' order by measure_id, chart, org_code"
    )


def _history(site: Site) -> list[dict]:
    return site.rows(
        "select org_code, event, event_on, to_code, to_name, today_code, sentence from pub_organisation_history "
        "order by org_code, event_on nulls first, event, from_code, to_code"
    )


def _answers(site: Site) -> list[dict]:
    """Answers of organisations that agreed to be named; the table holds no others."""
    return site.rows(
        "select org_code, round_key, driver_id, item_id, item_title, level, value_status from pub_maturity_responses "
        "order by org_code, round_key desc, driver_id, item_id"
    )


def _index(found: list[Organisation]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "Organisation": one.place["org_name"],
                "ODS code": one.code,
                "Type": type_name(one.place["organisation_type"]),
                "Region": one.place["region_name"] or indicators.NO_REGION,
                "Now": now(one),
                "_link": path(one.code),
            }
            for one in found
        ],
        infer_schema_length=None,
    )


def now(one: Organisation) -> str:
    """Whether the organisation is open, and else who holds today what it was."""
    if one.place["closed_on"] is None:
        return "Open" if one.place["is_in_ods"] else "Not in the list of trusts"
    holders = sorted({event["today_code"] for event in one.history if event["today_code"] not in (None, one.code)})
    successors = f"; today {' and '.join(holders)}" if holders else ""
    return f"Closed on {day(one.place['closed_on'])}{successors}"


def _context(site: Site, one: Organisation, codes: set[str]) -> dict[str, object]:
    tables = [(heading, _table(one, [i.indicator_id for i in group])) for heading, group in indicators.by_domain(site)]
    shown = [(heading, table) for heading, table in tables if table.height]
    letters = letters_in(*(table for _, table in shown))
    return {
        "one": one,
        "kind": type_name(one.place["organisation_type"]),
        "successors": _successors(one),
        "codes": codes,
        "tables": shown,
        "letters": letters,
        "sentences": [row["sentence"] for row in one.variation if row["sentence"]],
        "answers": _answer_tables(site, one),
        "history": [row["sentence"] for row in one.history],
    }


def _successors(one: Organisation) -> list[tuple[str, str]]:
    """Code and name of those that took the organisation over, if it is closed."""
    if one.place["closed_on"] is None:
        return []
    found = {row["to_code"]: row["to_name"] for row in one.history if row["to_code"] not in (None, one.code)}
    return sorted(found.items())


def _table(one: Organisation, indicator_ids: list[str]) -> pl.DataFrame:
    """The last figures of some indicators as text, each beside England's. Columns that say nothing are left out."""
    shown = [(found, row) for found, row in one.figures if found.indicator.indicator_id in indicator_ids]
    frame = pl.DataFrame([_row(one, found, row) for found, row in shown], infer_schema_length=None)
    nothing = {"Expected range": indicators.NOT_IN_FUNNEL, "Newest month": NO_SERIES, "England": NOT_KNOWN}
    return frame.drop([name for name, text in nothing.items() if shown and frame[name].eq(text).all()])


def _row(one: Organisation, found: Newest, row: dict) -> dict[str, str]:
    indicator, key = found.indicator, row["period_key"]
    charts = {chart["chart"]: chart for chart in one.variation if chart["measure_id"] == indicator.indicator_id}
    funnel, series = charts.get("funnel"), charts.get("xmr")
    england = next((other for other in found.england.to_dicts() if other["period_key"] == key), None)
    return {
        "Indicator": indicator.name,
        "Period": period(row),
        "Figure": figure(row, indicator.unit),
        "England": figure(england, indicator.unit) if england else NOT_KNOWN,
        "Direction": direction(indicator.polarity),
        "Expected range": funnel["band"] if funnel and funnel["period_key"] == key else indicators.NOT_IN_FUNNEL,
        "Newest month": VARIATIONS[series["variation"]].label if series else NO_SERIES,
        "_link": indicators.path(indicator),
    }


def _answer_tables(site: Site, one: Organisation) -> list[tuple[str, pl.DataFrame]]:
    """The answers of an organisation that agreed to be named, a table for each round."""
    labels = {driver.driver_id: driver.label for driver in site.record.drivers}
    rounds: dict[str, list[dict]] = {}
    for row in one.answers:
        rounds.setdefault(row["round_key"], []).append(
            {
                "Item": row["item_title"],
                "Driver": labels[row["driver_id"]],
                "Level": figure(row | {"value": row["level"]}, "level"),
            }
        )
    return [(key, pl.DataFrame(rows, infer_schema_length=None)) for key, rows in rounds.items()]
