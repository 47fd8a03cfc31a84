"""What the gate demands of a candidate, as data: frames to look at and what must hold in each.

Belongs here: turning the promises of schemas/published.py into expectations, and the advice that goes with
each kind. Does not belong here: running them (gate.py), or a promise itself (schemas/published.py).

A rule names an expectation of Great Expectations by its class and arguments, without importing it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.release.reading import identifier, literal
from schemas import published
from schemas.published import Column, Reference, Table

ADVICE = {
    "promised_columns": (
        "a model was renamed, or a column dropped, renamed or cast to another type",
        "restore column and type in the model's contract; a change that is meant raises SCHEMA_VERSION",
    ),
    "portable_types": (
        "a sum or a decimal division was not cast",
        "cast the column to bigint or double in the model",
    ),
    "unique_key": (
        "a join multiplied rows, or two vintages of one edition were both taken as the newest",
        "look at the rows named above in the build file and mend the model that first repeats them",
    ),
    "not_null": (
        "a join found no partner, or a source left the cell empty",
        "follow the rows named above back to their source row; complete the reference data or the model",
    ),
    "vocabulary": (
        "a new word from a publisher was passed on",
        "map the word in the source's YAML, or add it to schemas/published.py if readers are to see it",
    ),
    "stamp": (
        "the workspace holds data of another origin, or a table was copied from another build",
        "check IMPACT_ORIGIN, and rebuild this workspace from its own raw files only",
    ),
    "range": (
        "the publisher changed the unit, or a share was not multiplied by 100",
        "compare the rows named above with the published file; set the unit for that edition in sources/",
    ),
    "order": (
        "the two columns were exchanged, or counted over different organisations",
        "look at the rows named above in the build file and mend the model that makes them",
    ),
    "shown_value": (
        "a value was lost on the way while its status was kept",
        "follow the rows named above back to staging; give the status that says why there is no value",
    ),
    "hidden_value": (
        "a value was kept although its status says that it is not shown",
        "set the value to null in the model; if it has been published before, tell the data owner",
    ),
    "withheld_value": (
        "a value that is suspected to be defective was passed on",
        "set the value to null in the model that marks the defect",
    ),
    "known_reference": (
        "reference data are older than the figures, or a code was mistyped",
        "fetch the newest edition of the reference data, or correct the code in sources/",
    ),
    "least_rows": (
        "a source is missing, or a filter takes away too much",
        "see with `impact status` what was refused, and look at the last change of the table's model",
    ),
    "rows_since_last": (
        "an edition is missing or a key changed; or the fall is real",
        "mend the cause; if the fall is real, waive it for that table with a reason",
    ),
    "required_source": (
        "the newest file was refused at the door, is held for a decision, or was never fetched",
        "read the reason with `impact status`; decide with `impact accept` or `impact drop`, fetch the file again, or "
        "mend its description in sources/",
    ),
    "trust_coverage": (
        "an outcome source is missing or uses codes of closed organisations",
        "look at the organisations named above in pub_measure_values and in the published files",
    ),
    "differencing": (
        "a model shows a figure that int_disclosure__judged holds back, or one of which nobody knows who is behind it",
        "join int_disclosure__judged in the model of the table, and list its cells in int_disclosure__cells",
    ),
    "consent_minimum": (
        "a model shows a figure of fewer organisations than the consent rule allows",
        "join int_disclosure__judged in the model of the table, so that the figure is suppressed",
    ),
    "person_count": (
        "a table with counts of persons by-passed disclosure control on its way into the candidate",
        "list the table in pipelines/release/disclosure.py; if it has been published before, tell the data owner",
    ),
    "completeness": (
        "an edition is missing in between, organisations left the file, or a filter takes away too much",
        "see with `impact status` what is missing, and fetch it; if nobody has it any more, `impact release waive` it",
    ),
    "freshness": (
        "the publisher is late, the file was never fetched, or it was refused",
        "run `impact status`; fetch the newest file, or `impact release waive` it until the day it is expected",
    ),
    "newest_period": (
        "the publisher stopped the series or changed its name, or a model filters its newest figures away",
        "look for the series in the newest file; mend its description in sources/, or take the indicator out",
    ),
    "review_date": (
        "nobody has reviewed the indicator since it was last assured",
        "have it reviewed, and write the next review date in its source's YAML",
    ),
    "metadata": (
        "an indicator was added without telling what it is for",
        "write what is missing in the YAML of its source or in policy/indicators.yml",
    ),
    "leak": (
        "an output was made from something other than the released tables, or a text holds what somebody typed in",
        "take it out where it comes from, never by hand; if it has been published before, tell the data owner",
    ),
    "page": (
        "a template or a text was changed and not looked at with a screen reader's eyes",
        "mend the template in pipelines/release/site/templates, and build the candidate again",
    ),
    "synthetic_mark": (
        "an output was made without the mark that says whether its figures are invented",
        "let the output take its name and its words from the record of the release",
    ),
    "workbook": (
        "a sheet was added or changed without the rules for spreadsheets",
        "mend pipelines/release/workbook.py, and build the candidate again",
    ),
    "movement": (
        "the publisher revised far, a definition changed; or a model or a file is wrong",
        "list them with `impact release difference` and look at their rows in revisions.csv of the candidate; mend "
        "what is wrong, or, if it is right, write why with `impact release explain --indicator ID --reason …`; then "
        "refresh again",
    ),
    "schema_promise": (
        "a promised table or column was renamed, dropped or changed without notice to its readers",
        "restore it; or announce it in policy/deprecations.yml and let it go after two releases, with a higher "
        "SCHEMA_VERSION",
    ),
    "one_row": (
        "the candidate was stamped twice",
        "build the candidate again",
    ),
}
"""By kind of rule: what is likely, and what to do."""


STAMPS = (published.DATA_ORIGIN, published.RELEASE_ID)


@dataclass(frozen=True)
class Rule:
    """One thing that must hold in a frame. `check_id` is unique; `kind` is a key of ADVICE.

    by: the column that names what does not hold. Each name is then a check of its own, to be mended or waived alone.
    """

    kind: str
    subject: str
    description: str
    expectation: str
    arguments: dict = field(default_factory=dict)
    by: str | None = None

    @property
    def check_id(self) -> str:
        """Kind and subject, such as `unique_key:pub_measure_values`."""
        return f"{self.kind}:{self.subject}"


@dataclass(frozen=True)
class Examination:
    """A frame of the candidate, the columns that name its rows to a reader, and the rules it must meet."""

    name: str
    sql: str
    rules: tuple[Rule, ...]
    key: tuple[str, ...] = ()


def structure() -> Examination:
    """One row: promised column, with the type promised and the type found. All else presumes it.

    A table that nobody promised has no rules, so it is refused.
    """
    tables = ", ".join(literal(table.name) for table in published.TABLES)
    promises = [(table.name, column.name, column.type) for table in published.TABLES for column in table.columns]
    sql = (
        f"select p.table_name, p.column_name, p.promised, c.data_type as found from ({values(promises)}) "
        "as p(table_name, column_name, promised) "
        "left join duckdb_columns() as c "
        "on c.table_name = p.table_name and c.column_name = p.column_name and not c.internal "
        "union all select distinct c.table_name, 'every column', 'none: nobody promised such a table', c.data_type "
        f"from duckdb_columns() as c where not c.internal and c.table_name not in ({tables})"
    )
    rule = Rule(
        "promised_columns",
        "all tables",
        "every promised table and column is there, with the promised type, and no other table",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "promised", "column_B": "found", "ignore_row_if": "neither"},
    )
    return Examination("structure", sql, (rule,), ("table_name", "column_name"))


def content(origin: str, release_id: str) -> list[Examination]:
    """What must hold of the rows. origin: 'synthetic' or 'published', that of the run."""
    with_unit = [table for table in published.TABLES if _has(table, "measure_id") and table.value]
    return [
        _types(),
        numbers(),
        *(_table(table) for table in published.TABLES),
        *(_units(table) for table in with_unit),
        *(_reference(reference) for reference in published.REFERENCES),
        _stamps(published.DATA_ORIGINS[origin], release_id),
        _release_info(origin == "synthetic"),
        _required_sources(),
        _trusts(),
    ]


def volume(now: dict[str, int], last: dict[str, int]) -> list[Examination]:
    """What must hold of the numbers of rows by table. last: empty where there is nothing to compare with.

    What changed since the last release is told anew each time, in as many rows as it takes.
    """
    least = [(table.name, now.get(table.name, 0), table.least_rows) for table in published.TABLES]
    compared = [
        (name, 100.0 * now.get(name, 0) / rows, rows)
        for name, rows in sorted(last.items())
        if rows > 0 and name != published.RELEASE_CHANGES.name
    ]
    return [_least_rows(least), *([_since_last(compared)] if compared else [])]


def _types() -> Examination:
    rule = Rule(
        "portable_types",
        "all tables",
        f"every column is one of {', '.join(published.PORTABLE_TYPES)}",
        "ExpectColumnValuesToBeInSet",
        {"column": "data_type", "value_set": list(published.PORTABLE_TYPES)},
    )
    sql = "select table_name, column_name, data_type from duckdb_columns() where not internal"
    return Examination("types", sql, (rule,), ("table_name", "column_name"))


def numbers() -> Examination:
    """One row: table, with cells that are no number and not empty either. The checks of its columns overlook them."""
    doubles = {table: [one.name for one in table.columns if one.type == "DOUBLE"] for table in published.TABLES}
    sql = " union all ".join(_strange(table, names) for table, names in doubles.items() if names)
    words = "every cell of a column of numbers is a number or empty"
    arguments = {"column": "cells", "value_set": [0]}
    rule = Rule("range", "all tables", words, "ExpectColumnValuesToBeInSet", arguments, "table_name")
    return Examination("numbers", sql, (rule,), ("table_name", "cells"))


def _strange(table: Table, columns: Iterable[str]) -> str:
    cells = " + ".join(f"count(*) filter (where not isfinite({identifier(name)}))" for name in columns)
    return f"select {literal(table.name)} as table_name, {cells} as cells from {identifier(table.name)}"


def _table(table: Table) -> Examination:
    """The stamps of its rows are left to _stamps, which sees them once for each table and not for each row."""
    promised = [column for column in table.columns if column not in STAMPS]
    rules = [rule for column in promised for rule in _column(table, column)]
    rules += _key(table) + _status(table) + [_order(table, *pair) for pair in table.ordered]
    columns = ", ".join(identifier(column.name) for column in promised)
    return Examination(table.name, f"select {columns} from {identifier(table.name)}", tuple(rules), table.key)


def _column(table: Table, column: Column) -> list[Rule]:
    subject = f"{table.name}.{column.name}"
    rules = []
    if not column.nullable:
        rules.append(_not_null(subject, column.name))
    if column.allowed:
        rules.append(_vocabulary(subject, column.name, column.allowed))
    if column.lowest is not None or column.highest is not None:
        rules.append(_range(subject, column.name, column.lowest, column.highest))
    return rules


def _not_null(subject: str, column: str) -> Rule:
    arguments = {"column": column}
    return Rule("not_null", subject, f"{subject} is never null", "ExpectColumnValuesToNotBeNull", arguments)


def _vocabulary(subject: str, column: str, allowed: Iterable, kind: str = "vocabulary") -> Rule:
    words = f"{subject} is one of: {', '.join(map(str, allowed))}"
    arguments = {"column": column, "value_set": list(allowed)}
    return Rule(kind, subject, words, "ExpectColumnValuesToBeInSet", arguments)


def _range(subject: str, column: str, lowest: float | None, highest: float | None, **condition) -> Rule:
    words = f"at least {lowest:g}" if highest is None else f"from {lowest:g} to {highest:g}"
    return Rule(
        "range",
        subject,
        f"{subject} is {words}",
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": lowest, "max_value": highest, **condition},
    )


def _key(table: Table) -> list[Rule]:
    """A key of one column is compared as such: GX wants two columns for a compound key."""
    words = f"{table.name} has one row for each {', '.join(table.key)}"
    if len(table.key) > 1:
        arguments = {"column_list": list(table.key), "ignore_row_if": "never"}
        return [Rule("unique_key", table.name, words, "ExpectCompoundColumnsToBeUnique", arguments)]
    return [
        Rule("unique_key", table.name, words, "ExpectColumnValuesToBeUnique", {"column": column})
        for column in table.key
    ]


def _status(table: Table) -> list[Rule]:
    """A value is there if, and only if, its status says so."""
    if table.value is None:
        return []
    shown = ", ".join(published.STATUSES_WITH_VALUE)
    is_shown = f"value_status in {list(published.STATUSES_WITH_VALUE)}"
    is_hidden = f"value_status not in {[*published.STATUSES_WITH_VALUE, 'withheld']}"
    is_withheld = "value_status == 'withheld'"
    return [
        _when(table, "shown_value", f"has a value where the status is {shown}", "NotBeNull", is_shown),
        _when(table, "hidden_value", "has no value under any other status", "BeNull", is_hidden),
        _when(table, "withheld_value", "has no value that is withheld", "BeNull", is_withheld),
    ]


def _when(table: Table, kind: str, words: str, expected: str, condition: str) -> Rule:
    return Rule(
        kind,
        f"{table.name}.{table.value}",
        f"{table.name}.{table.value} {words}",
        f"ExpectColumnValuesTo{expected}",
        {"column": table.value, **_where(condition)},
    )


def _where(condition: str) -> dict[str, str]:
    return {"row_condition": condition, "condition_parser": "pandas"}


def _order(table: Table, lower: str, upper: str) -> Rule:
    return Rule(
        "order",
        f"{table.name}.{lower},{upper}",
        f"{table.name}.{lower} is never greater than {upper}",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {
            "column_A": upper,
            "column_B": lower,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        },
    )


def _units(table: Table) -> Examination:
    """A difference has the unit of what it is between, and not its limits."""
    name = f"{table.name}_with_unit"
    figures = " where not v.is_difference" if _has(table, "is_difference") else ""
    key = ", ".join(f"v.{identifier(column)}" for column in table.key)
    sql = (
        f"select {key}, v.{table.value}, m.unit from {table.name} as v "
        f"left join dim_measure as m on m.measure_id = v.measure_id{figures}"
    )
    rules = [
        _range(f"{table.name}.{table.value} in {unit}", table.value, *limits, **_where(f"unit == '{unit}'"))
        for unit, limits in published.UNIT_RANGES.items()
    ]
    return Examination(name, sql, tuple(rules), table.key)


def _reference(reference: Reference) -> Examination:
    subject = f"{reference.table}.{reference.column}"
    exempt = "".join(f" and v.{reference.column} <> {literal(value)}" for value in reference.exempt)
    sql = (
        f"select distinct v.{reference.column} as value, t.{reference.target_column} as known "
        f"from {reference.table} as v left join {reference.target} as t "
        f"on t.{reference.target_column} = v.{reference.column} "
        f"where v.{reference.column} is not null{exempt} order by value"
    )
    words = f"every {subject} is in {reference.target}"
    rule = Rule("known_reference", subject, words, "ExpectColumnValuesToNotBeNull", {"column": "known"})
    return Examination(f"reference_{reference.table}_{reference.column}", sql, (rule,), ("value",))


def _stamps(data_origin: str, release_id: str) -> Examination:
    """One row: table, origin and release. Data of another origin must not get in by any way."""
    stamped = [table.name for table in published.TABLES if all(_has(table, stamp.name) for stamp in STAMPS)]
    names = ", ".join(stamp.name for stamp in STAMPS)
    sql = " union ".join(
        f"select distinct {literal(table)} as table_name, {names} from {identifier(table)}" for table in stamped
    )
    expected = {"data_origin": data_origin, "release_id": release_id}
    rules = [_vocabulary(f"all tables.{name}", name, (value,), "stamp") for name, value in expected.items()]
    rules += [_not_null(f"all tables.{name}", name) for name in expected]
    return Examination("stamps", sql, tuple(rules), ("table_name",))


def _release_info(is_synthetic: bool) -> Examination:
    sql = "select count(*) as row_count, bool_and(is_synthetic) as is_synthetic from release_info"
    rows = Rule(
        "one_row",
        "release_info",
        "release_info has one row",
        "ExpectColumnValuesToBeBetween",
        {"column": "row_count", "min_value": 1, "max_value": 1},
    )
    mark = _vocabulary("release_info.is_synthetic", "is_synthetic", (is_synthetic,), "stamp")
    return Examination("one_release_info", sql, (rows, mark))


def _required_sources() -> Examination:
    """One row: required source, with its newest edition and the newest one whose latest file was accepted.

    A file that a person has dropped is as if it had never come. Of a restricted source nothing is told, so nothing can
    be asked for.
    """
    sql = (
        "select s.source_id, count(*) filter (where p.outcome = 'accepted') as accepted, "
        "max(p.edition) filter (where p.outcome <> 'dropped') as newest, "
        "max(p.edition) filter (where p.outcome = 'accepted' and p.is_latest_vintage) as newest_accepted "
        "from dim_source as s left join pub_source_status as p on p.source_id = s.source_id "
        "where s.is_required and not s.is_restricted group by s.source_id order by s.source_id"
    )
    some = Rule(
        "required_source",
        "accepted",
        "every required source has at least one accepted edition",
        "ExpectColumnValuesToBeBetween",
        {"column": "accepted", "min_value": 1},
    )
    newest = Rule(
        "required_source",
        "newest",
        "the newest edition of every required source is accepted",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "newest", "column_B": "newest_accepted", "ignore_row_if": "neither"},
    )
    return Examination("required_sources", sql, (some, newest), ("source_id",))


def _trusts() -> Examination:
    """One row: trust that ODS lists as open, and whether it has any figure."""
    sql = (
        "select o.org_code, o.org_code in (select org_code from pub_measure_values where value is not null) "
        "as has_measure from dim_organisation as o "
        "where o.is_in_ods and o.is_current and o.closed_on is null order by o.org_code"
    )
    least = published.LEAST_PERCENT_OF_TRUSTS
    rule = Rule(
        "trust_coverage",
        "open trusts",
        f"at least {least:g} % of open trusts have a measure",
        "ExpectColumnValuesToBeInSet",
        {"column": "has_measure", "value_set": [True], "mostly": least / 100},
    )
    return Examination("trust_coverage", sql, (rule,), ("org_code",))


def differencing(disclosive: dict[str, int]) -> Examination:
    """One row: released table, with the figures that comparing it with earlier releases would make disclosive.

    How many have been held back is told nowhere.
    """
    rules = [
        Rule(
            "differencing",
            "all tables",
            "no figure, set beside earlier releases, tells of fewer organisations than may be told of",
            "ExpectColumnValuesToBeInSet",
            {"column": "figures", "value_set": [0]},
        )
    ]
    sql = f"select * from ({values(sorted(disclosive.items()))}) as d(table_name, figures)"
    return Examination("differencing", sql, tuple(rules), ("table_name",))


def _least_rows(counts: list[tuple[str, int, int]]) -> Examination:
    rule = Rule(
        "least_rows",
        "all tables",
        "every table has at least the rows it promises",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "rows_now", "column_B": "rows_promised", "or_equal": True},
    )
    sql = f"select * from ({values(counts)}) as c(table_name, rows_now, rows_promised)"
    return Examination("least_rows", sql, (rule,), ("table_name",))


def _since_last(counts: list[tuple[str, float, int]]) -> Examination:
    least = published.LEAST_PERCENT_OF_LAST_ROWS
    rule = Rule(
        "rows_since_last",
        "all tables",
        f"every table keeps at least {least:g} % of the rows of the last release",
        "ExpectColumnValuesToBeBetween",
        {"column": "percent_kept", "min_value": least},
        by="table_name",
    )
    sql = f"select * from ({values(counts)}) as c(table_name, percent_kept, rows_last)"
    return Examination("rows_since_last", sql, (rule,), ("table_name",))


def values(rows: Iterable[tuple]) -> str:
    """Rows as an SQL values list; at least one."""
    return "values " + ", ".join(f"({', '.join(_cell(cell) for cell in row)})" for row in rows)


def _cell(cell: str | int | float | None) -> str:
    if cell is None:
        return "null"
    return literal(cell) if isinstance(cell, str) else f"{cell!r}"


def _has(table: Table, column: str) -> bool:
    return column in {promised.name for promised in table.columns}
