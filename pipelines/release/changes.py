"""The table pub_release_changes: what differs from the last release in sum, and its account in words.

Belongs here: adding up the rows of revisions.py by table, indicator, kind of change and reason, as SQL; sentences by
rule. Does not belong here: finding the rows (revisions.py), or what needs a written reason (movement.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipelines.release.comparison import Compared, Policy, read_policy
from pipelines.release.reading import identifier, literal
from pipelines.release.reasons import Facts
from schemas import published

CHANGES = published.RELEASE_CHANGES.name
FIRST = "This is the first release: there is none before it to compare it with."
EXTENT = (
    "table_name varchar, indicator_id varchar, rows_before bigint, organisations_before bigint, "
    "organisations_after bigint, periods_before bigint, periods_after bigint"
)
"""The columns of the table `extent`: what each indicator had, and has."""
WORDS = {"added": "added", "removed": "removed", "revised": "revised", "changed": "new or different"}
ENGLAND = literal(published.ENGLAND)
# Of a named organisation nothing is told that its answers were before, so no movement either.
MOVED = "is_figure and new_number is not null and old_number is not null"
FURTHEST = "order by abs(new_number - old_number) desc, row_key"
SUMMED = f"""
    select table_name, indicator_id, change, reason, bool_or(is_self_assessed) as is_self_assessed,
        count(distinct row_key) as n_rows,
        count(distinct row_key) filter (is_figure or change in ('added', 'removed')) as n_values,
        case when not bool_or(is_self_assessed)
            then count(distinct org_code) filter (org_code <> {ENGLAND}) end as n_organisations,
        first(round(new_number - old_number, 9) {FURTHEST}) filter ({MOVED}) as largest_movement,
        first(row_key {FURTHEST}) filter ({MOVED}) as largest_in,
        first(round(new_number - old_number, 9) {FURTHEST}) filter ({MOVED} and org_code = {ENGLAND})
            as england_movement
    from differing group by all
    union all by name
    select 'all' as table_name, 'unchanged' as change, 'unchanged' as reason, 0 as n_rows, 0 as n_values
    where not exists (select 1 from differing)
"""


@dataclass(frozen=True)
class Between:
    """The two releases that are compared, and the data_origin of both; no release_from where there is none."""

    release_from: str
    release_id: str
    data_origin: str


def summary(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What changed since the last release, in sentences, the most weighty reason first. Of a release that is open."""
    found = connection.execute(
        "select reason, sum(n_rows)::bigint, count(distinct coalesce(indicator_id, table_name)), min(release_from) "
        f"from {CHANGES} group by reason order by sum(n_rows) desc, reason"
    ).fetchall()
    if not found:
        return [FIRST]
    if found[0][0] == "unchanged":
        return [f"No row differs from release {found[0][3]}."]
    reasons = read_policy().reasons
    return [
        f"{_counted(rows, 'row')} of {_counted(subjects, 'indicator or table', 'indicators or tables')} "
        f"{'differs' if rows == 1 else 'differ'} from release {last}, {reasons[reason]}."
        for reason, rows, subjects, last in found
    ]


def _counted(number: int, one: str, several: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def sum_sql(policy: Policy, facts: Facts, between: Between, explained: Mapping[str, str]) -> str:
    """SQL that fills pub_release_changes from `differing` and `extent`; one row says so where no row differs.

    explained: the written reason by indicator, or by table where it has none.
    """
    units = {table.name: table.unit for table in policy.tables if table.unit}
    return f"""
        insert into candidate.main.{CHANGES} by name
        select summed.* exclude (is_self_assessed), extent.* exclude (table_name, indicator_id),
            coalesce({_mapped("summed.indicator_id", facts.units)}, {_mapped("summed.table_name", units)}) as unit,
            {_mapped("coalesce(summed.indicator_id, summed.table_name)", explained)} as explanation,
            {literal(between.release_from)} as release_from, {_sentence(policy)} as sentence,
            {literal(between.data_origin)} as data_origin, {literal(between.release_id)} as release_id
        from ({SUMMED}) as summed
        left join extent on extent.table_name = summed.table_name and extent.indicator_id = summed.indicator_id
        order by summed.table_name, summed.indicator_id nulls last, summed.change, summed.reason
    """


def extent_sql(table: Compared) -> str:
    """SQL that adds what each indicator of a table had and has: rows, organisations beside England, and periods."""
    indicator, period = identifier(str(table.indicator)), identifier(str(table.period))

    def counted(database: str) -> str:
        return (
            f"select {indicator} as indicator_id, count(*) as n, "
            f"count(distinct org_code) filter (org_code <> {ENGLAND}) as organisations, "
            f"count(distinct {period}) as periods from {database}.main.{identifier(table.name)} group by all"
        )

    return (
        f"insert into extent select {literal(table.name)}, indicator_id, last.n, last.organisations, "
        "coalesce(now.organisations, 0), last.periods, coalesce(now.periods, 0) "
        f"from ({counted('last')}) as last left join ({counted('candidate')}) as now using (indicator_id)"
    )


def _sentence(policy: Policy) -> str:
    """The row in words, as SQL."""
    organisations = f"case when n_organisations > 0 then ' of ' || {_number_of('organisation')} else '' end"
    return (
        "case when change = 'unchanged' then 'No row differs from the last release.' else "
        f"coalesce(summed.indicator_id || ' in ', '') || summed.table_name || ': ' || {_number_of('row')} "
        f"|| {organisations} || case when n_rows = 1 then ' is ' else ' are ' end || {_mapped('change', WORDS)} "
        f"|| ', ' || {_mapped('reason', policy.reasons)} || '.' "
        "|| coalesce(format(' The largest movement is {:+.4g}, in {}.', largest_movement, largest_in), '') end"
    )


def _number_of(what: str) -> str:
    return f"format('{{:,}}', n_{what}s) || case when n_{what}s = 1 then ' {what}' else ' {what}s' end"


def _mapped(expression: str, words: Mapping[str, str]) -> str:
    """SQL that puts a word in place of another; null for any that is not listed."""
    whens = " ".join(f"when {literal(one)} then {literal(other)}" for one, other in sorted(words.items()))
    return f"case {expression} {whens} end" if whens else "null::varchar"
