"""Synthetic NHS Oversight Framework: long data and league table of one quarter, a file for each type of trust.

Belongs here: metrics, scores, segments, ranks and the files. Does not belong here: who exists, or how figures hang
together with maturity (plan.py). Scores follow the publisher's outline only: the ranking, spread from 1 to 4.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from pipelines.sample import plan
from pipelines.sample.plan import Array
from pipelines.sample.population import Organisation, Population, region_name, type_of

METRICS_SOURCE, TABLE_SOURCE = "oversight_framework_metrics", "oversight_framework_league_table"
QUARTER_END, QUARTER, NAME_OF_QUARTER = date(2026, 3, 31), "Q4 2025/26", "q4-25-26"
HEADER = [
    "Quarter",
    "Region",
    "Trust_type",
    "Trust_subtype",
    "Trust_code",
    "Trust_name",
    "Domain",
    "Sub-domain",
    "Metric_ID",
    "Metric_description",
    "Reporting_date",
    "Units",
    "Value",
    "Median_value",
    "Lower_quartile",
    "Upper_quartile",
    "Rank",
]
TABLE_HEADER = [
    *HEADER[:6],
    "Average_score",
    "Likely_range_of_average_score",
    "Segment",
    "Trust_in_financial_deficit",
    "Rank",
    "Likely_range_of_rank",
]
PARTS = {
    "acute": ("Acute trust", {"acute", "acute_specialist"}),
    "mental-health-and-community": ("Mental health and community trust", {"mental_health", "community"}),
    "ambulance": ("Ambulance trust", {"ambulance"}),
}
RANGE = 0.4  # half of the likely range of the average score
NOT_SHOWN = "NA"


@dataclass(frozen=True)
class Metric:
    """A metric: middle and spread of its values, and whether a low one is the better. reflects: latent outcome."""

    number: str
    domain: str
    subdomain: str
    description: str
    reported: str
    middle: float
    spread: float
    low_is_better: bool
    reflects: str


FINANCE, PEOPLE = "Finance and productivity", "People and workforce"
CULTURE = "Retention and culture"
SICKNESS = "sickness_absence"
METRICS = (
    Metric("079", FINANCE, "Finance", "Planned surplus/deficit", "2025/26 plan", 0.0, 1.5, False, ""),
    Metric(
        "081", FINANCE, "Finance", "Variance year-to-date to financial plan", "Month 12 2025/26", 0.2, 0.8, False, ""
    ),
    Metric("086", FINANCE, "Productivity", "Relative difference in costs", "2024/25", 101.0, 9.0, True, ""),
    Metric("082", PEOPLE, CULTURE, "Sickness absence rate", "Q3 2025/26", 5.3, 0.7, True, SICKNESS),
)


def write_metrics(folder: Path, population: Population) -> list[Path]:
    """The long data, one file for each type of trust. Returns their paths."""
    return [_write(folder / METRICS_SOURCE, part, "data", HEADER, _metric_rows(population, part)) for part in PARTS]


def write_table(folder: Path, population: Population) -> list[Path]:
    """The league table, one file for each type of trust. Returns their paths."""
    return [
        _write(folder / TABLE_SOURCE, part, "league-table", TABLE_HEADER, _positions(population, part))
        for part in PARTS
    ]


def _write(folder: Path, part: str, kind: str, header: list[str], rows: Iterable[list[object]]) -> Path:
    path = folder / f"nhs-oversight-framework-{part}-trust-{kind}-{NAME_OF_QUARTER}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def _trusts(population: Population, part: str) -> tuple[list[int], list[list[object]]]:
    """Positions of the trusts of a type, and the first columns of their rows."""
    words, kinds = PARTS[part]
    places = population.present(METRICS_SOURCE, "2025-Q4", QUARTER_END, kinds)
    return places, [_who(population.organisations[place], words) for place in places]


def _who(one: Organisation, words: str) -> list[object]:
    subtype = type_of(one)["sickness_type"]
    return [QUARTER, region_name(one.region_code), words, subtype, one.code, one.name_on(QUARTER_END)]


def _values(population: Population, places: list[int], part: str, metric: Metric) -> Array:
    noise = plan.stream(METRICS_SOURCE, part, metric.number).standard_normal(len(places))
    if metric.reflects:
        standing = population.standing(plan.financial_year(QUARTER_END)).outcomes[metric.reflects][places]
        noise = (standing + noise) / np.sqrt(2)
    return np.round(metric.middle + metric.spread * noise, 2)


def _ranks(values: Array, low_is_better: bool) -> Array:
    """From 1, the best; equal values share the better rank."""
    signed = values if low_is_better else -values
    return np.searchsorted(np.sort(signed), signed) + 1.0


def _scores(ranks: Array) -> Array:
    """From 1 to 4 along the ranking."""
    return np.round(1 + 3 * (ranks - 1) / max(len(ranks) - 1, 1), 2)


def _metric_rows(population: Population, part: str) -> list[list[object]]:
    places, described = _trusts(population, part)
    rows = []
    for metric in METRICS:
        values = _values(population, places, part, metric)
        ranks, quartiles = _ranks(values, metric.low_is_better), np.round(np.quantile(values, [0.5, 0.25, 0.75]), 2)
        what = [metric.domain, metric.subdomain]
        when = [metric.description, metric.reported]
        for who, value, rank, score in zip(described, values, ranks, _scores(ranks), strict=True):
            rows.append([*who, *what, f"OF0{metric.number}", *when, "%", value, *quartiles, int(rank)])
            rows.append([*who, *what, f"OF1{metric.number}", *when, "score", score, *[NOT_SHOWN] * 3, int(rank)])
    return rows


def _positions(population: Population, part: str) -> list[list[object]]:
    places, described = _trusts(population, part)
    values = [_values(population, places, part, metric) for metric in METRICS]
    ranked = [_ranks(found, metric.low_is_better) for found, metric in zip(values, METRICS, strict=True)]
    average = np.round(np.mean([_scores(ranks) for ranks in ranked], axis=0), 2)
    position, deficit = _ranks(average, low_is_better=True), values[0] < 0
    low, high = np.clip(average - RANGE, 1, 4), np.clip(average + RANGE, 1, 4)
    best = 1 + (average[None, :] < low[:, None]).sum(axis=1)
    worst = (average[None, :] <= high[:, None]).sum(axis=1)
    segment = np.ceil(4 * position / len(places)).clip(1, 4)
    segment = np.where(deficit, np.maximum(segment, 3), segment)
    return [
        [
            *who,
            average[i],
            f"{low[i]:.2f} to {high[i]:.2f}",
            int(segment[i]),
            "Yes" if deficit[i] else "No",
            int(position[i]),
            f"{best[i]} to {worst[i]}",
        ]
        for i, who in enumerate(described)
    ]
