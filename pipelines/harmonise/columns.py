"""From published columns to canonical ones: choosing, rewriting, typing, and saying why a value is absent.

Belongs here: what one cell becomes. Does not belong here: rules over rows (door.py) and reading files.
Every cell that cannot be understood becomes a reject with its place, never a silent null.
"""

from __future__ import annotations

import hashlib
import re
from difflib import get_close_matches

import polars as pl

from pipelines.errors import Fault
from pipelines.harmonise.rejects import COLUMNS, POSITION, Rejects, none
from pipelines.readers.frame import NAME, ROW, SHEET, VALUE, plain
from pipelines.settings import seed_path
from schemas.fields import FIELDS
from schemas.ingest.shapes import Shape
from schemas.source import ColumnRule, Source, StatusRule, ValueNames

STATUS = "value_status"
BOOLEANS = {"true": True, "false": False}


def in_scope(frame: pl.DataFrame, source: Source, where: str) -> pl.DataFrame:
    """Only the rows that the source is about, by its declared scope. Raises Fault on an unknown column."""
    if not source.scope:
        return frame
    for name, values in source.scope.keep.items():
        published = published_name(frame, (name,), where, name)
        frame = frame.filter(pl.col(published).str.strip_chars().is_in(list(values)))
    for name in source.scope.filled:
        published = published_name(frame, (name,), where, name)
        frame = frame.filter(pl.col(published).str.strip_chars().fill_null("") != "")
    return frame


def unpivoted(frame: pl.DataFrame, source: Source, where: str) -> pl.DataFrame:
    """Columns that match the source's pattern as rows: `@name`, `@value` and `@<group>` for each group."""
    if not source.unpivot:
        return frame
    pattern = re.compile(source.unpivot)
    matched = {name: pattern.match(name) for name in frame.columns}
    hits = {name: match.groupdict() for name, match in matched.items() if match}
    if not hits:
        raise Fault(
            where,
            f"no column like {source.unpivot}",
            "at least one",
            "the publisher renamed the columns",
            "correct `unpivot` in the source YAML",
        )
    others = [name for name in frame.columns if name not in hits]
    long = frame.unpivot(on=list(hits), index=others, variable_name=NAME, value_name=VALUE)
    # In a workbook an empty cell is an empty text; null means that this sheet has no such column.
    long = long.filter(pl.col(VALUE).is_not_null() | pl.col(SHEET).is_null())
    return long.with_columns(
        pl.col(NAME)
        .replace_strict({name: groups[group] for name, groups in hits.items()}, return_dtype=pl.String)
        .alias(f"@{group}")
        for group in pattern.groupindex
    )


def canonical(frame: pl.DataFrame, source: Source, shape: Shape, where: str) -> tuple[pl.DataFrame, Rejects]:
    """The shape's columns, typed, plus `@position`, `@row` and `@sheet`; and the cells not understood.

    A row with a reject keeps its place here; the door takes it out. Raises Fault on a missing column.
    """
    texts = pl.DataFrame({name: _text(frame, rule, where, name) for name, rule in source.columns.items()})
    texts = texts.with_columns(_unnamed(texts, name, names) for name, names in source.named_in.items())
    place = pl.int_range(pl.len(), dtype=pl.Int32).alias(POSITION)
    texts = texts.with_columns(frame[ROW], frame[SHEET], place)
    # Of a large file every copy counts.
    del frame
    typed, rejects = [], [none()]
    for name, rule in source.columns.items():
        column, rejected = _typed(texts, name, rule)
        typed.append(column.alias(name))
        if rejected is not None:
            rejects.append(rejected)
    out = texts.select(POSITION, ROW, SHEET, *typed)
    if shape.value:
        out = out.with_columns(_status(texts, shape.value, source.columns[shape.value]))
    for name, rule in source.columns.items():
        out = out.with_columns(pl.col(name) * _factor(by, factors) for by, factors in rule.scale.items())
    for rule in source.statuses:
        out = out.with_columns(_other_status(rule))
    for name, parts in shape.hashed.items():
        out = out.with_columns(_hash(out, parts).alias(name))
    return out, pl.concat(rejects)


