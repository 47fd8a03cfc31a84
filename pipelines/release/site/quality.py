"""Data quality: what went in, what is suspected in it, what is missing, and who shared.

Belongs here: which tables and chart the page has. Does not belong here: the checks themselves (dbt_project, gate.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.release.site.charts import BLUE, GREY, INK, Chart, Charts
from pipelines.release.site.pages import Page, Site, Some, filled, first
from pipelines.release.site.vegalite import data_of, field, layered, mark
from pipelines.release.site.words import decimals, legend, number, shown

_SOURCES = """
    with files as (
        select
            source_id,
            count(*) filter (where outcome = 'accepted') as accepted,
            count(*) filter (where outcome <> 'accepted') as others,
            sum(rows_accepted)::bigint as rows_accepted,
            sum(rows_rejected)::bigint as rows_rejected
        from pub_source_status group by source_id
    )
    select
        source_name as "Source", publisher as "Publisher", latest_edition as "Latest edition",
        latest_published_on as "Published on", next_due_on as "Next expected", accepted as "Files accepted",
        others as "Files held, dropped or refused", rows_accepted as "Rows accepted", rows_rejected as "Rows rejected"
    from dim_source inner join files using (source_id) order by source_name
"""
_UNUSED = """
    select source_id as "Source", edition as "Edition", outcome as "Outcome", reason as "Reason",
        decision_reason as "Decision"
    from pub_source_status where outcome <> 'accepted' order by all
"""
_DEFECTS = """
    select source_id as "Source", edition as "Edition", subject as "What", finding as "Finding",
        action as "What was done"
    from pub_suspected_defects order by all
"""
_CORRECTIONS = """
    select source_id as "Source", edition as "Edition", status as "Status", cells_affected as "Cells",
        wrong as "What is wrong", todo as "Next step"
    from pub_corrections order by all
"""
_MISSING = """
    select
        measure_name as "Indicator", count(*) as "Figures",
        count(*) filter (where value_status = 'suppressed') as "Suppressed [c]",
        count(*) filter (where value_status in ('missing', 'not_collected', 'withheld')) as "Not available [x]",
        count(*) filter (where value_status in ('not_applicable', 'not_rated')) as "Not applicable [z]",
        count(*) filter (where value_status = 'provisional') as "Provisional [p]"
    from pub_measure_values inner join dim_measure using (measure_id)
    where measure_kind = 'outcome' group by measure_name order by measure_name
"""
_BIAS = """
    select * from pub_response_bias where round_key = (select max(round_key) from pub_response_bias)
    order by characteristic, category_label
"""


def pages(site: Site) -> Iterator[Page]:
    """The page on data quality and response bias."""
    bias = site.frame(_BIAS)
    compared = bias.filter(pl.col("standardised_difference").is_not_null() & pl.col("chance_difference").is_not_null())
    context = {
        "sources": filled(site.frame(_SOURCES), "[x]"),
        "unused": _first(site, _UNUSED),
        "defects": _first(site, _DEFECTS),
        "corrections": _first(site, _CORRECTIONS),
        "missing": site.frame(_MISSING),
        "chart": bias_chart(site.charts, compared) if len(compared) else None,
        "bias": bias_table(bias),
        "legend": legend(set(bias["value_status"])),
        "total": next(
            (row["sentence"] for row in bias.iter_rows(named=True) if row["characteristic"] == "total"), None
        ),
        "beyond": compared.filter(_is_beyond_chance())["sentence"].to_list(),
    }
    yield Page("quality.html", "Data quality and response bias", "quality.html", context)


def _first(site: Site, sql: str) -> Some:
    return first(filled(site.frame(sql), "none"))


def _is_beyond_chance() -> pl.Expr:
    return pl.col("standardised_difference").abs() > pl.col("chance_difference")


def bias_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Those that shared beside those that did not, as readers see them."""
    rows = [row for row in frame.iter_rows(named=True) if row["characteristic"] != "total"]
    return pl.DataFrame([_bias(row) for row in rows])


def _bias(row: dict[str, Any]) -> dict[str, Any]:
    status, places = row["value_status"], decimals(row["unit"])
    chance = row["chance_difference"]
    return {
        "Characteristic": row["category_label"][:1].upper() + row["category_label"][1:],
        "Eligible": number(row["n_eligible"], 0),
        "Shared": shown(row["n_shared"], status, 0),
        "Figure of those that shared": shown(row["figure_shared"], status, places),
        "Figure of the others": shown(row["figure_not_shared"], status, places),
        "Difference (standard deviations)": shown(row["standardised_difference"], status),
        "Chance can make": "[z]" if chance is None else number(chance),
    }


def bias_chart(charts: Charts, frame: pl.DataFrame) -> Chart:
    """Standardised differences, with the band that chance alone can fill.

    frame: rows of pub_response_bias of one round that have both.
    """
    drawn = frame.select("category_label", "standardised_difference", "chance_difference").with_columns(
        low=-pl.col("chance_difference")
    )
    y = {"y": field("category_label:N", title=None, sort=None)}
    end = max(0.6, *drawn["standardised_difference"].abs(), *drawn["chance_difference"]) + 0.1
    axis = {"values": [-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6], "format": ".1f"}
    low = field("low:Q", scale={"domain": [-end, end]}, axis=axis, title="Standard deviations")
    band = y | {"x": low, "x2": field("chance_difference")}
    zero = {"data": data_of(pl.DataFrame({"zero": [0]}))}
    chart = layered(
        drawn,
        mark("bar", band, color="#d8dde0", stroke=GREY, strokeWidth=0.75, height=12),
        mark("rule", {"x": field("zero:Q")}, color=INK) | zero,
        mark("point", y | {"x": field("standardised_difference:Q")}, color=BLUE, opacity=1, size=80),
        width=380,
        height={"step": 26},
    )
    return charts.draw(
        "response_bias",
        chart,
        bias_alt(frame),
        frame.drop("sentence", "data_origin", "release_id"),
        "Organisations that shared a self-assessment, compared with those of their type that did not",
        f"Self-assessments of {frame['round_key'][0]} and outcomes of the year before",
    )


def bias_alt(frame: pl.DataFrame) -> str:
    """What is drawn, the range, and which differences lie outside what chance can make."""
    lowest = frame.sort("standardised_difference", "category_label").row(0, named=True)
    highest = frame.sort("standardised_difference").row(-1, named=True)
    beyond = frame.filter(_is_beyond_chance())["category_label"].to_list()
    return (
        f"Dot plot of {len(frame)} differences in standard deviations, each over the band that chance alone can make. "
        f"They go from {number(lowest['standardised_difference'])} ({lowest['category_label']}) to "
        f"{number(highest['standardised_difference'])} ({highest['category_label']}). "
        f"Outside the band: {', '.join(beyond) or 'none'}."
    )
