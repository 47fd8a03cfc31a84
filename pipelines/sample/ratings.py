"""Synthetic CQC ratings: the wide file with a row for each location or provider, service group and domain.

Belongs here: locations, their ratings and the file, as CSV and as a padded .ods. Does not belong here: who
owns a location on a day (population.py), or how ratings hang together with maturity (plan.py).
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from pipelines.sample import plan
from pipelines.sample.plan import Array
from pipelines.sample.population import Organisation, Population, region_name, type_of
from pipelines.sample.spreadsheets import write_ods

SOURCE = "cqc_location_ratings"
MEASURE = "cqc_locations_good_or_outstanding"
HEADER = [
    "Location ID",
    "Location ODS Code",
    "Location Name",
    "Care Home?",
    "Location Type",
    "Location Primary Inspection Category",
    "Location Street Address",
    "Location Address Line 2",
    "Location City",
    "Location Post Code",
    "Location Local Authority",
    "Location Region",
    "Location NHS Region",
    "Location ONSPD CCG Code",
    "Location ONSPD CCG",
    "Location Commissioning CCG Code",
    "Location Commissioning CCG Name",
    "Service / Population Group",
    "Domain",
    "Latest Rating",
    "Publication Date",
    "Report Type",
    "Inherited Rating (Y/N)",
    "URL",
    "Provider ID",
    "Provider Name",
    "Brand ID",
    "Brand Name",
]
PROVIDER_HEADER = [
    "Provider ID",
    "Provider ODS Code",
    "Provider Name",
    "Provider Type",
    "Provider Primary Inspection Category",
    "Provider Street Address",
    "Provider Address Line 2",
    "Provider City",
    "Provider Post Code",
    "Provider Local Authority",
    "Provider Region",
    "Provider NHS Region",
    "Service / Population Group",
    "Domain",
    "Latest Rating",
    "Publication Date",
    "Report Type",
    "Inherited Rating (Y/N)",
    "URL",
    "Brand ID",
    "Brand Name",
]
README = [["SYNTHETIC care directory with ratings"], ["Every location, provider and rating is invented."]]
SCALE = np.array(["Inadequate", "Requires improvement", "Good", "Outstanding"])
GOOD = 2  # position on the scale from which a rating counts as good
NOT_RATED = ["Insufficient evidence to rate", "Inspected but not rated"]
NOT_RATED_SHARE = 0.02
DUPLICATED = 3  # keys that stand in the file twice, with different ratings of one date
SOCIAL_CARE = 300
OLDEST = date(2016, 1, 5)
MAXIMUM_LOCATIONS = 4


@dataclass(frozen=True)
class Location:
    """One NHS location in one edition."""

    code: str
    provider: Organisation
    provider_name: str
    is_inherited: bool
    published_on: date
    score: float


def scores(standing: Array, location_noise: Array) -> Array:
    """Standing of locations (organisation x location), before it is cut into ratings."""
    how = plan.plan()["ratings"]
    return how["provider_weight"] * standing[:, None] + how["location_noise"] * location_noise


def rating(score: Array) -> Array:
    """Position on the scale of ratings, 0 for Inadequate to 3 for Outstanding."""
    return np.searchsorted(plan.plan()["ratings"]["cuts"], score)


def write(folder: Path, population: Population) -> list[Path]:
    """All editions that sample.yml names. Returns their paths."""
    paths = []
    for turn, edition in enumerate(plan.settings()["editions"][SOURCE]):
        rows = _rows(population, edition["date"], turn)
        path = folder / SOURCE / f"{edition['date']:%d_%B_%Y}_Latest_ratings.{edition['format']}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if edition["format"] == "ods":
            providers = [PROVIDER_HEADER, *_providers(population, edition["date"], turn)]
            write_ods(path, {"README": README, "Locations": [HEADER, *rows], "Providers": providers})
        else:
            with path.open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream, lineterminator="\r\n").writerows([HEADER, *rows])
        paths.append(path)
    return paths


def _rows(population: Population, day: date, turn: int) -> list[list[str]]:
    random = plan.stream(SOURCE, day)
    found = [row for one in _locations(population, day, turn) for row in _location_rows(population, one, random)]
    found += _duplicates(found)
    return found + _social_care(day)


def _locations(population: Population, day: date, turn: int) -> list[Location]:
    """NHS locations on a day. A share of them is rated anew in each edition after the first."""
    organisations = [one for one in population.organisations if one.kind != "icb"]
    random = plan.stream(SOURCE, "locations")
    noise = random.standard_normal((len(organisations), MAXIMUM_LOCATIONS))
    newest = plan.settings()["editions"][SOURCE][0]["date"] - timedelta(days=20)
    age = random.beta(1.2, 2.5, noise.shape)
    published = {place: newest - (newest - OLDEST) * share for place, share in np.ndenumerate(age)}
    for later in range(1, turn + 1):
        again = plan.stream(SOURCE, "again", later)
        rerated = again.random(noise.shape) < plan.plan()["ratings"]["rerated"]
        noise = np.where(rerated, again.standard_normal(noise.shape), noise)
        last = plan.settings()["editions"][SOURCE][later]["date"] - timedelta(days=12)
        published |= {
            place: last - (last - newest) * share * 0.95
            for place, share in np.ndenumerate(again.random(noise.shape))
            if rerated[place]
        }
        newest = last
    standing = population.lasting.outcomes[MEASURE][: len(organisations)]
    return _placed(population, organisations, scores(standing, noise), published, day)


def _placed(
    population: Population,
    organisations: list[Organisation],
    score: Array,
    published: dict[tuple[int, ...], date],
    day: date,
) -> list[Location]:
    """Every location under the organisation that holds it on the day, numbered under that organisation."""
    found, numbers = [], Counter[str]()
    for place, one in enumerate(organisations):
        for turn in range(_location_count(one)):
            owner = population.owner(one.code, day, turn)
            numbers[owner] += 1
            holder, is_inherited = population.by_code[owner], owner != one.code
            found.append(
                Location(
                    code=f"{owner}{numbers[owner]:02d}",
                    provider=holder,
                    provider_name=holder.name_on(day),
                    is_inherited=is_inherited,
                    published_on=published[place, turn],
                    score=float(score[place, turn]),
                )
            )
    return sorted(found, key=lambda location: location.code)


def _location_count(one: Organisation) -> int:
    """How many locations are an organisation's own; none for one made of predecessors."""
    counts = type_of(one)["locations"]
    return counts[int(one.code[2:]) % len(counts)] if one.staff > 0 else 0


