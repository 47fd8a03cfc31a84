"""The words about indicators: none is missing, whatever a measure may be."""

from __future__ import annotations

from typing import get_args

import pytest

from pipelines.registry import load_sources
from pipelines.release import wording
from pipelines.release.record import DRIVER_TABLES, Driver
from pipelines.release.shorthand import LETTERS, MEANINGS
from schemas.published import VALUE_STATUSES
from schemas.source import Measure, Source

DRIVER = Driver("d1", "Some driver", "What it asks for.")
BY_RULE = ("rationale", "interpretation", "perverse_incentive", "limitations", "review_date")
WHOLE = (*BY_RULE, "name", "description", "numerator_definition", "denominator_definition", "methodology", "exposure")
MEASURES = [measure for source in load_sources().values() for measure in source.measures]


@pytest.mark.parametrize("fact", ["unit", "annual_rule", "interval_method"])
def test_every_way_to_make_a_measure_has_its_sentence(fact):
    assert set(wording.policy()["methodology"][fact]) == set(get_args(Measure.model_fields[fact].annotation))


def test_every_cadence_has_its_words():
    assert set(wording.policy()["frequency"]) == set(get_args(Source.model_fields["cadence"].annotation))


@pytest.mark.parametrize(
    ("kind", "driver", "expected"),
    [
        ("survey_item", DRIVER, BY_RULE),
        ("survey_item", None, BY_RULE),
        *((kind, DRIVER, WHOLE) for kind in DRIVER_TABLES),
    ],
)
def test_words_by_rule_are_whole_and_filled_in(kind, driver, expected):
    words = wording.of_kind(kind, driver)
    assert [name for name in expected if not words.get(name)] == []
    assert not any("{" in str(text) for text in words.values())


def test_words_by_rule_come_after_those_that_a_measure_has_of_its_own():
    row = {"rationale": None, "description": "Own.", "limitations": "Routed."}
    words = {"rationale": "By rule.", "description": "By rule.", "limitations": "Self-reported."}
    assert wording.completed(row, words) == {
        "rationale": "By rule.",
        "description": "Own.",
        "limitations": "Routed. Self-reported.",
    }


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.measure_id)
def test_measures_are_assured_and_claim_no_cause(measure):
    said = (measure.description, measure.rationale, measure.interpretation, measure.limitations)
    for text in (*said, measure.perverse_incentive):
        assert text.endswith(".") and "Not yet written" not in text
        assert not any(word in text for word in (" because of the driver", " leads to ", " results in "))
    assert "does not" in measure.interpretation or "is no" in measure.interpretation


def test_only_shares_of_counts_have_intervals():
    with_interval = {measure.measure_id for measure in MEASURES if measure.interval_method == "wilson"}
    assert with_interval == {
        *("ae_within_4_hours", "ae_within_4_hours_type_1", "cancer_62_day"),
        *("rtt_within_18_weeks", "rtt_over_52_weeks"),
    }


def test_every_status_has_its_letter_and_every_letter_its_meaning():
    assert set(LETTERS) == set(VALUE_STATUSES)
    assert {letter for letter in LETTERS.values() if letter} == set(MEANINGS)
