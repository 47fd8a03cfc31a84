"""The map of survey items to drivers and to the engagement index, held to lists written down here by hand.

What is circular follows from it: a fault in it would let a driver be set beside an outcome made of its own items.
"""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.settings import seed_path

ENGAGEMENT = "q2a q2b q2c q3c q3d q3f q25a q25c q25d"
EVIDENCE = {
    "shared_purpose": "q6a q7a q8a q23c q25a",
    "people_and_culture": "q3c q3d q3e q5b q19a q20a q24a q24b q24d q25e",
    "leadership_behaviours": "q9a q9b q9c q9f q9g q9h q9i",
    "capability_and_capacity": "q3f q23b q24c q24e",
    "management_systems": "q7b q7d q19b q19c q19d q20b q25b q25f",
}
IS_Q3F = pl.col("concept") == "q3f"


def disagreements(items: pl.DataFrame, members: pl.DataFrame) -> set[str]:
    """Names of the lists in which the map differs from what is written down here."""
    evidence = items.filter(pl.col("role") != "outcome")
    mapped = {driver: evidence.filter(pl.col("driver_id") == driver) for driver in EVIDENCE}
    found = {
        **mapped,
        "flagged as in the index": items.filter("in_engagement_index"),
        "items of the measure": members.filter(pl.col("measure_id") == "staff_engagement"),
    }
    known = EVIDENCE | dict.fromkeys(found.keys() - EVIDENCE.keys(), ENGAGEMENT)
    return {name for name in found if set(found[name]["concept"]) != set(known[name].split())}


@pytest.fixture
def items() -> pl.DataFrame:
    return pl.read_csv(seed_path("survey_item"))


@pytest.fixture
def members() -> pl.DataFrame:
    return pl.read_csv(seed_path("measure_item"))


def test_the_map_is_as_written_down(items, members):
    assert disagreements(items, members) == set()


def test_an_item_lost_from_the_index_is_seen(items, members):
    lost = members.filter(~(IS_Q3F & (pl.col("measure_id") == "staff_engagement")))
    assert disagreements(items, lost) == {"items of the measure"}
    unflagged = items.with_columns(in_engagement_index=pl.col("in_engagement_index") & ~IS_Q3F)
    assert disagreements(unflagged, members) == {"flagged as in the index"}


def test_an_item_given_to_another_driver_is_seen(items, members):
    moved = pl.when(IS_Q3F).then(pl.lit("people_and_culture")).otherwise("driver_id")
    assert disagreements(items.with_columns(driver_id=moved), members) == {
        "capability_and_capacity",
        "people_and_culture",
    }


def test_every_driver_keeps_items_under_the_rival_map(items):
    """Otherwise the rival map would say nothing of it."""
    evidence = items.filter(pl.col("role") != "outcome")
    rival = evidence.select(pl.coalesce("alt_driver_id", "driver_id").alias("driver_id"), "concept")
    assert dict(rival.group_by("driver_id").len().iter_rows()).keys() == EVIDENCE.keys()
    # Of P4's four items three have another driver; what it gains are q3d, q7b, q24b and q24d.
    of_capability = rival.filter(pl.col("driver_id") == "capability_and_capacity")["concept"]
    assert sorted(of_capability) == ["q23b", "q24b", "q24d", "q3d", "q7b"]
