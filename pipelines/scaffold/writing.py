"""Turns a looked-at table and a person's answers into a source YAML, a staging model and its description.

Belongs here: the text of the three files. Does not belong here: guessing (guessing.py), asking (cli.py),
files that follow from others (pipelines/sync.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import Fault
from pipelines.scaffold.guessing import Table, file_pattern, format_of
from pipelines.settings import DBT_PROJECT_DIR, sources_dir

MEASURE_COLUMNS = (
    *("measure_id", "org_code", "org_name", "period_type", "period_key", "period_start", "period_end"),
    *("numerator", "denominator", "value", "value_status", "published_on"),
    *("source_id", "edition", "vintage", "vintage_rank", "source_file", "source_row"),
)

NONE = "none"
OVERLAP_RULES = {
    True: "Periods are apart and may be pooled.",
    False: "Not averaged with the measures that share its figures.",
}


@dataclass(frozen=True)
class Answers:
    """What a person says of a new measure. numerator and denominator: columns of the file, added up.

    complement: the numerator counts what should not happen, and is taken from the denominator.
    minimum_denominator, shares_data_with: `none` where there is none.
    """

    source_id: str
    source_name: str
    publisher: str
    landing_page: str
    measure_id: str
    measure_name: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    complement: bool
    polarity: str
    outcome_domain: str
    exposure: str
    minimum_denominator: str
    shares_data_with: str
    owner: str
    review_date: str


def write(path: Path, table: Table, answers: Answers) -> list[Path]:
    """Writes the files for this measure and returns them. Raises Fault where one is there already."""
    folder = DBT_PROJECT_DIR / "models" / "staging" / answers.source_id
    model = f"stg_{answers.source_id}__measures"
    texts = {
        sources_dir() / f"{answers.source_id}.yml": source_yaml(path, table, answers),
        folder / f"{model}.sql": model_sql(path, answers),
        folder / f"{answers.source_id}.yml": properties(model, answers),
    }
    for place in texts:
        if place.exists():
            raise Fault(
                f"impact new-measure: {place.name}",
                "a file of this name",
                "a source that is not there yet",
                "the measure was written before",
                "choose another --source, or add the measure to that file by hand",
            )
    for place, text in texts.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return list(texts)


def item(column: str) -> str:
    """The name of a counted item, from its published column."""
    return re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")


def source_yaml(path: Path, table: Table, answers: Answers) -> str:
    """The YAML of the source. Raises Fault where a chosen column is none of the file's counts."""
    counted = _chosen(table, answers)
    pattern, kind = file_pattern(path.name)
    credit = f"Contains {answers.source_name}, {answers.publisher}, under the Open Government Licence v3.0."
    lines = [
        "# Facts about a series we do not own. Begun by `impact new-measure`; complete it from the publisher's page.",
        f"source_id: {answers.source_id}",
        f"source_name: {_text(answers.source_name)}",
        f"publisher: {_text(answers.publisher)}",
        f"landing_page: {_text(answers.landing_page)}",
        "licence: Open Government Licence v3.0",
        f"attribution: {_text(credit)}",
        f"cadence: {'quarterly' if kind == 'quarter' else 'monthly'}",
        f"owner: {_text(answers.owner)}",
        f"review_date: {answers.review_date}",
        "is_required: false",
        "disclosure: {rule: publisher}",
        "",
        "shape: provider_items",
        "files:",
        f"  - match: {_text(pattern)}",
        f"    format: {format_of(path)}",
        *_layout(table),
        *_scope(table),
        *_totals(table),
        f"unpivot: {_text('^(' + '|'.join(re.escape(name).replace(chr(92) + ' ', ' ') for name in counted) + ')$')}",
        "columns:",
        "  period_start: '@edition_start'",
        "  period_end: '@edition_end'",
        f"  org_code: {{source: {_text(table.columns[table.org])}, case: upper}}",
        f"  org_name: {_text(table.name_column or table.columns[table.org])}",
        "  category: {const: all}",
        "  item_name:",
        "    source: '@name'",
        "    mapping:",
        *(f"      {_text(name)}: {item(name)}" for name in counted),
        f"  value: {{source: '@value', non_values: {json.dumps(table.marks)}}}",
        "key: [period_end, org_code, item_name]",
        "complete:",
        f"  item_name: [{', '.join(item(name) for name in counted)}]",
        "",
        *_measure(answers, kind),
    ]
    return "\n".join(lines) + "\n"


