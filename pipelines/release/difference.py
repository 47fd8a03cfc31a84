"""What a release says otherwise than the one before it: every row, and in sum by table, indicator and reason.

Belongs here: finding the rows by a full join on the promised key, `revisions.csv`, `revisions.parquet`, the table
pub_release_changes, and its account in words. Does not belong here: why a row differs (reasons.py), or whether the
release may go out with it (movement.py).

Nothing is told that both releases do not tell themselves, and less than that in two cases. What is held back now is
not repeated from before. Of rows that rest on self-assessments only what this release shows is listed, under one word:
whether answers came, changed, were withdrawn or lost their consent is not told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.release import movement
from pipelines.release.comparison import Compared, Policy, columns_of, last_release, read_policy
from pipelines.release.export import SYNTHETIC_SUFFIX
from pipelines.release.reading import connect, identifier, literal
from pipelines.release.reasons import Facts, read_facts, reason_sql
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store import explanations
from schemas import published

CHANGES = "pub_release_changes"
REVISIONS = "revisions"
NUMBERS = ("BIGINT", "DOUBLE", "INTEGER")
FIRST = "This is the first release: there is none before it to compare it with."
TIDY = (
    "table_name, indicator_id, row_key, org_code, period_key, column_name, old_value, new_value, "
    "old_number, new_number, old_status, new_status, change, reason"
)
ORDER = "table_name, row_key, column_name nulls last"
DIFFERING = (
    "table_name varchar, indicator_id varchar, row_key varchar, org_code varchar, period_key varchar, "
    "column_name varchar, old_value varchar, new_value varchar, old_number double, new_number double, "
    "old_status varchar, new_status varchar, change varchar, reason varchar, is_figure boolean, "
    "is_self_assessed boolean"
)
EXTENT = (
    "table_name varchar, indicator_id varchar, rows_before bigint, organisations_before bigint, "
    "organisations_after bigint, periods_before bigint, periods_after bigint"
)


@dataclass(frozen=True)
class Between:
    """The two releases that are compared, and the data_origin of both; no release_from where there is none."""

    release_from: str
    release_id: str
    data_origin: str


def write_difference(connection: duckdb.DuckDBPyConnection, workspace: Workspace, release_id: str) -> None:
    """Write pub_release_changes into the attached database `candidate`, and both lists of revisions beside it.

    Called within the candidate's transaction, when the tables and release_info are there.
    """
    _create(connection)
    last = last_release(workspace, release_id)
    between = Between(last.name if last else "", release_id, published.DATA_ORIGINS[workspace.origin])
    if last is not None:
        connection.execute(f"attach {literal(last / DUCKDB_FILE)} as last (read_only)")
        _compare(connection, between, explanations.in_force(workspace, last.name))
    _write_files(connection, workspace.candidate, between)


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


def account(folder: Path) -> list[str]:
    """That summary of a candidate or release, and what still needs a written reason."""
    with connect(folder / DUCKDB_FILE) as connection:
        asked = [row for row in movement.movements(connection) if row["explanation"] is None]
        return summary(connection) + [
            f"needs a reason: {row['indicator_id']} in {row['table_name']}: {row['movement']}" for row in asked
        ]


def _counted(number: int, one: str, several: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty tables: the released one; the rows that it sums up; and what each indicator had and has."""
    released = ", ".join(f"{identifier(column.name)} {column.type}" for column in published.RELEASE_CHANGES.columns)
    connection.execute(f"create table candidate.main.{CHANGES} ({released})")
    connection.execute(f"create temp table differing ({DIFFERING})")
    connection.execute(f"create temp table extent ({EXTENT})")


def _compare(connection: duckdb.DuckDBPyConnection, between: Between, explained: Mapping[str, str]) -> None:
    policy = read_policy()
    facts = read_facts(connection, policy.volatile)
    for table in policy.tables:
        sides = Sides(
            table, columns_of(connection, "candidate", table.name), columns_of(connection, "last", table.name)
        )
        if sides.has_key(sides.now):
            connection.execute(_differing(sides, policy, facts))
        if table.is_headline and sides.has_key(sides.now) and sides.has_key(sides.last):
            connection.execute(_extent(table))
    connection.execute(_sum(policy, facts, between, explained))


