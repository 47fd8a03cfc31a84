"""Synthetic Summary Hospital-level Mortality Indicator: the zip with the historical csv, in the publisher's layout.

Belongs here: deaths, limits, bands and the file. Does not belong here: who exists. Counts are rounded to multiples of
five, as the publisher's are said to be.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import numpy as np

from pipelines.sample import plan
from pipelines.sample.plan import Array
from pipelines.sample.population import Population
from pipelines.sample.spreadsheets import write_zip

SOURCE = "shmi"
HEADER = [
    "TIME_PERIOD",
    "PUBLICATION_MONTH",
    "PROVIDER_CODE",
    "PROVIDER_NAME",
    "SHMI_VALUE",
    "SHMI_BANDING",
    "OD_LL",
    "OD_UL",
    "SPELLS",
    "OBSERVED",
    "EXPECTED",
    "PALLIATIVE_SPELLS",
    "PALLIATIVE_DEATHS",
]
WITHDRAWN = ["*", "**", *["*"] * 7]  # in place of all figures
KINDS = {"acute"}
REFLECTS = "cqc_locations_good_or_outstanding"  # the latent outcome that lower mortality goes with
STRENGTH, NOISE = 0.04, 0.07  # of the logarithm of the ratio
SPELLS_PER_HEAD, DEATHS_PER_SPELL = 9.0, 0.033
OVERDISPERSION = 0.003  # variance between trusts, of the logarithm of the ratio
ROUNDED_TO = 5
LATER = 5  # months from the end of a window to its publication


def write(folder: Path, population: Population) -> list[Path]:
    """One zip with every window that sample.yml names. Returns its path."""
    windows = plan.settings()["editions"][SOURCE]
    rows = [row for end in windows for row in _window(population, end)]
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows([HEADER, *rows])
    name = _name(windows[-1])
    path = folder / SOURCE / f"SHMI data, {name}.zip"
    members = {
        "SHMI data/SYNTHETIC read me.txt": b"Every trust and figure is invented.",
        f"SHMI data/Historical_trust_level_SHMI_data_{name}_csv.csv": stream.getvalue().encode("utf-8-sig"),
    }
    write_zip(path, members)
    return [path]


def _name(end: date, between: str = "-") -> str:
    """A window of twelve months as file names write it: Apr25-Mar26."""
    return f"{_month(end, -11)}{between}{_month(end, 0)}"


def _month(day: date, months: int, between: str = "") -> str:
    total = day.year * 12 + day.month - 1 + months
    return f"{date(total // 12, total % 12 + 1, 1):%b{between}%y}"


def _window(population: Population, end: date) -> list[list[object]]:
    places = population.present(SOURCE, f"{end:%Y-%m}", end, KINDS)
    organisations = [population.organisations[place] for place in places]
    random = plan.stream(SOURCE, end)
    standing = population.standing(plan.financial_year(end)).outcomes[REFLECTS][places]
    staff = np.array([population.size(one.code, "staff", end) for one in organisations])
    spells = staff * SPELLS_PER_HEAD * random.lognormal(0, 0.1, len(staff))
    expected = spells * DEATHS_PER_SPELL * random.lognormal(0, 0.1, len(staff))
    ratio = np.exp(NOISE * random.standard_normal(len(staff)) - STRENGTH * standing)
    observed = random.poisson(expected * ratio)
    half = 1.959964 * np.sqrt(1 / expected + OVERDISPERSION)
    period, published = _name(end, "_").upper(), _month(end, LATER, "_").upper()
    figures = _figures(observed / expected, np.exp(-half), np.exp(half), np.column_stack([spells, observed, expected]))
    hidden = {item["code"] for item in plan.settings()["withdrawn"] if item["edition"] == f"{end:%Y-%m}"}
    return [
        [period, published, one.code, one.name_on(end), *(WITHDRAWN if one.code in hidden else row)]
        for one, row in zip(organisations, figures, strict=True)
    ]


def _figures(ratio: Array, lower: Array, upper: Array, counts: Array) -> list[list[str]]:
    """Ratio, band, limits and counts as printed. Deaths under palliative care are a fifth of all."""
    band = np.where(ratio > upper, "1", np.where(ratio < lower, "3", "2"))
    rounded = (np.round(counts / ROUNDED_TO) * ROUNDED_TO).astype(int)
    palliative = (np.round(counts[:, :2] * [0.02, 0.2] / ROUNDED_TO) * ROUNDED_TO).astype(int)
    return [
        [f"{ratio[i]:.4f}", band[i], f"{lower[i]:.4f}", f"{upper[i]:.4f}", *map(str, [*rounded[i], *palliative[i]])]
        for i in range(len(ratio))
    ]
