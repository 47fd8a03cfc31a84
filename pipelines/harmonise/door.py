"""The door: which rows are accepted, which are rejected and why, and when the whole file is refused.

Belongs here: pandera on eager frames, duplicates, ranges a YAML narrows, known organisations, the share
of rejects that a file may have. Does not belong here: what a cell means (columns.py), joins (dbt).
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import polars as pl

from pipelines.errors import Fault
from pipelines.harmonise import columns, rejects
from pipelines.harmonise.rejects import POSITION, Rejects
from pipelines.harmonise.totals import without_totals
from pipelines.readers.frame import ROW, SHEET
from pipelines.settings import seed_path
from schemas.ingest.shapes import SHAPES, Shape
from schemas.source import Expected, Source


@dataclass(frozen=True)
class Admitted:
    """accepted: typed rows of the shape, with `@row` and `@sheet`. rejected: cells with their reasons.

    rows_read counts rows after unpivoting; rows_rejected counts rows, not cells; rows_out_of_scope counts
    records of the file that the source is not about.
    """

    accepted: pl.DataFrame
    rejected: Rejects
    rows_read: int
    rows_rejected: int
    rows_out_of_scope: int


def admit(frame: pl.DataFrame, source: Source, where: str, known_organisations: Set[str] | None = None) -> Admitted:
    """Takes a reader's frame through harmonising and every check of its shape and source.

    Raises Fault where a column is missing, nothing is left, the edition is another one than the file's
    name says, part of the data or the expected unit is missing, or more rows are rejected than the source allows.
    """
    shape = SHAPES[source.shape]
    total, told = frame.height, frame.head(1)
    scoped = without_totals(columns.in_scope(frame, source, where), source, where)
    out_of_scope = total - scoped.height
    # The texts of a large file need not stay in memory beside its typed rows.
    del frame
    long = [columns.unpivoted(scoped, source, where)]
    del scoped
    typed, unread = columns.canonical(long.pop(), source, shape, where)
    _refuse_empty(typed, where)
    _refuse_other_edition(told, typed, source, where)
    _refuse_incomplete(told, typed, source, where)
    _refuse_other_unit(typed, source, where)
    found = [
        unread,
        _outside_model(typed, shape, where),
        _outside_limits(typed, source),
        _duplicates(typed, source),
        _unknown_organisations(typed, known_organisations),
        *(_unknown_in(typed, seed, names) for seed, names in source.known_in.items()),
    ]
    rejected = pl.concat([part.select(rejects.COLUMNS) for part in found])
    if source.is_restricted:
        rejected = rejects.discreet(rejected, _vocabulary(source))
    return _split(typed, rejected, source, where, out_of_scope)


def _refuse_empty(typed: pl.DataFrame, where: str) -> None:
    if typed.height:
        return
    raise Fault(
        where,
        "no rows",
        "at least one row of data under the header",
        "an empty template, or a file whose rows are all outside the declared scope",
        "open the file; if it does hold data, correct `scope` or `layout` in the source YAML",
    )


def _refuse_other_edition(frame: pl.DataFrame, typed: pl.DataFrame, source: Source, where: str) -> None:
    column = source.edition_from or source.latest_from
    if not column:
        return
    said, days = frame["@edition_end"][0], typed[column].cast(pl.String)
    other = typed.filter(days != said) if source.edition_from else typed.filter(days > said)
    if other.is_empty() and (source.edition_from or days.max() == said):
        return
    other = other if other.height else typed.filter(days.eq_missing(days.max()))
    raise Fault(
        f"{where}, column `{column}`, row {other[ROW][0]}",
        f"{other[column][0]} in {other.height:,} of {typed.height:,} rows",
        f"{said}, as the file's name says",
        "the file was saved under another month's name",
        "fetch the right file, or correct its name",
    )


def _refuse_incomplete(frame: pl.DataFrame, typed: pl.DataFrame, source: Source, where: str) -> None:
    listed = {
        name: _listed(expected, frame["@edition"][0], name, where) for name, expected in source.complete_from.items()
    }
    for column, values in [*source.complete.items(), *listed.items()]:
        missing = sorted(set(values) - set(typed[column].drop_nulls()))
        if missing:
            raise Fault(
                f"{where}, column `{column}`",
                f"nothing for {', '.join(missing)}",
                f"rows for each of {', '.join(values)}",
                "the publisher renamed or dropped a part; without it every sum would be too small",
                f"compare the file with `columns.{column}` in the source YAML and add the new name",
            )


def _listed(expected: Expected, edition: str, column: str, where: str) -> list[str]:
    """What the list of reference data says that a file of this edition holds. Raises Fault where it says nothing."""
    listed = pl.read_csv(seed_path(expected.seed), infer_schema=False).filter(pl.col(expected.edition) == edition)
    if listed.is_empty():
        raise Fault(
            f"{where}, column `{column}`",
            f"edition {edition}, of which the reference list {expected.seed} says nothing",
            f"an edition whose values of `{column}` are listed",
            "a new edition; its numbers may mean something else than those of the last one",
            f"add the edition to dbt_project/seeds/{expected.seed}.csv from the publisher's questionnaire",
        )
    return listed.filter(*(pl.col(name) == text for name, text in expected.where.items()))[column].to_list()


def _refuse_other_unit(typed: pl.DataFrame, source: Source, where: str) -> None:
    if not source.reach:
        return
    reach = source.reach
    about = typed.filter(*(pl.col(name) == text for name, text in reach.where.items()))
    largest = about.group_by(reach.by, maintain_order=True).agg(pl.col(reach.column).max()).drop_nulls(reach.column)
    small = largest.filter(pl.col(reach.column) <= reach.above)
    if small.is_empty():
        return
    raise Fault(
        f"{where}, column `{reach.column}`: {', '.join(small.select(reach.by).row(0))}",
        f"no value above {small[reach.column][0]:g}, and so in {small.height} of {largest.height} groups",
        f"a largest value above {reach.above:g}",
        "the publisher gives fractions of 1 where percentages were given before",
        f"check the publisher's notes; a change of unit is declared as `columns.{reach.column}.scale`",
    )


def validate(frame: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """Pandera's failure cases for an eager frame; empty if all is well.

    Raises TypeError for a LazyFrame: pandera would check its schema and skip its values.
    """
    from pandera.errors import SchemaErrors

    if not isinstance(frame, pl.DataFrame):
        raise TypeError("validate eager frames only: pandera does not look at the values of a LazyFrame")
    try:
        shape.model().validate(frame, lazy=True)
    except SchemaErrors as error:
        return error.failure_cases
    return pl.DataFrame()


def _outside_model(typed: pl.DataFrame, shape: Shape, where: str) -> Rejects:
    cases = validate(typed, shape)
    if cases.is_empty():
        return rejects.none()
    whole = cases.filter(pl.col("index").is_null())
    if whole.height:
        raise Fault(
            f"{where}, column `{whole['column'][0]}`",
            str(whole["failure_case"][0]),
            str(whole["check"][0]),
            "the reader and the shape disagree",
            "report this: it is a fault of the program, not of the file",
            quotes_file=True,
        )
    return _from_cases(typed, cases)


def _from_cases(typed: pl.DataFrame, cases: pl.DataFrame) -> Rejects:
    """Row rules name their column before a colon; column checks carry it themselves."""
    named = cases.with_columns(
        pl.col("index").cast(pl.Int32).alias(POSITION),
        pl.when(pl.col("check").str.contains(r"^[a-z_]+: "))
        .then(pl.col("check").str.extract(r"^([a-z_]+): "))
        .otherwise(pl.col("column"))
        .alias("column"),
        pl.col("check").str.replace(r"^[a-z_]+: ", "").replace("not_nullable", "a value").alias("expected"),
    ).unique([POSITION, "column", "expected"], maintain_order=True)
    parts = [_found_in(typed, name, part) for (name,), part in named.group_by("column", maintain_order=True)]
    return pl.concat(parts).select(rejects.COLUMNS)


def _found_in(typed: pl.DataFrame, name: str, part: pl.DataFrame) -> pl.DataFrame:
    values = typed.select(POSITION, ROW, SHEET, pl.col(name).cast(pl.String).fill_null("").alias("found"))
    return part.select(POSITION, "column", "expected").join(values, on=POSITION, how="left")


def _outside_limits(typed: pl.DataFrame, source: Source) -> Rejects:
    parts = [
        rejects.of_rows(
            typed.filter(~pl.col(name).is_between(low, high)), name, pl.col(name), f"from {low:g} to {high:g}"
        )
        for name, (low, high) in source.limits.items()
    ]
    return pl.concat(parts) if parts else rejects.none()


def _duplicates(typed: pl.DataFrame, source: Source) -> Rejects:
    """Every row of a repeated key: which of them is right cannot be known here."""
    if source.duplicates == "keep":
        return rejects.none()
    repeated = typed.filter(typed.select(source.key).is_duplicated())
    found = pl.lit(rejects.REPEATED)
    return rejects.of_rows(repeated, source.key[0], found, f"one row for each {', '.join(source.key)}")


def _unknown_organisations(typed: pl.DataFrame, known: Set[str] | None) -> Rejects:
    if known is None:
        return rejects.none()
    unknown = typed.filter(~pl.col("org_code").is_in(list(known)))
    expected = "an organisation in the loaded ODS editions or the staff survey"
    return rejects.of_rows(unknown, "org_code", pl.col("org_code"), expected)


def _unknown_in(typed: pl.DataFrame, seed: str, names: tuple[str, ...]) -> Rejects:
    """Rows whose values in these columns do not stand together in a list of reference data."""
    known = pl.read_csv(seed_path(seed), columns=list(names), infer_schema=False)
    texts = typed.with_columns(pl.col(name).cast(pl.String) for name in names).drop_nulls(names)
    unknown = texts.join(known, on=names, how="anti")
    found = pl.concat_str(names, separator=", ")
    return rejects.of_rows(unknown, names[-1], found, f"{', '.join(names)} as in the reference list {seed}")


def _vocabulary(source: Source) -> set[str]:
    """Every word of the lists that the source's values must stand in."""
    lists = (
        pl.read_csv(seed_path(seed), columns=list(names), infer_schema=False) for seed, names in source.known_in.items()
    )
    return {word for known in lists for column in known for word in column.drop_nulls().to_list()}


