"""The dbt models keep to the SQL that DuckDB and Spark answer alike.

What engines spell differently belongs in `macros/portable.sql`; here its macros are opaque function calls, so whatever
a model writes itself is held to the shared subset. Differences between engines are silent: no run would show them.
"""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest
import sqlglot
from sqlglot import exp

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = sorted((DBT_PROJECT / "models").rglob("*.sql"))
MACROS = ("div", "days_between", "day_after", "iso_date", "month_key", "financial_year_start", "financial_year_key")
LIST_MACROS = ("period_key", "is_listed", "list_length", "joined_list", "fixed", "blurred", "rho_words")
INTERVAL_MACROS = ("harmonised_low", "harmonised_high")
PLACING_MACROS = ("in_unit", "third")
BANNED = {
    exp.Concat: "concat() answers null or not, by engine; write ||",
    exp.RegexpReplace: "regexp_replace replaces once or everywhere, by engine",
    exp.DayOfWeek: "the week starts on another day, by engine",
    exp.DateDiff: "date differences belong in days_between()",
    exp.Div: "division belongs in div()",
    exp.GroupConcat: "joined lists belong in joined_list()",
    exp.TimeToStr: "date formats belong in a macro",
    exp.ILike: "not known to every engine",
}
DATE_NAME = re.compile(r"(_on|_date|_start|_end|valid_from|valid_to)$")


def opaque(name: str):
    """A stand-in for a macro: a call of an unknown function with the same arguments."""
    return lambda *arguments: f"macro_{name}({', '.join(str(argument) for argument in arguments)})"


def render(template: str) -> str:
    """A model as SQL, with relations by their plain names and macros as opaque function calls."""
    names = {
        **{name: opaque(name) for name in (*MACROS, *LIST_MACROS, *INTERVAL_MACROS, *PLACING_MACROS, "data_origin")},
        "ref": lambda name: name,
        "source": lambda _, name: name,
        "var": lambda _: 1,
        "measure_columns": lambda: "measure_id",
        "measure_from_items": lambda *_, **__: "select 1 as measure_id",
        "provenance_columns": lambda: "source_id",
    }
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(template).render(names)


def unportable(sql: str) -> list[str]:
    """What is wrong with one statement; nothing if it keeps to the shared subset."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    found = [reason for kind, reason in BANNED.items() if tree.find(kind)]
    found += [f"order without nulls last: {order}" for order in _implicit_orders(sql)]
    found += [f"backslash in {text.sql()}" for text in tree.find_all(exp.Literal) if "\\" in text.name]
    found += [f"date arithmetic: {sub.sql()}" for sub in tree.find_all(exp.Sub) if _touches_a_date(sub)]
    found += [f"sum without a cast: {total.sql()}" for total in tree.find_all(exp.Sum) if not _is_cast(total)]
    found += [f"double colon: {sql[at : at + 20]!r}" for at in _positions(sql, "::")]
    return found


def _implicit_orders(sql: str) -> list[str]:
    """Orders that say nothing of nulls: engines then differ, and so do sqlglot's readings of them."""
    spark, postgres = (list(sqlglot.parse_one(sql, read=read).find_all(exp.Ordered)) for read in ("spark", "postgres"))
    return [
        one.this.sql()
        for one, other in zip(spark, postgres, strict=True)
        if bool(one.args.get("nulls_first")) != bool(other.args.get("nulls_first"))
    ]


def _touches_a_date(sub: exp.Sub) -> bool:
    return any(isinstance(side, exp.Column) and DATE_NAME.search(side.name) for side in (sub.left, sub.right))


def _is_cast(total: exp.Sum) -> bool:
    """A sum that is cast, compared or divided does not reach a table as a huge integer."""
    parent = total.parent
    while parent is not None and not isinstance(parent, exp.Select):
        if isinstance(parent, (exp.Cast, exp.Predicate)) or parent.name == "macro_div":
            return True
        parent = parent.parent
    return False


def _positions(sql: str, text: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(text), sql)]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_model_is_portable(path):
    assert unportable(render(path.read_text(encoding="utf-8"))) == []


def test_there_are_models_to_read():
    assert len(MODELS) > 40


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t order by a",
        "select row_number() over (partition by a order by b desc) as n from t",
        "select concat(a, b) as c from t",
        "select regexp_replace(a, 'x', 'y') as b from t",
        "select dayofweek(a) as b from t",
        "select date_diff('month', a, b) as c from t",
        "select a / b as c from t",
        "select closed_on - opened_on as days from t",
        "select sum(a) as b from t",
        "select 1 + sum(a) over (partition by b) as c from t",
        "select string_agg(a, '|') as b from t",
        "select strftime(a, '%Y') as b from t",
        r"select replace(a, '\d', '') as b from t",
        "select a::double as b from t",
    ],
)
def test_what_engines_answer_differently_is_found(sql):
    assert unportable(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select row_number() over (partition by a order by b desc nulls last) as n from t",
        "select cast(sum(a) as bigint) as b, a || b as c, 100 * macro_div(sum(a), sum(b)) as d from t group by c",
        "select a - 1 as b from t having sum(c) > 0",
    ],
)
def test_the_shared_subset_passes(sql):
    assert unportable(sql) == []
