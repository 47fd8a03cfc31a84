"""Questions of the staff survey are followed by what they ask, never by their number.

Numbers by hand, from the questionnaires of each year.
"""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.harmonise.door import seed_path

YEARS = (2021, 2022, 2023, 2024, 2025)


@pytest.fixture(scope="module")
def numbers() -> dict[tuple[int, str], str]:
    """Number by year and concept."""
    listed = pl.read_csv(seed_path("survey_question"))
    return {(year, concept): number for concept, year, number, _ in listed.iter_rows()}


@pytest.fixture(scope="module")
def concepts() -> dict[str, dict]:
    return {row["concept"]: row for row in pl.read_csv(seed_path("survey_concept")).iter_rows(named=True)}


BY_HAND = {
    "q26a": ("I often think about leaving this organisation", "q22a", "q24a", "q26a", "q26a", "q26a"),
    "q25c": ("I would recommend my organisation as a place to work", "q21c", "q23c", "q25c", "q25c", "q25c"),
    "q12b": ("feel burnt out because of your work", "q12b", "q12b", "q12b", "q12b", "q12b"),
    "q3f": ("make improvements happen in my area of work", "q3f", "q3f", "q3f", "q3f", "q3f"),
    "q23b": ("helped me to improve how I do my job", "q19b", "q21b", "q23b", "q23b", "q23b"),
    "q24c": ("opportunities to improve my knowledge and skills", "q20c", "q22c", "q24c", "q24c", "q24c"),
    "q24e": ("access the right learning", "q20e", "q22e", "q24e", "q24e", "q24e"),
    "q20a": ("secure raising concerns about unsafe clinical practice", "q17a", "q19a", "q20a", "q20a", "q20a"),
    "q21": ("respects individual differences", "q18", "q20", "q21", "q21", "q21"),
}


@pytest.mark.parametrize("concept", BY_HAND)
def test_a_concept_has_the_number_of_each_year(concept, numbers, concepts):
    wording, *by_year = BY_HAND[concept]
    assert wording in concepts[concept]["question_text"]
    assert [numbers[year, concept] for year in YEARS] == by_year


def test_one_number_is_another_question_in_another_year(numbers):
    asked = {(year, number): concept for (year, concept), number in numbers.items()}
    assert asked[2021, "q21a"] == "q25a" and asked[2023, "q21"] == "q21"
    assert (asked[2021, "q23a"], asked[2024, "q23a"]) == ("covid_a", "q23a")
    assert (asked[2022, "q19a"], asked[2023, "q19a"]) == ("q20a", "q19a")


@pytest.mark.parametrize(
    ("concept", "first"),
    [("q17a", 2023), ("q22", 2023), ("q24f", 2023), ("q33", 2023), ("q18", 2022), ("q19a", 2022)],
)
def test_new_questions_have_no_number_before(concept, first, numbers, concepts):
    assert [year for year in YEARS if (year, concept) in numbers] == [year for year in YEARS if year >= first]
    assert concepts[concept]["comparable_from"] == first


def test_a_changed_wording_ends_comparison(concepts):
    changed = {name for name, row in concepts.items() if row["comparable_from"] == 2025}
    assert changed == {"q11b", "q15", *(f"q16c_{part}" for part in range(1, 8))}


def test_questions_that_measures_and_drivers_rest_on_are_expected_in_every_file():
    used = set(pl.read_csv(seed_path("survey_item"))["concept"]) | {"staff_engagement", "e_3", "morale"}
    listed = pl.read_csv(seed_path("survey_question")).filter(pl.col("concept").is_in(used))
    assert set(listed["concept"]) == used and listed["is_expected"].all()
