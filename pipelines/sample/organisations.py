"""Synthetic editions of the Organisation Data Service's list of trusts (etr) and of successions (succ): headerless CSV.

Belongs here: the files' columns and quoting. Does not belong here: who exists and who follows whom.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipelines.sample import plan
from pipelines.sample.population import Organisation, Population, Succession

SOURCE = "ods_trusts"
SUCCESSIONS = "ods_successions"
STREET, TOWN, POSTCODE, OPENED, CLOSED, AMENDED, OFFICE_REGION = 5, 8, 10, 11, 12, 22, 24  # columns, from 1


def write(folder: Path, population: Population) -> list[Path]:
    """All editions that sample.yml names. Returns their paths."""
    return [_write_edition(folder / SOURCE, population, edition) for edition in plan.settings()["editions"][SOURCE]]


def write_successions(folder: Path, population: Population) -> list[Path]:
    """One file with every succession, and one of two practices that no other file knows. Returns its path."""
    edition = plan.settings()["editions"][SUCCESSIONS]
    path = folder / SUCCESSIONS / f"succ_{edition['date']:%Y-%m}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="ascii", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerows(_succession(one) for one in population.successions)
        writer.writerow([*edition["practices"], "R", f"{edition['date']:%Y%m%d}", "SYNTHETIC"])
    return [path]


def _succession(one: Succession) -> list[str]:
    """The five columns. Of a part the publisher gives the predecessor's last day, of a whole the successor's first."""
    day = one.effective if one.weight == 1 else one.effective - timedelta(days=1)
    return [one.predecessor, one.successor, "R", f"{day:%Y%m%d}", "SYNTHETIC"]


def _write_edition(folder: Path, population: Population, edition: dict[str, Any]) -> Path:
    day = edition["date"]
    listed = [one for one in population.organisations if one.kind != "icb" and one.opened_on <= day]
    path = folder / f"etr_{day:%Y-%m}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="ascii", newline="") as stream:
        quoting = csv.QUOTE_ALL if edition["quoted"] else csv.QUOTE_MINIMAL
        writer = csv.writer(stream, quoting=quoting, lineterminator="\r\n")
        writer.writerows(_row(one, day)[: edition["columns"]] for one in listed)
    return path


def _row(one: Organisation, day: date) -> list[str]:
    """The 27 columns; a closing date is only known once it has passed."""
    number = int(one.code[2:])
    row = [""] * 27
    row[:4] = [one.code, one.name_on(day).upper(), one.region_code, one.icb_code]
    row[STREET - 1] = f"{number} INVENTED ROAD"
    row[TOWN - 1] = "SYNTHETIC TOWN"
    row[POSTCODE - 1] = f"ZX{number % 90 + 1} {number % 9 + 1}ZZ"
    row[OPENED - 1] = f"{one.opened_on:%Y%m%d}"
    row[CLOSED - 1] = f"{one.closed_on:%Y%m%d}" if one.closed_on and one.closed_on <= day else ""
    row[AMENDED - 1] = "0"
    row[OFFICE_REGION - 1] = "X"
    return row