@dataclass(frozen=True)
class Sides:
    """A table in both releases: type by column. Where the last release has no such key, it has no such table."""

    table: Compared
    now: Mapping[str, str]
    last: Mapping[str, str]

    def has_key(self, columns: Mapping[str, str]) -> bool:
        """Whether a row can be told by its key."""
        return set(self.table.promise.key) <= set(columns)

    @property
    def is_new(self) -> bool:
        """Whether all rows are new with the table."""
        return not self.has_key(self.last)

    @property
    def name_of_last(self) -> str:
        """What is joined as the last release's table."""
        now = f"candidate.main.{identifier(self.table.name)}"
        return f"(select * from {now} limit 0)" if self.is_new else f"last.main.{identifier(self.table.name)}"

    def either(self, column: str | None, cast: str = "") -> str:
        """A column of whichever release has the row; null where both lack the column."""
        last = self.now if self.is_new else self.last
        sides = [f"{side}.{identifier(column)}{cast}" for side, has in (("n", self.now), ("l", last)) if column in has]
        return f"coalesce({', '.join(sides)})" if column and sides else "null"

    def compared(self, policy: Policy) -> list[str]:
        """The columns whose differences count."""
        left_out = {*self.table.promise.key, *policy.volatile}
        last = self.now if self.is_new else self.last
        return [name for name in self.now if name in last and name not in left_out]


def _differing(sides: Sides, policy: Policy, facts: Facts) -> str:
    """SQL that adds the rows of one table that differ: one row for each revised cell, added row or removed row."""
    table = sides.table
    cells = {name: _cell_differs(sides, name, policy) for name in sides.compared(policy)}
    both = "n.release_id is not null and l.release_id is not null"
    on = " and ".join(f"n.{identifier(name)} is not distinct from l.{identifier(name)}" for name in table.promise.key)
    statuses = "value_status" in cells
    return f"""
        insert into differing by name
        with paired as (
            select {literal(table.name)} as table_name, {sides.either(table.indicator, "::varchar")} as indicator_id,
                {_row_key(sides)} as row_key, {sides.either("org_code")} as org_code,
                {sides.either(table.period, "::varchar")} as period_key, {sides.either(table.source)} as source_id,
                case when l.release_id is null then 'added' when n.release_id is null then 'removed' else 'revised' end
                    as change,
                {"l.value_status" if statuses else "null"} as old_status,
                {"n.value_status" if statuses else "null"} as new_status,
                {_is_self_assessed(sides)} as is_self_assessed,
                unnest([{", ".join(_cells(sides, cells))}]) as cell
            from candidate.main.{identifier(table.name)} as n full join {sides.name_of_last} as l on {on}
            where not ({both}) or {" or ".join(cells.values()) or "false"}
        ),
        found as (
            select * exclude (cell), cell.column_name as column_name, cell.is_figure as is_figure,
                cell.old_value as old_value, cell.new_value as new_value,
                cell.old_number as old_number, cell.new_number as new_number
            from paired where cell.differs
        ),
        reasoned as (select *, {reason_sql(table, facts, sides.is_new)} as reason from found)
        select * exclude (source_id) replace (
            case when {_is_told(policy)} then old_value end as old_value,
            case when {_is_told(policy)} then old_number end as old_number,
            case when not is_self_assessed then old_status end as old_status,
            case when is_self_assessed then 'changed' else change end as change
        )
        from reasoned
        where not is_self_assessed or change = 'added'
            or (change = 'revised' and new_value is not null and column_name <> 'value_status')
    """


def _is_told(policy: Policy) -> str:
    """Whether what a cell said before is repeated: not where its row is held back now."""
    return f"coalesce(new_status, '') not in ({', '.join(map(literal, policy.held_back))})"


