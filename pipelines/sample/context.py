"""Synthetic public satisfaction with the NHS: one row a year, as this project keeps such figures.

Belongs here: the file. Does not belong here: figures of trusts.
"""

from __future__ import annotations

import csv
from pathlib import Path

from pipelines.sample import plan
from pipelines.sample.population import Population

SOURCE = "bsa_nhs_satisfaction"
HEADER = ["year", "pct_very_or_quite_satisfied", "status", "source"]
LOWEST, SPREAD = 30, 25  # per cent


def write(folder: Path, population: Population) -> list[Path]:
    """One file with the years that sample.yml names. Returns its path."""
    years = plan.settings()["editions"][SOURCE]
    shares = LOWEST + plan.stream(SOURCE).integers(0, SPREAD, len(years))
    path = folder / SOURCE / f"bsa_nhs_overall_satisfaction_{years[-1]}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        writer.writerows(
            [year, share, "verified", "SYNTHETIC, invented"] for year, share in zip(years, shares, strict=True)
        )
    return [path]
