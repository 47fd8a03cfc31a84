"""What `impact organisations` prints: what became of organisations, in the sentences of the release.

Belongs here: which sentences, in which order. Does not belong here: working anything out (dbt_project/).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import Fault
from pipelines.release import connect
from pipelines.release.reading import literal

if TYPE_CHECKING:
    import duckdb
    from rich.console import Console

SECTIONS = {
    "Chains: the successor was succeeded in turn": "event = 'merged_into' and chain like '%|%|%'",
    "Splits: not rolled forward": "event = 'split_into'",
    "Transfers of a part: not rolled forward": "event = 'transferred_part_to'",
    "Missing links: closed, and no source names a successor": "event = 'closed_without_successor'",
    "Circles: not rolled forward": "roll_forward_status = 'cycle_not_rolled'",
}
"""Heading, and rows of pub_organisation_history."""
FIGURES = {
    "is_current": "under its own code",
    "rolled_forward": "rolled forward",
    "split_not_rolled": "not rolled forward: split into parts of unknown size",
    "partial_not_rolled": "not rolled forward: a part of unknown size came or went",
    "missing_link": "under its own code: closed, and no source names a successor",
    "cycle_not_rolled": "not rolled forward: the successions go round in a circle",
}
"""Each roll_forward_status in words."""


def print_organisations(database: Path, code: str | None, out: Console) -> None:
    """The history of one organisation; without a code, whatever could not be rolled forward simply."""
    with connect(database) as connection:
        if code:
            _print_one(connection, code.upper(), out)
        else:
            _print_all(connection, out)


def _print_all(connection: duckdb.DuckDBPyConnection, out: Console) -> None:
    (rolled,) = connection.execute(
        "select count(distinct org_code) from pub_organisation_history where roll_forward_status = 'rolled_forward'"
    ).fetchone()
    out.print(f"{rolled} organisations are rolled forward to a successor")
    for heading, rows in SECTIONS.items():
        found = _sentences(connection, rows)
        out.print(f"\n{heading} ({len(found)})")
        _print_sentences(found, out)


def _print_one(connection: duckdb.DuckDBPyConnection, code: str, out: Console) -> None:
    found = _sentences(connection, f"org_code = {literal(code)}")
    if not found:
        raise Fault(
            f"impact organisations {code}",
            "no event of this organisation",
            "an ODS code that a list of organisations or a list of successions has",
            "a misspelt code, or an organisation that only reports figures",
            'look for it with: impact query "select org_code, org_name from dim_organisation"',
        )
    _print_sentences(found, out)
    for status, chain in connection.execute(
        "select distinct roll_forward_status, replace(chain, '|', ', then ') from pub_organisation_history "
        f"where org_code = {literal(code)} and roll_forward_status is not null"
    ).fetchall():
        out.print(f"figures: {FIGURES[status]} ({chain})", markup=False, soft_wrap=True)


def _sentences(connection: duckdb.DuckDBPyConnection, rows: str) -> list[str]:
    """The sentences of these rows by day, with the chain where it has more than one successor."""
    answer = connection.execute(
        "select sentence || case when event = 'merged_into' and chain like '%|%|%' "
        "then ' Chain: ' || replace(chain, '|', ', then ') || '.' else '' end "
        f"from pub_organisation_history where {rows} order by event_on nulls first, org_code, event, to_code"
    )
    return [text for (text,) in answer.fetchall()]


def _print_sentences(sentences: list[str], out: Console) -> None:
    for sentence in sentences:
        out.print(f"  {sentence}", markup=False, soft_wrap=True)