def published_name(frame: pl.DataFrame, names: tuple[str, ...], where: str, column: str) -> str:
    """The published column that one of these names means, whatever its case or spacing. Raises Fault."""
    present = {plain(name): name for name in frame.columns}
    for name in names:
        if plain(name) in present:
            return present[plain(name)]
    visible = [name for name in frame.columns if not name.startswith("@")]
    near = get_close_matches(names[0], visible, n=3, cutoff=0.5) or visible[:8]
    raise Fault(
        f'{where}, column "{names[0]}"',
        f"no such column; the nearest are {', '.join(near)}",
        f"{' or '.join(names)}, which gives `{column}`",
        "the publisher renamed or dropped the column",
        f"check the publisher's notes; if it was renamed, add the new name to `columns.{column}.source`",
        quotes_file=True,
    )


def _text(frame: pl.DataFrame, rule: ColumnRule, where: str, column: str) -> pl.Series:
    if rule.const is not None:
        return pl.repeat(rule.const, frame.height, dtype=pl.String, eager=True)
    if rule.joined:
        return _joined(frame, rule.joined, where, column)
    try:
        name = published_name(frame, rule.source, where, column)
    except Fault:
        if not rule.optional:
            raise
        return pl.repeat(rule.fill, frame.height, dtype=pl.String, eager=True)
    cells = frame[name].str.strip_chars()
    cells = cells.set(cells.is_in(list(rule.blanks)).fill_null(True), None)
    return cells.fill_null(rule.fill) if rule.fill is not None else cells


def _joined(frame: pl.DataFrame, names: tuple[str, ...], where: str, column: str) -> pl.Series:
    parts = [pl.col(published_name(frame, (name,), where, column)) for name in names]
    cells = [part.str.strip_chars().fill_null("") for part in parts]
    return frame.select(pl.concat_str(cells, separator=" | ")).to_series()


def _unnamed(texts: pl.DataFrame, name: str, names: ValueNames) -> pl.Series:
    """The column with values in place of their names, where the list of reference data knows the name."""
    seed = pl.read_csv(seed_path(names.seed), infer_schema=False)
    value, label = pl.col(name), pl.col(names.label)
    known = pl.concat(
        seed.select(*names.within, value.alias("value"), _spelt(written).alias(name))
        for written in (label, pl.concat_str([value, label], separator=" - "))
    ).unique([*names.within, name], keep="none")
    given = texts.select(*(pl.col(part).str.to_lowercase() for part in names.within), _spelt(value))
    values = given.join(known, on=[*names.within, name], how="left", maintain_order="left")["value"]
    return values.fill_null(texts[name]).alias(name)


def _spelt(words: pl.Expr) -> pl.Expr:
    """Words for comparison: one case, one kind of dash, single spaces."""
    return words.str.to_lowercase().str.replace_all(r"\s*[-–—:]\s*", " - ").str.replace_all(r"\s+", " ")


def _typed(texts: pl.DataFrame, name: str, rule: ColumnRule) -> tuple[pl.Series, Rejects | None]:
    cells = texts[name]
    dtype = FIELDS[name].dtype
    if dtype != pl.String:
        cells = cells.set(cells.is_in(list(rule.non_values)).fill_null(False), None)
    typed = _parse(_reworded(cells, rule), dtype, rule)
    failed = typed.is_null() & cells.is_not_null()
    if not failed.any():
        return typed, None
    rejected = texts.filter(failed).select(
        POSITION,
        ROW,
        SHEET,
        pl.lit(name).alias("column"),
        pl.col(name).alias("found"),
        pl.lit(_expects(dtype, rule)).alias("expected"),
    )
    return typed, rejected.select(COLUMNS)


