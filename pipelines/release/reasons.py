"""Why a row differs between two releases: what else changed from the one to the other, and the rule made of it.

Belongs here: reading in both releases which files, corrections, decisions, organisations and definitions changed, and
the SQL that gives each row its reason. Does not belong here: finding the rows (revisions.py), or the words for a
reason (policy/difference.yml). Nothing is read but released tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from pipelines.release.comparison import Compared, common_columns
from pipelines.release.promises import going
from pipelines.release.reading import identifier, literal

# What must differ for a source to be the reason, first reason first. The first column names the source.
BY_SOURCE = {
    "correction": "select source_id, correction_id, edition, vintage, action, status, cells_affected "
    "from {}.main.pub_corrections",
    "decision": "select source_id, edition, vintage from {}.main.pub_source_status where decision = 'drop'",
    "publishers_revision": "select source_id, edition, vintage from {}.main.pub_source_status "
    "where outcome = 'accepted'",
}
ORGANISATIONS = (
    "select org_code, organisation_type, closed_on from {}.main.dim_organisation",
    "select unnest([from_code, to_code]), effective_on, kind, weight from {}.main.bridge_organisation_succession",
)
NAMES = "select org_code, org_name from {}.main.dim_organisation where is_current"
METHODS = (
    "select code_version from {}.main.release_info",
    "select distinct mapping_version from {}.main.pub_driver_evidence",
)
MEASURES = "select measure_id, source_id, unit from {}.main.dim_measure"
NAMING = ("org_name", "organisation_type")
"""Columns that say what an organisation is, and nothing of how it does."""


@dataclass(frozen=True)
class Facts:
    """What changed between two releases. sources and measures: the reason by source, and by measure of the source.

    definitions: measures that are defined anew. going: indicators and tables of which it was announced that they go.
    """

    sources: Mapping[str, str]
    measures: Mapping[str, str]
    units: Mapping[str, str]
    organisations: frozenset[str]
    names: frozenset[str]
    definitions: frozenset[str]
    going: frozenset[str]
    is_method_changed: bool


def read_facts(connection: duckdb.DuckDBPyConnection, volatile: Iterable[str]) -> Facts:
    """The facts of the attached databases `candidate` and `last`."""
    sources: dict[str, str] = {}
    for reason, select in BY_SOURCE.items():
        sources |= {source: reason for source in _differing(connection, select) if source not in sources}
    measures = _rows(connection, f"{MEASURES.format('last')} union {MEASURES.format('candidate')}")
    columns = [name for name in common_columns(connection, "dim_measure") if name not in set(volatile)]
    definition = ", ".join(map(identifier, ["measure_id", *(name for name in columns if name != "measure_id")]))
    return Facts(
        sources=sources,
        measures={measure: sources[source] for measure, source, _ in measures if source in sources},
        units={measure: unit for measure, _, unit in measures},
        organisations=frozenset().union(*(_differing(connection, select) for select in ORGANISATIONS)),
        names=_differing(connection, NAMES),
        definitions=_differing(connection, f"select {definition} from {{}}.main.dim_measure"),
        going=going(),
        is_method_changed=any(_differing(connection, select) for select in METHODS),
    )


def _differing(connection: duckdb.DuckDBPyConnection, select: str) -> frozenset[str]:
    """The first column of the rows that only one of the releases has."""
    now, last = select.format("candidate"), select.format("last")
    rows = _rows(connection, f"(({now}) except ({last})) union (({last}) except ({now}))")
    return frozenset(str(row[0]) for row in rows)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple]:
    """None where a release lacks the table or a column: an old one may, and of a new one the gate says so."""
    try:
        return connection.execute(sql).fetchall()
    except (duckdb.BinderException, duckdb.CatalogException):
        return []


def reason_sql(table: Compared, facts: Facts, is_new: bool) -> str:
    """The reason of a row of `found` (revisions.py), as an expression. The first rule that holds is the reason.

    is_new: whether the last release had no such table.
    """
    rules = [
        ("self_assessments", "is_self_assessed"),
        ("deprecation", f"change = 'removed' and {_among('indicator_id', facts.going)}"),
        *([("new_table", "true")] if is_new else _new(table)),
        *([(table.reason, "true")] if table.reason else []),
        ("organisation_change", _among("org_code", facts.organisations)),
        ("organisation_change", f"{_among('column_name', NAMING)} and {_among('org_code', facts.names)}"),
        *_from_sources(table, facts),
        ("judged_together", f"{_among('column_name', table.judged_together)} and {bool(facts.measures)}"),
        ("method", f"{_among('indicator_id', facts.definitions)} or {facts.is_method_changed}"),
        ("organisation_change", str(table.pooled and bool(facts.organisations))),
    ]
    whens = " ".join(f"when {condition} then {literal(reason)}" for reason, condition in rules)
    return f"case {whens} else 'unexplained' end"


def _new(table: Compared) -> list[tuple[str, str]]:
    """A row that was added is new with its indicator, or with its period."""
    last = f"from last.main.{identifier(table.name)} as earlier where "
    rules = []
    of_indicator = "true"
    if table.indicator:
        of_indicator = f"earlier.{identifier(table.indicator)}::varchar is not distinct from found.indicator_id"
        rules.append(("new_indicator", f"change = 'added' and not exists (select 1 {last}{of_indicator})"))
    if table.period:
        of_period = f"earlier.{identifier(table.period)}::varchar is not distinct from found.period_key"
        condition = f"change = 'added' and not exists (select 1 {last}{of_indicator} and {of_period})"
        rules.append(("new_period", condition))
    return rules


def _from_sources(table: Compared, facts: Facts) -> list[tuple[str, str]]:
    """By rank, what is on record of the row's own source, of its measure's and of the table's."""
    rules = []
    for reason in BY_SOURCE:
        sources = {source for source, why in facts.sources.items() if why == reason}
        measures = {measure for measure, why in facts.measures.items() if why == reason}
        is_table = bool(sources & set(table.sources))
        parts = [_among("source_id", sources), _among("indicator_id", measures), str(is_table)]
        rules.append((reason, " or ".join(parts)))
    return rules


def _among(expression: str, values: Iterable[str]) -> str:
    listed = ", ".join(literal(value) for value in sorted(values))
    return f"({expression} in ({listed}))" if listed else "false"
