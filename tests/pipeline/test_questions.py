"""The questions that readers ask, and the selects of the README that answer them, run on a release of the sample."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from pipelines.clients.kits import cookbook, questions
from pipelines.settings import DUCKDB_FILE

# What readers ask, and the table that answers; the README asks them in these words.
QUESTIONS = {
    "Where is each driver strong or weak, by type and region, on what coverage?": "pub_driver_maturity",
    "Did it change, on comparable items only?": "pub_maturity_change",
    "Does self-rating agree with staff experience and with well-led?": "pub_maturity_agreement",
    "Which driver is associated with which outcome, adjusted for type, region and prior value?": (
        "pub_driver_outcome_association"
    ),
    "Is there a dose-response across levels?": "pub_outcome_by_maturity_level",
    "Lead or lag?": "pub_driver_outcome_association",
    "Which organisations rate themselves above or below the evidence?": "pub_maturity_agreement",
    "What is unmeasured or suppressed?": "pub_measure_values",
    "What changed since the last release, and why?": "pub_release_changes",
    "What did the publishers revise, correct or withdraw?": "pub_revisions",
    "When is the next?": "dim_source",
}
# The ledger is about publishers' files: the SYNTHETIC sample has none of their faults. And its release is the first.
EMPTY_IN_THE_SAMPLE = {"pub_corrections", "pub_release_changes"}
LONGEST_SENTENCE = 60  # words

ANSWERS = questions()
SELECTS = [select for _, selects in cookbook(ANSWERS) for select in selects]


@pytest.fixture(scope="module")
def release(served_sample: Path):
    file = (served_sample / "serving" / "current").resolve() / DUCKDB_FILE
    with duckdb.connect(str(file), read_only=True) as connection:
        yield connection


def tables_in(text: str) -> set[str]:
    return set(re.findall(r"\b(?:from|join) (\w+)", text))


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_has_a_select(question):
    following = ANSWERS.split(f"**{question}**")
    assert len(following) == 2, f"the README does not ask: {question}"
    assert QUESTIONS[question] in tables_in(following[1].split("\n**")[0])


@pytest.mark.parametrize("select", SELECTS, ids=lambda select: "-".join(sorted(tables_in(select))))
def test_each_select_answers(release, select):
    found = release.execute(select).fetchall()
    assert found or tables_in(select) <= EMPTY_IN_THE_SAMPLE


def test_no_block_of_the_section_is_left_out():
    assert len(SELECTS) == ANSWERS.count("```sql")


def test_each_select_is_one_plain_select():
    assert all(select.startswith("select ") and ";" not in select and "with " not in select for select in SELECTS)


def test_each_published_table_has_a_select(release):
    named = release.execute("select table_name from duckdb_tables() where starts_with(table_name, 'pub_')").fetchall()
    assert {name for (name,) in named} - tables_in("\n".join(SELECTS)) == set()


def test_the_theory_of_change_is_walked_from_the_aim_to_evidence_and_to_what_was_found(release):
    """From each primary driver to an item that is evidence of it, and to an outcome that serves a part of the aim."""
    walked = release.execute("""
        select
            pursued.to_id as driver_id,
            count(distinct evidence.to_id) as items,
            count(distinct outcome.from_id) as domains,
            count(found.sentence) as sentences
        from pub_theory_of_change as pursued
        inner join pub_theory_of_change as part on pursued.to_id = part.from_id and part.relation = 'consists_of'
        inner join pub_theory_of_change as evidence
            on part.to_id = evidence.from_id and evidence.relation = 'evidenced_by'
        inner join pub_theory_of_change as tested
            on pursued.to_id = tested.from_id and tested.relation = 'tested_against'
        inner join pub_theory_of_change as outcome on tested.to_id = outcome.to_id and outcome.relation = 'measured_by'
        inner join pub_theory_of_change as aim on outcome.from_id = aim.to_id and aim.relation = 'looked_for_in'
        inner join pub_driver_outcome_association as found
            on tested.from_id = found.exposure_id and tested.to_id = found.measure_id
        where pursued.relation = 'pursued_through' and pursued.from_id = aim.from_id
        group by pursued.to_id
    """).fetchall()
    drivers = {driver for (driver,) in release.execute("select driver_id from dim_driver").fetchall()}
    assert {driver for driver, *_ in walked} == drivers
    assert all(items >= 1 and domains == 5 and sentences >= 1 for _, items, domains, sentences in walked)


def test_every_end_of_an_edge_is_known(release):
    """A misspelt key would break a walk without a word."""
    for kind, table, key in (
        ("primary_driver", "dim_driver", "driver_id"),
        ("secondary_driver", "dim_secondary_driver", "sd_key"),
        ("outcome_measure", "dim_measure", "measure_id"),
    ):
        lost = f"""
            select to_id from pub_theory_of_change where to_kind = '{kind}' and to_id not in (select {key} from {table})
        """
        assert release.execute(lost).fetchall() == []


def test_no_sentence_is_too_long_to_read(release):
    """At most sixty words to a full stop, in every row that can be read alone."""
    columns = "select table_name from duckdb_columns() where column_name = 'sentence'"
    names = [name for (name,) in release.execute(columns).fetchall()]
    assert "pub_outcome_by_maturity_level" in names
    for name in names:
        texts = release.execute(f"select distinct sentence from {name} where sentence is not null").fetchall()
        parts = {part for (text,) in texts for part in re.split(r"(?<=\.)\s+(?=[A-Z])", text)}
        assert [part for part in parts if len(part.split()) > LONGEST_SENTENCE] == [], name


@pytest.mark.parametrize(
    ("table", "measure"),
    [
        ("pub_driver_outcome_association", "measure_id"),
        ("pub_outcome_by_maturity_level", "measure_id"),
        ("pub_response_bias", "category"),
    ],
)
def test_every_link_to_a_rating_tells_how_old_ratings_are(release, table, measure):
    """Beside the day as at which they stood: their median age, or since when those that count were given."""
    ways = ("median age of ratings % years%", "rated since April %")
    told = " or ".join(f"sentence like '%(' || outcome_period_key || ', {way}'" for way in ways)
    found = release.execute(
        f"select count(*), count(*) filter (where {told}) from {table} where {measure} like 'cqc_%' "
        "and outcome_period_key is not null and sentence not like 'Not shown%'"
    ).fetchone()
    assert found[0] == found[1] > 0
