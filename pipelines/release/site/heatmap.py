"""The heat map: types of organisation by drivers, as a table that says its figures in words.

Belongs here: what stands in a cell. Does not belong here: its look (templates/map.html, assets/style.css).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipelines.release.site.pages import Page, Site
from pipelines.release.site.words import code, legend, level, number, policy, type_name

_ROUNDS = "select distinct round_key from pub_driver_maturity order by round_key desc"
_CELLS = """
    select * from pub_driver_maturity where org_code is null and region_code = 'all'
    order by instrument_version, organisation_type, driver_id
"""


def pages(site: Site) -> Iterator[Page]:
    """One page with a map for each round, the newest first."""
    cells = site.rows(_CELLS)
    maps = [_map(site, round_key, cells) for round_key in (row["round_key"] for row in site.rows(_ROUNDS))]
    context = {"maps": maps, "drivers": site.record.drivers, "legend": legend({cell["value_status"] for cell in cells})}
    yield Page("map.html", "Heat map of types and drivers", "map.html", context)


def _map(site: Site, round_key: str, cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows of one round in the order of site.yml, each with a cell for every driver."""
    found = {(cell["organisation_type"], cell["driver_id"]): cell for cell in cells if cell["round_key"] == round_key}
    kinds = [kind for kind in policy()["types"] if any(kind == of for of, _ in found)]
    rows = [(type_name(kind), [_cell(found.get((kind, d.driver_id))) for d in site.record.drivers]) for kind in kinds]
    return {"round_key": round_key, "rows": rows}


def _cell(row: dict[str, Any] | None) -> dict[str, Any]:
    """Figure, words and shade of one cell. A type that nobody of may answer has none: that is said too."""
    if row is None:
        return {"figure": "[z]", "words": "not asked", "level": 0}
    if row["median_level"] is None:
        return {"figure": code(row["value_status"]), "words": f"of {row['n_eligible']}", "level": 0}
    words = f"{row['n_shared']} of {row['n_eligible']}"
    if row["share_at_or_above_3"] is not None:
        words += f"; {number(row['share_at_or_above_3'], 0)}% at 3 or above"
    return {"figure": level(row["median_level"]), "words": words, "level": int(row["median_level"])}