def _reworded(cells: pl.Series, rule: ColumnRule) -> pl.Series:
    """Mapping, rewriting and case, done once for each distinct text."""
    if not (rule.mapping or rule.rewrite or rule.case):
        return cells
    distinct = cells.drop_nulls().unique().to_list()
    words = {word: _reword(word, rule) for word in distinct}
    return cells.replace_strict(words, default=None, return_dtype=pl.String)


def _reword(word: str, rule: ColumnRule) -> str | None:
    if rule.mapping:
        return rule.mapping.get(word)
    if rule.rewrite:
        matches = ((re.search(pattern, word), to) for pattern, to in rule.rewrite.items())
        word = next((match.expand(to) for match, to in matches if match), "")
    if rule.case == "upper":
        return word.upper() or None
    if rule.case in ("lower", "snake"):
        word = word.lower()
    return (re.sub(r"[^a-z0-9]+", "_", word).strip("_") if rule.case == "snake" else word) or None


def _parse(cells: pl.Series, dtype: type[pl.DataType], rule: ColumnRule) -> pl.Series:
    if dtype == pl.String:
        return cells
    if dtype == pl.Boolean:
        return cells.replace_strict(BOOLEANS, default=None, return_dtype=pl.Boolean)
    if dtype == pl.Date:
        return _parse_date(cells, rule)
    numbers = cells.cast(pl.Float64, strict=False)
    numbers = numbers.set(~numbers.is_finite().fill_null(True), None)
    if dtype == pl.Float64:
        return numbers
    return numbers.set((numbers != numbers.round()).fill_null(False), None).cast(dtype, strict=False)


def _parse_date(cells: pl.Series, rule: ColumnRule) -> pl.Series:
    dates = pl.repeat(None, len(cells), dtype=pl.Date, eager=True)
    for pattern in (*rule.formats, "%Y-%m-%d"):
        dates = dates.zip_with(dates.is_not_null(), cells.str.to_date(pattern, strict=False))
    return dates.dt.month_end() if rule.month_end else dates


def _expects(dtype: type[pl.DataType], rule: ColumnRule) -> str:
    if rule.mapping:
        return f"one of {', '.join(rule.mapping)}"
    if len(rule.rewrite) > 3:
        return f"a text that one of the {len(rule.rewrite)} patterns under `rewrite` knows"
    if rule.rewrite:
        return f"a text like {' or '.join(rule.rewrite)}"
    if dtype == pl.Date:
        return f"a date like {' or '.join((*rule.formats, '%Y-%m-%d'))}"
    marks = f" or {', '.join(rule.non_values)}" if rule.non_values else ""
    return {pl.Float64: "a number", pl.Boolean: "true or false"}.get(dtype, "a whole number") + marks


def _status(texts: pl.DataFrame, name: str, rule: ColumnRule) -> pl.Expr:
    statuses = texts[name].replace_strict(rule.non_values, default="observed", return_dtype=pl.String)
    return statuses.set(texts[name].is_null(), "missing").alias(STATUS)


def _factor(by: str, factors: dict[str, float]) -> pl.Expr:
    return pl.col(by).replace_strict(factors, default=1.0, return_dtype=pl.Float64)


def _other_status(rule: StatusRule) -> pl.Expr:
    """The status by the rule; a row without one of the columns keeps its own."""
    matches = [pl.col(name).str.contains(f"^(?:{pattern})$").fill_null(False) for name, pattern in rule.where.items()]
    applies = pl.all_horizontal(pl.col(STATUS) == rule.instead_of, *matches)
    return pl.when(applies).then(pl.lit(rule.status)).otherwise(pl.col(STATUS)).alias(STATUS)


def _hash(frame: pl.DataFrame, parts: tuple[str, ...]) -> pl.Series:
    keys = frame.select(
        pl.concat_str([pl.col(part).cast(pl.String).fill_null("") for part in parts], separator="|")
    ).to_series()
    digests = {key: hashlib.sha256(key.encode()).hexdigest()[:16] for key in keys.unique().to_list()}
    return keys.replace_strict(digests, return_dtype=pl.String)
