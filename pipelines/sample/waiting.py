"""Synthetic referral-to-treatment full extracts: a zip with one CSV of 121 columns for each January.

Belongs here: waiting times, their bands and the file. Does not belong here: who exists, or how waits hang
together with maturity (plan.py).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.sample import plan
from pipelines.sample.plan import Array
from pipelines.sample.population import Organisation, Population, type_of
from pipelines.sample.spreadsheets import write_zip

SOURCE = "rtt_full_extract"
MEASURE = "rtt_within_18_weeks"
DESCRIPTIVE = [
    "Period",
    "Provider Parent Org Code",
    "Provider Parent Name",
    "Provider Org Code",
    "Provider Org Name",
    "Commissioner Parent Org Code",
    "Commissioner Parent Name",
    "Commissioner Org Code",
    "Commissioner Org Name",
    "RTT Part Type",
    "RTT Part Description",
    "Treatment Function Code",
    "Treatment Function Name",
]
WEEKS = 104
STANDARD = 18
BANDS = [f"Gt {week:02d} To {week + 1:02d} Weeks SUM 1" for week in range(WEEKS)] + ["Gt 104 Weeks SUM 1"]
COUNTS = [*BANDS, "Total", "Patients with unknown clock start date", "Total All"]
TOTAL_FUNCTION = ("C_999", "Total")
FUNCTIONS = [
    ("C_110", "Trauma and Orthopaedic Service"),
    ("C_130", "Ophthalmology Service"),
    ("C_320", "Cardiology Service"),
    ("C_502", "Gynaecology Service"),
]
# Part, description, share of the waiting list, functions shown, has bands, has a filled `Total`.
PARTS = [
    ("Part_1B", "Completed Pathways For Non-Admitted Patients", 0.15, 2, True, True),
    ("Part_2", "Incomplete Pathways", 1.0, 4, True, False),
    ("Part_3", "New RTT Periods - All Patients", 0.25, 2, False, False),
]
SHARES = (0.7, 0.3)  # of a provider's patients, by commissioner
BLANK_ROWS = 0.13  # share of rows in which the publisher leaves empty bands blank
HUB = ("#N/A", "NATIONAL COMMISSIONING HUB (SYNTHETIC)")
HUB_EVERY = 40  # every so many providers, the second commissioner is a hub that has no code

Counts = NDArray[np.int64]
Descriptions = list[tuple[str | None, ...]]


def write(folder: Path, population: Population, month_ends: list[date] | None = None) -> list[Path]:
    """One zip for each month end; by default all that sample.yml names. Returns their paths."""
    days = month_ends or plan.settings()["editions"][SOURCE]
    return [_write_month(folder / SOURCE, population, day) for day in days]


def within_18_weeks(base: Array, standing: Array, year: int) -> Array:
    """Expected share (0-1) of patients who wait up to 18 weeks; `base` is the type's in the first place."""
    how = plan.plan()["waiting"]
    change = how["yearly_change"] * (year - plan.plan()["reference_year"])
    return plan.logistic(np.log(base / (1 - base)) + change + how["strength"] * standing)


def band_shares(within: Array) -> Array:
    """Expected share of patients in each band, from a Weibull distribution with this share up to 18 weeks."""
    shape = plan.plan()["waiting"]["shape"]
    scale = STANDARD / (-np.log(1 - within)) ** (1 / shape)
    waiting_longer = np.exp(-((np.arange(WEEKS + 1) / scale[:, None]) ** shape))
    return np.hstack([waiting_longer[:, :-1] - waiting_longer[:, 1:], waiting_longer[:, -1:]])