def _location_rows(population: Population, one: Location, random: np.random.Generator) -> list[list[str]]:
    """Overall and well-led of the location, then the overall rating of each of its services."""
    services = type_of(one.provider)["services"]
    own = [("Overall", "Overall", 0.0), ("Overall", "Well-led", 0.5)]
    rows = []
    for group, domain, spread in own + [(service, "Overall", 0.7) for service in services]:
        given = str(SCALE[rating(one.score + spread * random.standard_normal())])
        if random.random() < NOT_RATED_SHARE:
            given = str(random.choice(NOT_RATED))
        rows.append(_row(population, one, group, domain, given))
    return rows


def _row(population: Population, one: Location, group: str, domain: str, given: str) -> list[str]:
    icb = population.by_code[one.provider.icb_code]
    region = region_name(one.provider.region_code)
    number = one.code[-2:]
    return [
        one.code,
        one.code,
        f"SYNTHETIC Site {number} of {one.provider.code}",
        "N",
        "NHS Healthcare Organisation",
        type_of(one.provider)["cqc_category"],
        f"{int(number)} Invented Road",
        "",
        "Synthetic Town",
        f"ZX{int(number)} 9ZZ",
        "Synthetic District",
        region,
        region,
        icb.code,
        icb.name,
        "",
        "",
        group,
        domain,
        given,
        f"{one.published_on:%d/%m/%Y}",
        "Location",
        "Y" if one.is_inherited else "N",
        f"https://example.invalid/location/{one.code}",
        one.provider.code,
        one.provider_name,
        "-",
        "-",
    ]


def _providers(population: Population, day: date, turn: int) -> list[list[str]]:
    """Overall and well-led of every trust that has locations, drawn around the same standing as theirs."""
    newest: dict[str, Location] = {}
    for one in _locations(population, day, turn):
        held = newest.setdefault(one.provider.code, one)
        if one.published_on > held.published_on:
            newest[one.provider.code] = one
    places = {one.code: place for place, one in enumerate(population.organisations)}
    codes = sorted(newest)
    standing = population.lasting.outcomes[MEASURE][[places[code] for code in codes]]
    random = plan.stream(SOURCE, "providers", day)
    noise = random.standard_normal((len(codes), 2))
    overall = scores(standing, noise[:, :1])[:, 0]
    drawn = zip(codes, rating(overall), rating(overall + 0.5 * noise[:, 1]), random.random(len(codes)), strict=True)
    return [
        _provider_row(newest[code], domain, NOT_RATED[0] if chance < NOT_RATED_SHARE else str(SCALE[level]))
        for code, whole, well_led, chance in drawn
        for domain, level in (("Overall", whole), ("Well-led", well_led))
    ]


def _provider_row(newest: Location, domain: str, given: str) -> list[str]:
    one, region = newest.provider, region_name(newest.provider.region_code)
    return (
        [one.code, one.code, newest.provider_name, "NHS Healthcare Organisation", type_of(one)["cqc_category"]]
        + ["1 Invented Road", "", "Synthetic Town", "ZX1 9ZZ", "Synthetic District", region, region]
        + ["Overall", domain, given, f"{newest.published_on:%d/%m/%Y}", "Provider", "N"]
        + [f"https://example.invalid/provider/{one.code}", "-", "-"]
    )


def _duplicates(rows: list[list[str]]) -> list[list[str]]:
    """A few rows again with another rating: the publisher's file holds such keys."""
    rating_column = HEADER.index("Latest Rating")
    changed = []
    for row in rows[:: len(rows) // DUPLICATED][:DUPLICATED]:
        other = "Good" if row[rating_column] != "Good" else "Requires improvement"
        changed.append([*row[:rating_column], other, *row[rating_column + 1 :]])
    return changed


def _social_care(day: date) -> list[list[str]]:
    """Locations that are no business of ours: the file is mostly made of them."""
    random = plan.stream(SOURCE, "social care")
    regions = list(plan.settings()["regions"].values())
    rows = []
    for number in range(SOCIAL_CARE):
        code, provider = f"1-{9000000001 + number}", f"1-{8000000001 + number // 3}"
        given = str(random.choice(SCALE, p=[0.02, 0.16, 0.77, 0.05]))
        published = OLDEST + timedelta(days=int(random.integers(0, 3000)))
        region = regions[number % len(regions)]
        rows.append(
            [code, "", f"SYNTHETIC Care Home {number + 1}", "Y" if number % 3 else "N", "Social Care Org"]
            + ["Residential social care", f"{number + 1} Invented Lane", "", "Synthetic Town", "ZX99 9ZZ"]
            + ["Synthetic District", region, region, "", "", "", "", "Overall", "Overall", given]
            + [f"{published:%d/%m/%Y}", "Location", "N", f"https://example.invalid/location/{code}", provider]
            + [f"SYNTHETIC Care Provider {number // 3 + 1}", "-", "-"]
        )
    return rows
