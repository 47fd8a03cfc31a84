"""Nine weeks of refreshes that run by themselves, of the year that tests/benchmarks/year.py plays by hand.

From the Monday before a publisher is down, over the release of 8 July, to the return of a machine that was off for
three weeks and on a release day.
"""

from __future__ import annotations

from tests.benchmarks import year
from tests.simulating import EMERGENCY, SICKNESS, Simulation, play, simulating

BEGIN, END = "2027-06-21", "2027-08-20"


def at_first(made: Simulation) -> None:
    made.publish(EMERGENCY, "2027-05")
    made.publish(SICKNESS, "2027-01")


def test_nine_weeks_end_in_the_right_releases_and_tell_what_a_person_must_know(tmp_path):
    with simulating(tmp_path, BEGIN) as made:
        play(made, {**year.SCRIPT, f"{BEGIN} 08:00": at_first}, END)
        assert made.out == [
            ("2027.1.0", "2027-07-08", "2027-07-08 09:30"),
            ("2027.2.0", "2027-08-05", "2027-08-16 10:10"),
        ]
        assert sorted(made.alerts) == sorted(one for one in year.ALERTS if BEGIN <= one[1] < END)
        back = [(f"{moment:%m-%d %H:%M}", asked) for moment, asked in made.runs if moment.month == 8]
    # All that came out in three weeks is one run, and what has not come since is asked for on each working day.
    assert back == [("08-16 09:10", (EMERGENCY, SICKNESS))]
