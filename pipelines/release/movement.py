"""Large movements between two releases: which they are, and taking down the reason that somebody writes for one.

Belongs here: the limits (policy/movement.yml) as one examination of the gate, and what may be explained. Does not
belong here: measuring the movements (changes.py), or the record of reasons (store/explanations.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipelines.errors import Fault
from pipelines.release.reading import connect, literal, rows
from pipelines.release.rules import Examination, Rule
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store import explanations
from pipelines.store.explanations import Explanation

POLICY = Path(__file__).with_name("policy") / "movement.yml"
SUBJECT = "coalesce(indicator_id, table_name)"
# What is announced to go may go.
INDICATORS = """
    select table_name, indicator_id, sum(n_values) filter (change = 'revised') as revised,
        max(rows_before) as rows_before, max(organisations_before) as organisations_before,
        max(organisations_after) as organisations_after, max(periods_before) as periods_before,
        max(periods_after) as periods_after, max(explanation) as explanation
    from pub_release_changes where rows_before > 0
    group by table_name, indicator_id having not bool_or(reason = 'deprecation')
"""


@cache
def read_limits(path: Path = POLICY) -> dict[str, Any]:
    """The limits in force."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def examination() -> Examination:
    """One row: table, indicator and limit that was passed, with the written reason if there is one."""
    rule = Rule(
        "movement",
        "all indicators",
        "every large movement since the last release has a written reason",
        "ExpectColumnValuesToNotBeNull",
        {"column": "explanation"},
    )
    return Examination("movement", movements_sql(read_limits()), (rule,), ("indicator_id", "table_name", "movement"))


def movements(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of that examination, of a candidate that is open."""
    return rows(connection, movements_sql(read_limits()))


def movements_sql(limits: Mapping[str, Any]) -> str:
    """A select on pub_release_changes: what needs a reason, and the reason."""
    of_unit = ", ".join(f"({literal(unit)}, {float(most)})" for unit, most in sorted(limits["england"].items()))
    return f"""
        with indicators as ({INDICATORS}),
        england as (
            select table_name, indicator_id, explanation, max_by(england_movement, abs(england_movement)) as moved,
                any_value(most) as most, any_value(unit) as unit
            from pub_release_changes inner join (values {of_unit}) as allowed(unit, most) using (unit)
            where rows_before > 0 group by table_name, indicator_id, explanation
        ),
        large as (
            select table_name, indicator_id, explanation,
                format('England moved by {{:+.4g}} ({{}}), limit {{:g}}', moved, unit, most) as movement
            from england where abs(moved) > most
            {_shares(limits)}
            union all
            select table_name, indicator_id, explanation, 'rows that differ, and nothing on record says why: ' || n_rows
            from pub_release_changes where reason = 'unexplained' and n_rows > {int(limits["unexplained_rows"])}
        )
        select table_name, {SUBJECT} as indicator_id, movement, explanation from large order by all
    """


def _shares(limits: Mapping[str, Any]) -> str:
    """The limits that are percentages of what the indicator had."""
    shares = (
        ("revised", "rows_before", "revised_percent", "% of the values are revised"),
        (
            "(organisations_before - organisations_after)",
            "organisations_before",
            "lost_organisations_percent",
            "% of the organisations are gone",
        ),
        ("(periods_before - periods_after)", "periods_before", "lost_periods_percent", "% of the periods are gone"),
    )
    return " ".join(
        f"union all select table_name, indicator_id, explanation, "
        f"format('{{:.3g}} {words}, limit {float(limits[limit]):g} %', 100.0 * {part} / {whole}) "
        f"from indicators where {whole} > 0 and 100.0 * {part} / {whole} > {float(limits[limit])}"
        for part, whole, limit, words in shares
    )


def explain(workspaces: Iterable[Workspace], indicator_id: str, reason: str, by: str) -> Explanation:
    """Puts a reason on record for the candidate that was refused. Raises Fault where it asks for none such."""
    where = f"impact release explain {indicator_id}"
    if not reason.strip():
        raise Fault(where, "no reason", "a sentence that readers understand", "an empty --reason", "give one")
    asking = {place: _asked(place) for place in workspaces if (place.candidate / DUCKDB_FILE).exists()}
    chosen = [(place, asked[indicator_id]) for place, asked in asking.items() if indicator_id in asked]
    if len(chosen) != 1:
        raise _not_asked(where, indicator_id, {subject for asked in asking.values() for subject in asked})
    workspace, release_from = chosen[0]
    return explanations.record(workspace, release_from, indicator_id, reason, by)


def _asked(workspace: Workspace) -> dict[str, str]:
    """The release that is compared with, by indicator that needs a reason."""
    with connect(workspace.candidate / DUCKDB_FILE) as connection:
        found = connection.execute("select min(release_from) from pub_release_changes").fetchone()
        return {row["indicator_id"]: str(found and found[0]) for row in movements(connection)}


def _not_asked(where: str, indicator_id: str, asked: set[str]) -> Fault:
    near = get_close_matches(indicator_id, asked, n=1, cutoff=0.0)
    return Fault(
        where,
        f"no candidate asks for a reason for `{indicator_id}`",
        f"one of {len(asked)} that need one; the nearest is `{near[0]}`" if near else "a candidate that was refused",
        "a misspelt name, a release that went out, or none that was refused for a movement",
        "read why the last candidate was refused, and name the indicator as it stands there",
    )
