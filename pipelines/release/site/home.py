"""The overview: what the release is, what it found, what is new in it, and when the next one is due.

Belongs here: which findings stand on the overview, by rule. Does not belong here: wording of findings (the marts).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from pipelines.release.reading import literal
from pipelines.release.record import Record
from pipelines.release.site import drivers
from pipelines.release.site.pages import Page, Site
from pipelines.release.site.words import policy
from schemas.published import ENGLAND

CALENDAR = Path(__file__).parents[1] / "policy" / "calendar.yml"

_COVERAGE = """
    select sentence from pub_response_bias where characteristic = 'total'
    order by round_key desc limit 1
"""
_ASSOCIATIONS = """
    select exposure_id, measure_id, basis, rho, q_value, sentence, is_same_survey
    from pub_driver_outcome_association
    where exposure_kind = 'driver' and alignment = 'same_year' and organisation_type = 'all' and not is_circular
        and rho is not null
    order by basis, exposure_id, measure_id
"""
_CHANGES = "select sentence from pub_release_changes order by n_values desc, sentence"
_FIGURES = """
    select organisation_type, count(distinct org_code) as organisations from pub_measure_values
    where org_code <> {england} group by organisation_type
"""


def pages(site: Site) -> Iterator[Page]:
    """The overview alone."""
    associations = site.rows(_ASSOCIATIONS)
    context = {
        "cards": drivers.cards(site),
        "coverage": next((row["sentence"] for row in site.rows(_COVERAGE)), None),
        "types": _types(site),
        "counts": _counts(associations),
        "findings": _findings(site.record, associations),
        "changes": [row["sentence"] for row in site.rows(_CHANGES)] if site.has("pub_release_changes") else None,
        "next_release": next_release(site.record),
    }
    yield Page("index.html", site.record.policy["title"], "index.html", context)


def _types(site: Site) -> list[tuple[str, int]]:
    """Types of organisation with figures and how many have some, in the order of site.yml."""
    rows = site.rows(_FIGURES.format(england=literal(ENGLAND)))
    counted = {row["organisation_type"]: row["organisations"] for row in rows}
    return [(name.lower(), counted[kind]) for kind, name in policy()["types"].items() if kind in counted]


def _counts(associations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By basis: associations estimated, and those that stand out from none."""
    counted = []
    for basis, name in policy()["bases"].items():
        rows = [row for row in associations if row["basis"] == basis]
        counted.append({"basis": name, "estimated": len(rows), "seen": sum(map(_stands_out, rows))})
    return counted


def _findings(record: Record, associations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One finding for each driver, in their order: label, its page, a sentence, and out of how many it was chosen.

    Of the associations with outcomes from another source than the driver the one with the smallest q, whether or not it
    stands out: nulls are told as readily as hits. Self-assessments only where the survey has none.
    """
    found = []
    for driver in record.drivers:
        rows = [row for row in associations if row["exposure_id"] == driver.driver_id and not row["is_same_survey"]]
        rows.sort(key=lambda row: (row["basis"] != "staff_survey_evidence", row["q_value"] or 1.0, row["measure_id"]))
        among = [row for row in rows if row["basis"] == rows[0]["basis"]]
        chosen = {"estimated": len(among), "seen": sum(_stands_out(row) for row in among)}
        path = f"drivers/{driver.driver_id}.html"
        found += [{"label": driver.label, "path": path, "sentence": row["sentence"]} | chosen for row in rows[:1]]
    return found


def _stands_out(association: dict[str, Any]) -> bool:
    """Whether an association can be told from none once their number is allowed for."""
    return association["q_value"] is not None and association["q_value"] < 0.05


def next_release(record: Record, path: Path = CALENDAR) -> dict[str, Any] | None:
    """The first day of the calendar after this release was built; None for a sample, or where none is announced."""
    if record.is_synthetic or not path.exists():
        return None
    planned: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["releases"]
    built_on: date = record.built_at.date()
    return next((entry for entry in planned if entry["date"] > built_on), None)
