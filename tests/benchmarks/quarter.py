"""By hand: twelve weeks of refreshes that run by themselves, with dbt, the gate and all pages.

    uv run python tests/benchmarks/quarter.py FOLDER

Like tests/benchmarks/year.py, with nothing replaced but the clock: two publishers over HTTP, whose files go on where
the SYNTHETIC sample ends; the sample's own files of all other sources. What must come of it was worked out by hand:
which release goes out when, with which editions in it, and which alert is raised and ends on which day. Ends with an
error where anything differs. About forty minutes.

The other sources stand still: of each that has a calendar, one alert says on the first day that it is late.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import duckdb

from tests.benchmarks.year import published
from tests.simulating import EMERGENCY, SICKNESS, Script, Simulation, Whole, of_sample, play, simulating_whole

BEGIN, END = "2026-12-14", "2027-03-06"


def at_first(made: Whole) -> None:
    """What is out when the weeks begin: the newest on the publishers' pages, all before it in the folder."""
    offered = made.workspace.root.parent / "offered"
    for month in range(4, 11):
        of_sample(offered, EMERGENCY, f"2026-{month:02}")
    for month in range(4, 7):
        of_sample(offered, SICKNESS, f"2026-{month:02}")
    made.publish(EMERGENCY, "2026-11")
    made.publish(SICKNESS, "2026-07")


def revised(made: Whole) -> None:
    """One attendance more at one provider, and in the total that the publisher gives."""
    good = of_sample(made.workspace.root, EMERGENCY, "2026-12").decode()
    made.publish(EMERGENCY, "2026-12", more_by_one(good).encode(), "-revised")


def more_by_one(text: str) -> str:
    """The first figure of the first and of the last line, and the one more."""
    lines = text.split("\r\n")
    total = max(number for number, line in enumerate(lines) if line)
    for number in (1, total):
        cells = lines[number].split(",")
        cells[4] = str(int(cells[4].strip('"')) + 1)
        lines[number] = ",".join(cells)
    return "\r\n".join(lines)


def broken(made: Whole) -> None:
    """The publisher has renamed the column of figures."""
    good = of_sample(made.workspace.root, SICKNESS, "2026-09")
    made.publish(SICKNESS, "2026-09", good.replace(b"FTE_DAYS_LOST", b"DAYS_LOST"))


SCRIPT: Script = {
    f"{BEGIN} 08:00": at_first,
    "2026-12-31 09:29": published(SICKNESS, "2026-08"),
    "2026-12-31 12:00": Simulation.approve,
    # Due on 14 January, late within the grace of a week.
    "2027-01-19 09:29": published(EMERGENCY, "2026-12"),
    # Revised without a word; every publisher is asked once after the 25th.
    "2027-01-25 09:29": revised,
    # On time and broken: while the newest file of a required source is refused, the gate lets no release through.
    "2027-01-28 09:29": broken,
    "2027-01-29 12:00": Simulation.approve,
    # Mended while an approved release waits: nobody is asked before that is out.
    "2027-02-02 09:29": published(SICKNESS, "2026-09"),
    # Due on 11 February, late beyond the grace.
    "2027-02-24 09:29": published(EMERGENCY, "2027-01"),
    "2027-02-25 09:29": published(SICKNESS, "2026-10"),
    "2027-02-26 12:00": Simulation.approve,
}
RELEASES = [
    ("2026.1.0", "2027-01-07", "2027-01-07 09:30"),
    ("2027.1.0", "2027-02-04", "2027-02-04 09:30"),
    ("2027.2.0", "2027-03-04", "2027-03-04 09:30"),
]
HOLDS = {
    "2026.1.0": (("2026-11", 1), ("2026-08", 1)),
    "2027.1.0": (("2026-12", 2), ("2026-08", 1)),
    "2027.2.0": (("2027-01", 1), ("2026-10", 1)),
}
"""By release: the newest edition of A&E and of sickness absence that is in use, and how many files of it came."""
ALERTS = [
    ("refused:release", "2027-01-28", "2027-02-04"),
    ("refused:sickness_absence:2026-09", "2027-01-28", "2027-02-04"),
    ("late:ae_four_hour:2027-01", "2027-02-19", "2027-02-24"),
]


def held(made: Whole, version: str, source_id: str) -> tuple[str, int]:
    """The newest edition in use of a source in a release, and how many files of it the release knows."""
    file = made.workspace.releases / version / "nhs_impact_warehouse.duckdb"
    sql = (
        "select edition, count(*) from pub_source_status where source_id = ? and edition = (select max(edition) "
        "from pub_source_status where source_id = ? and outcome = 'accepted') group by edition"
    )
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql, [source_id, source_id]).fetchall()[0]


def differences(made: Whole) -> list[str]:
    """What is not as it was worked out by hand."""
    told = [one for one in made.alerts if one[0].split(":")[1] in (EMERGENCY, SICKNESS) or not is_late(one)]
    others = [one for one in made.alerts if one not in told]
    found = [] if made.out == RELEASES else [f"releases {made.out}"]
    found += [] if sorted(told) == sorted(ALERTS) else [f"alerts {told}"]
    found += [f"more than the first day told {one}" for one in others if one[1:] != (BEGIN, None)]
    found += [f"twice {one}" for one in others if others.count(one) > 1]
    for version, expected in HOLDS.items():
        real = tuple(held(made, version, name) for name in (EMERGENCY, SICKNESS))
        found += [] if real == expected else [f"{version} holds {real}, not {expected}"]
    return found


def is_late(one: tuple[str, str, str | None]) -> bool:
    """Whether an alert is about an edition that did not come."""
    return one[0].startswith("late:")


def main(folder: Path) -> None:
    """Plays and compares."""
    began = time.monotonic()
    folder.mkdir()
    with simulating_whole(folder, BEGIN) as made:
        play(made, SCRIPT, END)
        for day, sources in made.runs:
            print(f"refresh {day:%Y-%m-%d %H:%M} UTC  {', '.join(sources) or 'what people handed in'}")
        for one in (*made.out, *made.alerts):
            print(*one)
        found = differences(made)
    print(f"{len(made.runs)} refreshes, {len(made.out)} releases, {(time.monotonic() - began) / 60:.0f} minutes")
    print("\n".join(found) or "as worked out by hand")
    sys.exit(bool(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