def _row_key(sides: Sides) -> str:
    """The key of a row as a reader reads it, such as `measure_id m0, org_code R7`."""
    parts = [
        f"{literal(name + ' ')} || coalesce({sides.either(name)}::varchar, 'none')" for name in sides.table.promise.key
    ]
    return " || ', ' || ".join(parts)


def _is_self_assessed(sides: Sides) -> str:
    rests = sides.table.self_assessments
    if isinstance(rests, bool):
        return str(rests)
    return " and ".join(f"{sides.either(column)} = {literal(value)}" for column, value in rests.items())


def _cell_differs(sides: Sides, name: str, policy: Policy) -> str:
    """Two numbers are the same within the tolerance; a null is never the same as a number."""
    now, last = f"n.{identifier(name)}", f"l.{identifier(name)}"
    types = {sides.now[name], sides.now[name] if sides.is_new else sides.last[name]}
    if types == {"DOUBLE"}:
        most = f"greatest({policy.absolute}, {policy.relative} * greatest(abs({now}), abs({last})))"
        return f"({now} is distinct from {last} and coalesce(abs({now} - {last}) > {most}, true))"
    cast = "" if len(types) == 1 else "::varchar"
    return f"({now}{cast} is distinct from {last}{cast})"


def _cells(sides: Sides, cells: Mapping[str, str]) -> list[str]:
    """One struct for each column; of a row that only one release has, the figure stands for all."""
    alone = "(n.release_id is null or l.release_id is null)"
    figure = sides.table.figure if sides.table.figure in cells else None
    structs = [
        _cell(sides, name, f"case when {alone} then {name == figure} else {differs} end", name == figure)
        for name, differs in cells.items()
    ]
    return structs if figure else [*structs, _cell(sides, None, alone, False)]


def _cell(sides: Sides, name: str | None, differs: str, is_figure: bool) -> str:
    fields = [f"'column_name': {literal(name) if name else 'null::varchar'}", f"'differs': {differs}"]
    fields.append(f"'is_figure': {is_figure}")
    for age, side in (("old", "l"), ("new", "n")):
        cell = f"{side}.{identifier(name)}" if name else "null"
        is_number = name and sides.now[name] in NUMBERS
        fields += [f"'{age}_value': {cell}::varchar", f"'{age}_number': {cell if is_number else 'null'}::double"]
    return "{" + ", ".join(fields) + "}"


def _extent(table: Compared) -> str:
    """SQL that adds what each indicator of a table had and has: rows, organisations beside England, and periods."""
    indicator, period = identifier(str(table.indicator)), identifier(str(table.period))

    def counted(database: str) -> str:
        return (
            f"select {indicator} as indicator_id, count(*) as n, "
            f"count(distinct org_code) filter (org_code <> {literal(published.ENGLAND)}) as organisations, "
            f"count(distinct {period}) as periods from {database}.main.{identifier(table.name)} group by all"
        )

    return (
        f"insert into extent select {literal(table.name)}, indicator_id, last.n, last.organisations, "
        "coalesce(now.organisations, 0), last.periods, coalesce(now.periods, 0) "
        f"from ({counted('last')}) as last left join ({counted('candidate')}) as now using (indicator_id)"
    )


