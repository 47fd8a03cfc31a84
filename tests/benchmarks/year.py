"""By hand: a year of refreshes that run by themselves, with publishers that are late, wrong, down or silent.

    uv run python tests/benchmarks/year.py
    uv run python tests/benchmarks/quarter.py

The second plays twelve weeks with nothing replaced; see there. What must come of it was worked out by hand from the
publishers' calendars (sources/*.yml), the release calendar (pipelines/release/policy/calendar.yml) and the bank
holidays: which release goes out when, and which alert is raised and ends on which day. Ends with an error where
anything differs. About two minutes of CPU time.

A&E is due on the second Thursday after its month, sickness absence on the last Thursday four months after.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from tests.simulating import EMERGENCY, SICKNESS, Script, Simulation, a_file, play, simulating, submission

BEGIN, END = "2026-12-14", "2028-01-01"


def published(source_id: str, edition: str, **how: object):
    """An edition comes out."""
    return lambda made: made.publish(source_id, edition, **how)


def gate(refuses: str | None):
    """From now on the gate finds something, or nothing."""
    return lambda made: setattr(made, "refuses", refuses)


def broken(source_id: str, edition: str) -> bytes:
    """A file in which the publisher has renamed a column of figures."""
    good = a_file(source_id, date.fromisoformat(f"{edition}-01"))
    return good.replace(b"Attendances over 4hrs Type 1", b"Over four hours, type 1")


def cut(source_id: str, edition: str) -> bytes:
    """A file that has lost six of twenty organisations."""
    return a_file(source_id, date.fromisoformat(f"{edition}-01"), organisations=14)


def revised(source_id: str, edition: str) -> bytes:
    """A file with other figures."""
    return a_file(source_id, date.fromisoformat(f"{edition}-01"), days_lost=600)


def at_first(made: Simulation) -> None:
    """What is out when the year begins."""
    made.publish(EMERGENCY, "2026-11")
    made.publish(SICKNESS, "2026-07")


ON_TIME = {
    EMERGENCY: {
        **{"2027-02": "2027-03-11", "2027-04": "2027-05-13", "2027-05": "2027-06-10", "2027-06": "2027-07-08"},
        **{"2027-07": "2027-08-12", "2027-08": "2027-09-09", "2027-09": "2027-10-14", "2027-10": "2027-11-11"},
        "2027-11": "2027-12-09",
    },
    SICKNESS: {
        **{"2026-08": "2026-12-31", "2026-09": "2027-01-28", "2026-10": "2027-02-25", "2026-11": "2027-03-25"},
        **{"2026-12": "2027-04-29", "2027-02": "2027-06-24", "2027-03": "2027-07-29", "2027-04": "2027-08-26"},
        **{"2027-05": "2027-09-30", "2027-06": "2027-10-28"},
    },
}
APPROVALS = (
    *("2026-12-31", "2027-01-29", "2027-02-26", "2027-04-01", "2027-04-30", "2027-05-28", "2027-07-02"),
    *("2027-07-23", "2027-08-27", "2027-10-01", "2027-11-26"),
)
"""At noon, while there is time; all but that of the release of 4 November, which everybody forgot."""
SCRIPT: Script = {
    f"{BEGIN} 08:00": at_first,
    **{f"{day} 09:30": published(name, edition) for name, all_ in ON_TIME.items() for edition, day in all_.items()},
    **{f"{day} 12:00": Simulation.approve for day in APPROVALS},
    # Due on 14 January, late within the grace of a week.
    "2027-01-19 09:29": published(EMERGENCY, "2026-12"),
    # Due on 11 February, late beyond it.
    "2027-02-24 09:29": published(EMERGENCY, "2027-01"),
    # Revised without a word; found when the next edition is asked for.
    "2027-03-02 09:29": published(EMERGENCY, "2027-01", content=revised(EMERGENCY, "2027-01"), suffix="-revised"),
    # On time and broken, mended twelve days later.
    "2027-04-08 09:29": published(EMERGENCY, "2027-03", content=broken(EMERGENCY, "2027-03")),
    "2027-04-20 09:29": published(EMERGENCY, "2027-03"),
    # The gate refuses what comes of the edition of 13 May; it is mended before the next one.
    "2027-05-13 09:29": gate("table pub_theory_of_change: too few rows"),
    "2027-05-20 09:29": gate(None),
    # On time, and has lost organisations; somebody accepts it after the release of 3 June.
    "2027-05-27 09:29": published(SICKNESS, "2027-01", content=cut(SICKNESS, "2027-01")),
    "2027-06-07 11:00": lambda made: made.accept(SICKNESS, "2027-01"),
    # A publisher is down from the day on which its edition comes out until the Tuesday after.
    "2027-06-24 09:31": lambda made: made.close(SICKNESS),
    "2027-06-29 20:00": lambda made: made.open(SICKNESS),
    # The machine is off for three weeks, in which a release day and two editions fall.
    "2027-07-26 18:00": Simulation.switch_off,
    "2027-08-16 10:10": Simulation.switch_on,
    # A submission; then one that nobody can read; then an organisation takes its answers back after the approval.
    "2027-09-14 10:00": lambda made: made.submit("ZX001.json", submission("ZX001", "board_approved")),
    "2027-09-21 10:00": lambda made: made.submit("ZX002.json", "not json"),
    "2027-09-22 10:00": lambda made: (made.inbox / "ZX002.json").unlink(),
    "2027-10-04 10:00": lambda made: made.withdraw("ZX001"),
    "2027-10-05 12:01": Simulation.approve,
    # The calendar is told on, and the sources are reviewed.
    "2027-10-18 10:00": lambda made: made.extend_calendar("2028-01-06", "2028-02-03"),
    "2027-11-15 10:00": lambda made: made.review("2028-11-30"),
    # Four days late.
    "2027-11-08 12:01": Simulation.approve,
}
RELEASES = [
    ("2026.1.0", "2027-01-07", "2027-01-07 09:30"),
    ("2027.1.0", "2027-02-04", "2027-02-04 09:30"),
    ("2027.2.0", "2027-03-04", "2027-03-04 09:30"),
    ("2027.3.0", "2027-04-08", "2027-04-08 09:30"),
    ("2027.4.0", "2027-05-06", "2027-05-06 09:30"),
    ("2027.5.0", "2027-06-03", "2027-06-03 09:30"),
    ("2027.6.0", "2027-07-08", "2027-07-08 09:30"),
    # As soon as the machine was back, on a working day.
    ("2027.7.0", "2027-08-05", "2027-08-16 10:10"),
    ("2027.8.0", "2027-09-02", "2027-09-02 09:30"),
    ("2027.9.0", "2027-10-07", "2027-10-07 09:30"),
    # The working day after the approval that came too late.
    ("2027.10.0", "2027-11-04", "2027-11-09 09:30"),
    ("2027.11.0", "2027-12-02", "2027-12-02 09:30"),
]
"""Version, day of the calendar, and London time at which it went out."""
ALERTS = [
    # Eight days after it was due; it came on the 24th.
    ("late:ae_four_hour:2027-01", "2027-02-19", "2027-02-24"),
    ("refused:ae_four_hour:2027-03", "2027-04-08", "2027-04-20"),
    # Everybody is asked on the 25th, which makes the next run.
    ("refused:release", "2027-05-13", "2027-05-25"),
    ("held:sickness_absence:2027-01", "2027-05-27", "2027-06-07"),
    # Three times on the day itself, and once on the morning after.
    ("unreachable:sickness_absence", "2027-06-25", "2027-06-30"),
    ("overdue:2027-08-05", "2027-08-16", "2027-08-16"),
    ("refused:impact_self_assessment", "2027-09-21", None),
    # The withdrawal made the approval void, three days before the date.
    ("waiting:2027.9.0:unapproved", "2027-10-04", "2027-10-05"),
    # Eight weeks before the last date.
    ("calendar:2027-12-02", "2027-10-07", "2027-10-18"),
    # Five days before the date; on the day itself it became overdue.
    ("waiting:2027.10.0:unapproved", "2027-10-30", "2027-11-04"),
    ("review:2027-11-30", "2027-11-02", "2027-11-15"),
    ("overdue:2027-11-04", "2027-11-04", "2027-11-09"),
    # Eight weeks before the last date that was added.
    ("calendar:2028-02-03", "2027-12-09", None),
    # Due on 25 November and never came; two weeks are usual.
    ("late:sickness_absence:2027-07", "2027-12-10", None),
]
"""Key, day on which it was raised, day on which it ended."""


def differences(made: Simulation, since: str, until: str) -> list[str]:
    """What is not as it was worked out by hand, between two days."""
    found = []
    for name, real, expected, day in (
        ("release", made.out, RELEASES, lambda one: one[2]),
        ("alert", made.alerts, ALERTS, lambda one: one[1]),
    ):
        wanted = [one for one in expected if since <= day(one) < until]
        found += [f"{name} that nobody expected: {one}" for one in real if one not in wanted]
        found += [f"{name} that did not come: {one}" for one in wanted if one not in real]
        found += [f"{name} more than once: {one}" for one in set(real) if real.count(one) > 1]
    return found


def main() -> None:
    """Plays the year and compares."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder, simulating(Path(folder), BEGIN) as made:
        play(made, SCRIPT, END)
        for day, sources in made.runs:
            print(f"refresh {day:%Y-%m-%d %H:%M} UTC  {', '.join(sources) or 'what people handed in'}")
        for one in (*made.out, *made.alerts):
            print(*one)
        found = differences(made, BEGIN, END)
    print(f"{len(made.runs)} refreshes, {len(made.out)} releases, {time.process_time() - began:.0f} CPU-s")
    print("\n".join(found) or "as worked out by hand")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