def _split(typed: pl.DataFrame, rejected: Rejects, source: Source, where: str, out_of_scope: int) -> Admitted:
    bad = rejected.select(POSITION).unique()
    _refuse_too_many(bad.height, typed.height, rejected, source, where)
    accepted = typed.join(bad, on=POSITION, how="anti", maintain_order="left") if bad.height else typed
    keyed = rejected.join(_keys(typed, source, rejected), on=POSITION, how="left").drop(POSITION)
    return Admitted(accepted.drop(POSITION), keyed, typed.height, bad.height, out_of_scope)


def _keys(typed: pl.DataFrame, source: Source, rejected: Rejects) -> pl.DataFrame:
    """The key of each row in words; of a restricted source without values that were rejected themselves."""
    parts = []
    for name in source.key:
        wrong = rejected.filter(pl.col("column") == name)[POSITION] if source.is_restricted else []
        text = pl.col(name).cast(pl.String).fill_null("")
        parts.append(pl.when(pl.col(POSITION).is_in(list(wrong))).then(pl.lit("…")).otherwise(text))
    return typed.select(POSITION, pl.concat_str(parts, separator=" | ").alias("row_key"))


def _refuse_too_many(lost: int, total: int, rejected: Rejects, source: Source, where: str) -> None:
    if lost <= source.max_rejected_share * total:
        return
    raise Fault(
        f"{where}: {lost:,} of {total:,} rows are wrong",
        rejects.examples(rejected),
        f"{rejected['expected'][0]}, in all but {source.max_rejected_share:.0%} of the rows",
        "the publisher changed a unit, a code or the layout",
        "check the publisher's notes, then correct the source YAML; the file is refused whole until then",
        quotes_file=True,
    )