def _write_month(folder: Path, population: Population, day: date) -> Path:
    kinds = {kind for kind, facts in plan.settings()["types"].items() if facts["reports_waits"]}
    places = [
        place
        for place in population.present(SOURCE, f"{day:%Y-%m}", day, kinds)
        if population.size(population.organisations[place].code, "pathways", day) > 0
    ]
    random = plan.stream(SOURCE, day)
    providers = [population.organisations[place] for place in places]
    year = plan.financial_year(day)
    standing = population.standing(year).outcomes[MEASURE][places]
    base = np.array([type_of(one)["within_18_weeks"] for one in providers])
    shares = band_shares(within_18_weeks(base, standing, year))
    waiting = np.array([population.size(one.code, "pathways", day) for one in providers])
    frames = [_part(population, providers, shares, waiting, day, part, random) for part in PARTS]
    frame = pl.concat(frames).sort("Provider Org Code", maintain_order=True)
    path = folder / f"Full-CSV-data-file-{day:%b%y}-ZIP-4M-SYNTH.zip"
    content = frame.write_csv(line_terminator="\r\n").encode()
    write_zip(path, {f"{day:%Y%m%d}-RTT-{day:%B-%Y}-full-extract.csv": content})
    return path


def _part(
    population: Population,
    providers: list[Organisation],
    shares: Array,
    waiting: Array,
    day: date,
    part: tuple[str, str, float, int, bool, bool],
    random: np.random.Generator,
) -> pl.DataFrame:
    """All rows of one part of the return: provider x commissioner x treatment function, with totals."""
    name, description, scale, shown, has_bands, has_total = part
    functions = FUNCTIONS[:shown]
    cells = [(provider, turn) for provider in range(len(providers)) for turn in range(len(SHARES))]
    owner = np.repeat([provider for provider, _ in cells], shown)
    turn_share = np.repeat([SHARES[turn] for _, turn in cells], shown)
    patients = random.poisson(waiting[owner] * turn_share * scale / shown)
    counts = random.multinomial(patients, shares[owner]).reshape(len(cells), shown, -1)
    counts = np.concatenate([counts, counts.sum(axis=1, keepdims=True)], axis=1).reshape(-1, len(BANDS))
    described = [
        (*_who(population, providers[provider], turn, provider, day), name, description, *function)
        for provider, turn in cells
        for function in [*functions, TOTAL_FUNCTION]
    ]
    return _frame(described, counts, has_bands, has_total, random)


def _frame(
    described: Descriptions, counts: Counts, has_bands: bool, has_total: bool, random: np.random.Generator
) -> pl.DataFrame:
    blank = (counts == 0) & (random.random((len(counts), 1)) < BLANK_ROWS)
    if not has_bands:
        blank[:] = True
    everyone = counts.sum(axis=1)
    columns = {
        title: pl.Series(values, dtype=pl.String)
        for title, values in zip(DESCRIPTIVE, zip(*described, strict=True), strict=True)
    }
    for place, band in enumerate(BANDS):
        column = pl.Series(counts[:, place])
        columns[band] = column.set(pl.Series(blank[:, place]), None) if blank[:, place].any() else column
    nothing = pl.Series([None] * len(counts), dtype=pl.Int64)
    columns["Total"] = pl.Series(everyone) if has_total else nothing
    columns["Patients with unknown clock start date"] = pl.Series(everyone * 0) if has_total else nothing
    columns["Total All"] = pl.Series(everyone)
    return pl.DataFrame(columns)


def _who(population: Population, provider: Organisation, turn: int, number: int, day: date) -> tuple[str | None, ...]:
    """The nine cells that say when, by whom and for whom."""
    icb = population.by_code[provider.icb_code]
    system = icb.name.upper()
    place = system.removesuffix(" INTEGRATED CARE BOARD")
    local = f"{plan.settings()['commissioner_prefix']}{icb.code[2:]}{'AB'[turn]}"
    if turn and number % HUB_EVERY == 0:
        commissioner: tuple[str | None, ...] = (None, None, *HUB)
    else:
        commissioner = (icb.code, system, local, f"{place} {'AB'[turn]} (SUB ICB LOCATION)")
    return (
        f"RTT-{day:%B-%Y}",
        icb.code,
        system,
        provider.code,
        provider.name_on(day).upper(),
        *commissioner,
    )
