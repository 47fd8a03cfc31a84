"""The fictitious organisations: codes, names, sizes, standing, and what becomes of them in five years.

Belongs here: who exists on a day, under which name and of which size. Does not belong here: figures that are
published about them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from pipelines.sample import plan
from pipelines.sample.plan import Array, Latent

ICB_STEP = 5  # from one trust's ICB to the next trust's; spreads every type over the country
FIRST_ICB_PLACE = 230  # number of the first place name that is an ICB's; trusts have those before


@dataclass(frozen=True)
class Organisation:
    """One trust or ICB under one code. `staff` and `pathways` are its own, before any it takes over."""

    code: str
    name: str
    kind: str
    region_code: str
    icb_code: str
    opened_on: date
    closed_on: date | None
    staff: float
    pathways: float
    former_name: str | None = None
    renamed_on: date | None = None

    def name_on(self, day: date) -> str:
        """The name in force on a day."""
        if self.renamed_on and day < self.renamed_on and self.former_name:
            return self.former_name
        return self.name

    def is_open(self, day: date) -> bool:
        """Whether it exists on a day; the closing date is its last."""
        return self.opened_on <= day and (self.closed_on is None or day <= self.closed_on)


@dataclass(frozen=True)
class Succession:
    """A part (`weight`) of one organisation that passes to another on a day."""

    predecessor: str
    successor: str
    effective: date
    weight: float


@dataclass(frozen=True)
class Population:
    """All organisations that ever exist in the sample, in code order, with their lasting standing."""

    organisations: tuple[Organisation, ...]
    successions: tuple[Succession, ...]
    lasting: Latent

    @cached_property
    def by_code(self) -> dict[str, Organisation]:
        """Organisations by code."""
        return {one.code: one for one in self.organisations}

    def open_on(self, day: date, kinds: set[str] | None = None) -> list[int]:
        """Positions of the organisations that exist on a day."""
        return [
            place
            for place, one in enumerate(self.organisations)
            if one.is_open(day) and (kinds is None or one.kind in kinds)
        ]

    def present(self, source: str, edition: str, day: date, kinds: set[str] | None = None) -> list[int]:
        """The same, without those that the edition of a source lacks."""
        absent = {
            gap["code"] for gap in plan.settings()["absences"] if gap["source"] == source and gap["edition"] == edition
        }
        return [place for place in self.open_on(day, kinds) if self.organisations[place].code not in absent]

    def size(self, code: str, attribute: str, day: date) -> float:
        """`staff` or `pathways` on a day, with what it took over from predecessors by then."""
        taken = sum(
            one.weight * self.size(one.predecessor, attribute, one.effective)
            for one in self.successions
            if one.successor == code and one.effective <= day
        )
        return getattr(self.by_code[code], attribute) + taken

    def owner(self, code: str, day: date, turn: int) -> str:
        """Who holds the `turn`-th part of an organisation on a day: itself, or its successors in turn."""
        heirs = [one for one in self.successions if one.predecessor == code and one.effective <= day]
        return heirs[turn % len(heirs)].successor if heirs else code

    def standing(self, year: int) -> Latent:
        """Standing of all organisations in one year."""
        return plan.in_year(self.lasting, year, plan.stream("standing", year))


def region_name(code: str) -> str:
    """NHS England's name of a region."""
    return plan.settings()["regions"][code]


def type_of(organisation: Organisation) -> dict[str, Any]:
    """The facts of sample.yml about an organisation's type."""
    return plan.settings()["types"][organisation.kind]


def build() -> Population:
    """The whole population, the same at every call."""
    icbs = _icbs()
    successions = _successions()
    trusts = _trusts(icbs, {one.predecessor: one.effective for one in successions})
    organisations = (*trusts, *_new_trusts(trusts), *icbs)
    return Population(organisations, successions, _lasting(organisations, successions))


