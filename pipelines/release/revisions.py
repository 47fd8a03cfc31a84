"""The rows that differ between two releases: a full join of each table on its promised key, as SQL.

Belongs here: which cells differ, and how much of them is told. Does not belong here: why they differ (reasons.py), or
what they come to in sum (changes.py).

Nothing is told that both releases do not tell themselves, and less than that in two cases. What is held back now is
not repeated from before. Of rows that rest on self-assessments only what this release shows is listed, under one word:
whether answers came, changed, were withdrawn or lost their consent is not told apart; nor what a named organisation
answered before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.release.comparison import Compared, Policy
from pipelines.release.reading import identifier, literal
from pipelines.release.reasons import Facts, reason_sql

NUMBERS = ("BIGINT", "DOUBLE", "INTEGER")
ALONE = "(n.release_id is null or l.release_id is null)"
"""Whether only one of the releases has the row: n is now, l is last."""
DIFFERING = (
    "table_name varchar, indicator_id varchar, row_key varchar, org_code varchar, period_key varchar, "
    "column_name varchar, old_value varchar, new_value varchar, old_number double, new_number double, "
    "old_status varchar, new_status varchar, change varchar, reason varchar, is_figure boolean, "
    "is_self_assessed boolean"
)
"""The columns of the table `differing`: a row for each revised cell, and for each added or removed row."""
IS_TOLD = (
    "not is_self_assessed or change = 'added' "
    "or (change = 'revised' and new_value is not null and column_name <> 'value_status')"
)


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


def differing_sql(sides: Sides, policy: Policy, facts: Facts) -> str:
    """SQL that adds what differs in one table to `differing`."""
    fields = ("column_name", "is_figure", "old_value", "new_value", "old_number", "new_number")
    told = _is_repeated(policy)
    return f"""
        insert into differing by name
        with paired as ({_paired(sides, policy)}),
        found as (
            select * exclude (cell), {", ".join(f"cell.{field} as {field}" for field in fields)}
            from paired where cell.differs
        ),
        reasoned as (select *, {reason_sql(sides.table, facts, sides.is_new)} as reason from found)
        select * exclude (source_id) replace (
            case when {told} then old_value end as old_value,
            case when {told} then old_number end as old_number,
            case when not is_self_assessed then old_status end as old_status,
            case when is_self_assessed then 'changed' else change end as change
        )
        from reasoned where {IS_TOLD}
    """


def _paired(sides: Sides, policy: Policy) -> str:
    """One row for each cell of the rows that differ in any cell, or that only one release has."""
    table = sides.table
    cells = {name: _cell_differs(sides, name, policy) for name in sides.compared(policy)}
    on = " and ".join(f"n.{identifier(name)} is not distinct from l.{identifier(name)}" for name in table.promise.key)
    old, new = ("l.value_status", "n.value_status") if "value_status" in cells else ("null", "null")
    return f"""
        select {literal(table.name)} as table_name, {sides.either(table.indicator, "::varchar")} as indicator_id,
            {_row_key(sides)} as row_key, {sides.either("org_code")} as org_code,
            {sides.either(table.period, "::varchar")} as period_key, {sides.either(table.source)} as source_id,
            case when l.release_id is null then 'added' when n.release_id is null then 'removed' else 'revised' end
                as change,
            {old} as old_status, {new} as new_status, {_is_self_assessed(sides)} as is_self_assessed,
            unnest([{", ".join(_cells(sides, cells))}]) as cell
        from candidate.main.{identifier(table.name)} as n full join {sides.name_of_last} as l on {on}
        where {" or ".join([ALONE, *cells.values()])}
    """


def _is_repeated(policy: Policy) -> str:
    """Whether what a cell said before is repeated.

    Not where its row is held back now, and not an answer of a named organisation, which may have withdrawn it.
    """
    held_back = ", ".join(map(literal, policy.held_back))
    return f"coalesce(new_status, '') not in ({held_back}) and not (is_self_assessed and org_code is not null)"


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
    figure = sides.table.figure if sides.table.figure in cells else None
    structs = [
        _cell(sides, name, f"case when {ALONE} then {name == figure} else {differs} end", name == figure)
        for name, differs in cells.items()
    ]
    return structs if figure else [*structs, _cell(sides, None, ALONE, False)]


def _cell(sides: Sides, name: str | None, differs: str, is_figure: bool) -> str:
    fields = [f"'column_name': {literal(name) if name else 'null::varchar'}", f"'differs': {differs}"]
    fields.append(f"'is_figure': {is_figure}")
    for age, side in (("old", "l"), ("new", "n")):
        cell = f"{side}.{identifier(name)}" if name else "null"
        is_number = name and sides.now[name] in NUMBERS
        fields += [f"'{age}_value': {cell}::varchar", f"'{age}_number': {cell if is_number else 'null'}::double"]
    return "{" + ", ".join(fields) + "}"