def _sum(policy: Policy, facts: Facts, between: Between, explained: Mapping[str, str]) -> str:
    """SQL that fills pub_release_changes from the rows that differ; one row says so where none does."""
    may_be_named = "not (is_self_assessed and org_code is not null)"
    movement_of = f"filter (is_figure and new_number is not null and old_number is not null and {may_be_named})"
    moved = "round(new_number - old_number, 9)"
    largest = "order by abs(new_number - old_number) desc, row_key"
    of_england = f"filter (is_figure and org_code = {literal(published.ENGLAND)} and change = 'revised')"
    units = {table.name: table.unit for table in policy.tables if table.unit}
    return f"""
        insert into candidate.main.{CHANGES} by name
        with summed as (
            select table_name, indicator_id, change, reason, bool_or(is_self_assessed) as is_self_assessed,
                count(distinct row_key) as n_rows,
                count(distinct row_key) filter (is_figure or change in ('added', 'removed')) as n_values,
                case when not bool_or(is_self_assessed) then
                    count(distinct org_code) filter (org_code <> {literal(published.ENGLAND)}) end as n_organisations,
                first({moved} {largest}) {movement_of} as largest_movement,
                first(row_key {largest}) {movement_of} as largest_in,
                first({moved} {largest}) {of_england} as england_movement
            from differing group by all
            union all by name
            select 'all' as table_name, 'unchanged' as change, 'unchanged' as reason, 0 as n_rows, 0 as n_values
            where not exists (select 1 from differing)
        )
        select summed.* exclude (is_self_assessed), extent.* exclude (table_name, indicator_id),
            coalesce({_mapped("summed.indicator_id", facts.units)}, {_mapped("summed.table_name", units)}) as unit,
            {_mapped("coalesce(summed.indicator_id, summed.table_name)", explained)} as explanation,
            {literal(between.release_from)} as release_from, {_sentence(policy)} as sentence,
            {literal(between.data_origin)} as data_origin, {literal(between.release_id)} as release_id
        from summed left join extent
            on extent.table_name = summed.table_name and extent.indicator_id = summed.indicator_id
        order by summed.table_name, summed.indicator_id nulls last, summed.change, summed.reason
    """


def _sentence(policy: Policy) -> str:
    """The row in words, as SQL."""
    of = "case when n_organisations > 0 then ' of ' || {} else '' end"
    organisations = of.format(
        "n_organisations || case when n_organisations = 1 then ' organisation' else ' organisations' end"
    )
    words = {"added": "added", "removed": "removed", "revised": "revised", "changed": "new or different"}
    return (
        "case when change = 'unchanged' then 'No row differs from the last release.' else "
        "coalesce(summed.indicator_id || ' in ', '') || summed.table_name || ': ' || n_rows "
        f"|| case when n_rows = 1 then ' row' else ' rows' end || {organisations} "
        f"|| case when n_rows = 1 then ' is ' else ' are ' end || {_mapped('change', words)} || ', ' "
        f"|| {_mapped('reason', policy.reasons)} || '.' "
        "|| coalesce(format(' The largest movement is {:+.4g}, in {}.', largest_movement, largest_in), '') end"
    )


def _mapped(expression: str, words: Mapping[str, str]) -> str:
    """SQL that puts a word in place of another; null for any that is not listed."""
    whens = " ".join(f"when {literal(one)} then {literal(other)}" for one, other in sorted(words.items()))
    return f"case {expression} {whens} end" if whens else "null::varchar"


def _write_files(connection: duckdb.DuckDBPyConnection, folder: Path, between: Between) -> None:
    """`revisions.parquet` and `revisions.csv`; in the latter, lines end as RFC 4180 wants, which DuckDB cannot do."""
    mark = SYNTHETIC_SUFFIX if between.data_origin == published.DATA_ORIGINS["synthetic"] else ""
    releases = (
        f"nullif({literal(between.release_from)}, '') as release_from, {literal(between.release_id)} as release_to"
    )
    sql = f"select {TIDY}, {releases}, {literal(between.data_origin)} as data_origin from differing order by {ORDER}"
    stamp = f"{{data_origin: {literal(between.data_origin)}, release_id: {literal(between.release_id)}}}"
    parquet = folder / f"{REVISIONS}{mark}.parquet"
    connection.execute(f"copy ({sql}) to {literal(parquet)} (format parquet, compression zstd, kv_metadata {stamp})")
    connection.execute("drop table differing")
    # From the file and in pieces: a release that revises every figure would not fit in memory twice.
    pl.scan_parquet(parquet).sink_csv(parquet.with_suffix(".csv"), line_terminator="\r\n")
