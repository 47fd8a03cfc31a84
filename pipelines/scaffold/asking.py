"""Asks a person for what a file cannot say, writes the measure, and tries it on the file.

Belongs here: questions, and what is shown before and after. Does not belong here: guessing (guessing.py), the
text of the files (writing.py).
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import typer
from rich.console import Console

from pipelines import staging, sync
from pipelines.errors import Fault, Faults
from pipelines.registry import forget_sources, load_sources
from pipelines.scaffold.guessing import Table, look_at
from pipelines.scaffold.writing import Answers, item, write
from pipelines.settings import PROJECT_ROOT, Workspace
from pipelines.store import arrivals, snapshots

QUESTIONS = {
    "measure_id": "name of the measure in the warehouse (snake_case)",
    "measure_name": "what readers call it",
    "numerator": "columns of the numerator, separated by |",
    "denominator": "columns of the denominator, separated by |",
    "polarity": "higher_is_better or lower_is_better",
    "outcome_domain": "patient_outcomes, operations, staff, quality_rating or finance",
    "exposure": "what is at risk, that is what the denominator counts, such as patients waiting",
    "minimum_denominator": "smallest denominator with which organisations are compared, or none",
    "shares_data_with": "measures made of some of the same figures, separated by |, or none",
    "landing_page": "address of the publisher's page",
    "owner": "team that answers for it",
}


def complete(file: Path, sheet: str, given: dict[str, Any], out: Console) -> None:
    """From a file and some answers to a measure that was tried on the file.

    Raises Fault where nobody can be asked and an answer is missing, or the file or an answer does not fit.
    """
    table = look_at(file, sheet)
    show(table, out)
    answers = _answers(given)
    written = write(file, table, answers)
    _take_back_if_wrong(written)
    changed = sync.write()
    for path in [*(path.relative_to(PROJECT_ROOT) for path in written), *changed]:
        out.print(f"written: {path}", soft_wrap=True)
    _try(file, answers, out)


def show(table: Table, out: Console) -> None:
    """What was made of the file, so that a person can see whether it is right."""
    out.print(f'table: sheet "{table.sheet}", header in row {table.header + 1}, {len(table.providers)} providers')
    out.print(f"organisations: column {table.columns[table.org]!r}; total rows: {table.totals or 'none'}")
    out.print(f"marks in place of numbers: {table.marks or 'none'}")
    out.print("columns of counts:")
    for name in table.counts:
        out.print(f"  {name}", markup=False, soft_wrap=True)


def _answers(given: dict[str, Any]) -> Answers:
    missing = [name for name in QUESTIONS if not given[name]]
    if missing and not sys.stdin.isatty():
        raise Fault(
            "impact new-measure",
            f"nothing for {', '.join(missing)}",
            "an option for each, or a person at the keyboard who can be asked",
            "the command was started by a program, or with too few options",
            "see `impact new-measure --help`",
        )
    for name in missing:
        said = typer.prompt(QUESTIONS[name])
        given[name] = tuple(said.split("|")) if name in ("numerator", "denominator") else said
    review = dt.date.today() + dt.timedelta(days=365)
    named = {"source_id": given["source_id"] or given["measure_id"], "source_name": given["measure_name"]}
    return Answers(**{**given, **named, "review_date": review.isoformat()})


def _take_back_if_wrong(written: list[Path]) -> None:
    """Removes what was written where the sources no longer load, which would stop every command. Raises Faults."""
    forget_sources()
    try:
        load_sources()
    except Faults:
        for path in written:
            path.unlink()
        raise


def _try(file: Path, answers: Answers, out: Console) -> None:
    """Stages the file in a workspace that is thrown away, and shows all rows together, as the publisher may.

    Raises Exit where the file is refused by the YAML that was just written for it.
    """
    source = load_sources()[answers.source_id]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "published")
        hits = arrivals.look_into(file.parent, [source]).claimed
        snapshots.take((hit for hit in hits if hit.path == file), workspace.raw)
        result = staging.stage_source(source, workspace)
        rows = pl.read_parquet(workspace.staged / answers.source_id / "*.parquet")
    for reason in result.reasons:
        out.print(f"\n{reason}", markup=False, soft_wrap=True)
    accepted, rejected = result.total("rows_accepted"), result.total("rows_rejected")
    out.print(f"tried on the file: {accepted:,} rows accepted, {rejected:,} rejected")
    if not result.count("accepted"):
        out.print(
            f"the file was refused; next: correct sources/{answers.source_id}.yml, then impact refresh --from DIR"
        )
        raise typer.Exit(1)
    _show_all_together(rows, answers, out)
    out.print(f"next: complete sources/{answers.source_id}.yml, then impact refresh --from DIR")


def _show_all_together(rows: pl.DataFrame, answers: Answers, out: Console) -> None:
    part, whole = (_sum(rows, columns) for columns in (answers.numerator, answers.denominator))
    part = whole - part if answers.complement else part
    if whole:
        share = f"{part:,.10g} of {whole:,.10g} = {100 * part / whole:.4f} %"
        out.print(f"all rows together: {share}; compare it with the publisher's own figure")


def _sum(rows: pl.DataFrame, columns: tuple[str, ...]) -> float:
    return float(rows.filter(pl.col("item_name").is_in([item(name) for name in columns]))["value"].sum())