def _place(number: int) -> str:
    """An invented place name; distinct for every number below 288."""
    starts, ends = plan.settings()["place_starts"], plan.settings()["place_ends"]
    return starts[number % len(starts)] + ends[(number // len(starts) + number) % len(ends)]


def _name(kind: str, number: int, pattern: int) -> str:
    patterns = plan.settings()["types"][kind]["names"]
    name = patterns[pattern % len(patterns)].format(place=_place(number))
    return f"{plan.settings()['name_prefix']} {name}"


def _headcounts(kind: str) -> Array:
    facts = plan.settings()["types"][kind]
    normal = plan.stream("staff", kind).standard_normal(facts["count"])
    return np.round(facts["staff"] * np.exp(facts["spread"] * normal))


def _icbs() -> tuple[Organisation, ...]:
    config = plan.settings()
    regions = sorted(config["regions"])
    return tuple(
        Organisation(
            code=(code := f"{config['icb_prefix']}{number + 1:03d}"),
            name=_name("icb", FIRST_ICB_PLACE + number, number),
            kind="icb",
            region_code=regions[number % len(regions)],
            icb_code=code,
            opened_on=config["icb_opened_on"],
            closed_on=None,
            staff=staff,
            pathways=0,
        )
        for number, staff in enumerate(_headcounts("icb").tolist())
    )


def _successions() -> tuple[Succession, ...]:
    return tuple(
        Succession(row["predecessor"], row["successor"], date.fromisoformat(row["effective"]), float(row["weight"]))
        for row in plan.table("successions.csv")
    )


def _trusts(icbs: tuple[Organisation, ...], ends: dict[str, date]) -> tuple[Organisation, ...]:
    """The trusts that exist at the start, numbered through the types in the order of sample.yml."""
    members = [
        (kind, turn, staff)
        for kind in plan.settings()["types"]
        if kind != "icb"
        for turn, staff in enumerate(_headcounts(kind).tolist())
    ]
    return tuple(
        _special(_trust(number, *member, icbs[number * ICB_STEP % len(icbs)]), ends)
        for number, member in enumerate(members)
    )


def _trust(number: int, kind: str, turn: int, staff: float, home: Organisation) -> Organisation:
    config = plan.settings()
    facts = config["types"][kind]
    return Organisation(
        code=f"{config['trust_prefix']}{number + 1:03d}",
        name=_name(kind, number, turn),
        kind=kind,
        region_code=home.region_code,
        icb_code=home.code,
        opened_on=config["trust_opened_on"],
        closed_on=None,
        staff=staff,
        pathways=facts["pathways"] * staff / facts["staff"] if turn < facts["reports_waits"] else 0,
    )


def _special(one: Organisation, ends: dict[str, date]) -> Organisation:
    """The trust with what sample.yml says of it alone: its size, its new name, its end."""
    config = plan.settings()
    for size in (size for size in config["sizes"] if size["code"] == one.code):
        one = replace(one, staff=size["staff"], pathways=size["pathways"])
    for new in (new for new in config["renames"] if new["code"] == one.code):
        name = f"{config['name_prefix']} {new['name']}"
        one = replace(one, name=name, former_name=one.name, renamed_on=new["changed_on"])
    if one.code in ends:
        one = replace(one, closed_on=ends[one.code] - timedelta(days=1))
    return one


def _new_trusts(trusts: tuple[Organisation, ...]) -> tuple[Organisation, ...]:
    """Trusts that begin with nothing of their own: all they have comes from predecessors."""
    found = {one.code: one for one in trusts}
    return tuple(
        Organisation(
            code=new["code"],
            name=_name(new["type"], len(trusts) + turn, turn),
            kind=new["type"],
            region_code=found[new["region_of"]].region_code,
            icb_code=found[new["region_of"]].icb_code,
            opened_on=new["opened_on"],
            closed_on=None,
            staff=0,
            pathways=0,
        )
        for turn, new in enumerate(plan.settings()["new_trusts"])
    )


def _lasting(organisations: tuple[Organisation, ...], successions: tuple[Succession, ...]) -> Latent:
    """A draw for every type at the type's level of maturity; new trusts lie between their predecessors."""
    places = {one.code: place for place, one in enumerate(organisations)}
    drivers = np.zeros((len(organisations), len(plan.plan()["drivers"])))
    outcomes = {name: np.zeros(len(organisations)) for name in plan.plan()["outcomes"]}
    for kind, facts in plan.settings()["types"].items():
        own = [places[one.code] for one in organisations if one.kind == kind and one.staff > 0]
        drawn = plan.draw(len(own), plan.stream("lasting", kind))
        drivers[own] = drawn.drivers + facts["maturity"]
        for name, values in drawn.outcomes.items():
            outcomes[name][own] = values
    for one in (one for one in organisations if one.staff == 0):
        before = [places[link.predecessor] for link in successions if link.successor == one.code]
        drivers[places[one.code]] = drivers[before].mean(axis=0)
        for values in outcomes.values():
            values[places[one.code]] = values[before].mean()
    return Latent(drivers, outcomes)