def _chosen(table: Table, answers: Answers) -> list[str]:
    chosen = list(dict.fromkeys((*answers.numerator, *answers.denominator)))
    unknown = [name for name in chosen if name not in table.counts]
    if unknown or not chosen:
        raise Fault(
            f'impact new-measure: sheet "{table.sheet}", header row {table.header + 1}',
            f"no column of counts called {', '.join(unknown) or '(nothing)'}",
            f"among {'; '.join(table.counts)}",
            "a slip of the keyboard, or a column that holds texts",
            "name the columns as they are listed here, group included",
        )
    return chosen


def _layout(table: Table) -> list[str]:
    named = [name for name in table.grid[table.header] if name]
    header = list(dict.fromkeys([table.grid[table.header][table.org], *named]))[:4]
    lines = ["layout:", f"  header: [{', '.join(_text(name) for name in header)}]"]
    lines += [f"  sheets: [{_text(re.escape(table.sheet).replace(chr(92) + ' ', ' '))}]"] if table.sheet else []
    return lines + (["  group_row: true"] if table.has_groups else [])


def _scope(table: Table) -> list[str]:
    if not table.filled:
        return []
    return ["scope:", f"  filled: [{_text(table.filled)}]", "  reason: notes around the table"]


def _totals(table: Table) -> list[str]:
    if not table.totals:
        return []
    column, texts = table.totals
    return ["totals:", f"  column: [{_text(column)}]", f"  texts: [{', '.join(map(_text, texts))}]"]


def _measure(answers: Answers, kind: str) -> list[str]:
    of = "(taken from the denominator) " if answers.complement else ""
    return [
        "measures:",
        f"  - measure_id: {answers.measure_id}",
        f"    measure_name: {_text(answers.measure_name)}",
        f"    outcome_domain: {answers.outcome_domain}",
        "    unit: percent",
        f"    polarity: {answers.polarity}",
        f"    numerator_definition: {_text(of + ' + '.join(answers.numerator))}",
        f"    denominator_definition: {_text(' + '.join(answers.denominator))}",
        f"    exposure: {_text(answers.exposure)}",
        f"    minimum_denominator: {_or_null(answers.minimum_denominator)}",
        "    annual_rule: pooled",
        "    interval_method: none",
        "    windows_overlap: false",
        f"    shares_data_with: {_or_null(answers.shares_data_with)}",
        f"    overlap_rule: {_text(OVERLAP_RULES[answers.shares_data_with == NONE])}",
        f"    description: {_text(answers.measure_name + ', as a share of ' + ' + '.join(answers.denominator) + '.')}",
        "    rationale: Not yet written; say why it is measured.",
        "    interpretation: Not yet written; say what it shows and what it does not show.",
        "    limitations: Not yet written; see the publisher's notes before you use it.",
        "    perverse_incentive: Not yet written; say what it may tempt organisations to do.",
        f"    review_date: {answers.review_date}",
    ]


def _or_null(value: str) -> str:
    return "null" if value == NONE else _text(value)


def model_sql(path: Path, answers: Answers) -> str:
    """The staging model: one select through `measure_from_items`."""
    kind = file_pattern(path.name)[1]
    lists = {"numerator": answers.numerator, "denominator": answers.denominator}
    arguments = [f"{name}={[item(column) for column in columns]}" for name, columns in lists.items()]
    arguments += ["complement=true"] if answers.complement else []
    relation = f"source('staged', '{answers.source_id}')"
    joined = ",\n        ".join([f"{relation}, '{answers.measure_id}', '{kind}'", *arguments])
    return (
        f"-- {answers.measure_name}; one row for each organisation, {kind} and vintage.\n"
        f"with measures as (\n    {{{{ measure_from_items(\n        {joined}\n    ) }}}}\n)\n\n"
        "select\n    {{ measure_columns() }}\nfrom measures\n"
    )


def properties(model: str, answers: Answers) -> str:
    """The model's description and those of its columns."""
    lines = ["models:", f"  - name: {model}"]
    lines += [
        f"    description: {_text(answers.measure_name + '; one row for each organisation, period and vintage.')}"
    ]
    lines += ["    columns:"]
    for name in MEASURE_COLUMNS:
        lines += [f"      - name: {name}", f"        description: \"{{{{ doc('{name}') }}}}\""]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A YAML scalar: plain where that is safe, single-quoted elsewhere."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9 /.()'_&-]*", value) and not value.endswith(" ") and " #" not in value:
        return value if value.casefold() not in ("yes", "no", "true", "false", "on", "off", "null") else f"'{value}'"
    return "'" + value.replace("'", "''") + "'"
