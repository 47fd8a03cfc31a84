"""What the gate demands of figures that tell of few persons or few organisations.

Belongs here: looking at what is shown in the candidate, whatever was done to get it there. Does not belong here: hiding
anything (disclosure.py, dbt), and what subtracting releases would tell (differencing.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.release.differencing import MINIMUM
from pipelines.release.reading import identifier, literal
from pipelines.release.rules import Examination, Rule, values
from schemas import published
from schemas.source import Source

COUNTED = ("fct_measure_values", "pub_measure_values", "pub_measure_values_todays_footprint")
"""Tables that show numerators and denominators of measures by organisation."""
PARTS = ("numerator", "denominator")


def consent(policy: Mapping[str, Mapping[str, str]]) -> Examination:
    """One row: released table, with the least number of organisations behind a figure that it shows.

    policy: the part `consent` of gate.yml, the column with the number and the rows in which it must hold.
    """
    sql = " union all ".join(
        f"select {literal(table)} as table_name, min({identifier(one['column'])}) as organisations "
        f"from {identifier(table)} where {identifier(one['column'])} > 0 and ({one['where']})"
        for table, one in sorted(policy.items())
    )
    words = f"no figure that rests on self-assessments is shown of fewer than {MINIMUM} organisations"
    arguments = {"column": "organisations", "min_value": MINIMUM}
    rule = Rule("consent_minimum", "all tables", words, "ExpectColumnValuesToBeBetween", arguments, "table_name")
    return Examination("consent_minimum", sql, (rule,), ("table_name",))


def person_counts(sources: Mapping[str, Source]) -> list[Examination]:
    """One row: table and measure that counts persons, with the shown counts that break the rule of its source.

    Below the national level a count is 0, or too large to be hidden and, where the rule rounds, a multiple. Empty where
    no source counts persons whom nobody has protected yet.
    """
    rules = [
        (measure.measure_id, source.disclosure.hide_up_to, source.disclosure.round_to or 1)
        for source in sources.values()
        if source.disclosure.is_of_persons
        for measure in source.measures
    ]
    if not rules:
        return []
    sql = " union all ".join(_shown(table, part, rules) for table in COUNTED for part in PARTS)
    words = "every count of persons below the national level is 0, or large enough, and rounded as its source says"
    arguments = {"column": "counts", "value_set": [0]}
    rule = Rule("person_count", "all measures", words, "ExpectColumnValuesToBeInSet", arguments, "place")
    return [Examination("person_counts", sql, (rule,), ("place",))]


def _shown(table: str, part: str, rules: list[tuple[Any, ...]]) -> str:
    return (
        f"select v.measure_id || ' in {table}.{part}' as place, count(*) filter (where v.{part} <> 0 "
        f"and (v.{part} <= r.most or v.{part} % r.nearest <> 0))::bigint as counts from {table} as v "
        f"inner join ({values(rules)}) as r(measure_id, most, nearest) on r.measure_id = v.measure_id "
        f"where v.org_code <> {literal(published.ENGLAND)} group by v.measure_id"
    )
