"""What a file says, whatever its bytes: a hash of its rows, and how two files of one edition differ.

Belongs here: comparing rows. Does not belong here: what follows from it (holds.py, settle.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import polars as pl

from pipelines.harmonise.door import Admitted
from schemas.fields import LABELS
from schemas.ingest.shapes import SHAPES
from schemas.source import Source

AT_ONCE = 50_000
LARGEST = 3
NTH = "@nth"


@dataclass(frozen=True)
class Difference:
    """How a newer file differs from an older one of its edition, in rows by the source's key.

    rows_relabelled: rows that differ in names only. organisations: how many have a row added, removed or changed.
    largest: the largest changes of a number, in words.
    """

    rows_added: int
    rows_removed: int
    rows_changed: int
    rows_relabelled: int
    organisations: int
    largest: str


def content_of(admitted: Admitted, source: Source) -> str:
    """A sha256 of the accepted rows and of the rejected cells, whatever their order and place in the file."""
    rejected = admitted.rejected.select("row_key", "column", "found", "expected")
    digest = hashlib.sha256()
    for frame in (admitted.accepted.select(SHAPES[source.shape].columns), rejected):
        digest.update(",".join(frame.columns).encode())
        for part in frame.sort(pl.all()).iter_slices(AT_ONCE):
            digest.update(part.write_csv(include_header=False, quote_style="non_numeric").encode())
    return digest.hexdigest()


def organisation_column(source: Source) -> str | None:
    """The column that names the organisation whose row it is; None where the shape has none."""
    columns = SHAPES[source.shape].columns
    return next((name for name in ("org_code", "provider_code") if name in columns), None)


def difference(old: pl.DataFrame, new: pl.DataFrame, source: Source) -> Difference:
    """Compares two staged files of one edition."""
    columns = SHAPES[source.shape].columns
    key = [*source.key, NTH]
    before, after = (_numbered(frame.select(columns), source) for frame in (old, new))
    added = after.join(before, on=key, how="anti", nulls_equal=True)
    removed = before.join(after, on=key, how="anti", nulls_equal=True)
    both = after.join(before, on=key, how="inner", nulls_equal=True, suffix=":old")
    figures = [name for name in columns if name not in (*source.key, *LABELS)]
    changed = both.filter(_any_differs(figures))
    relabelled = both.filter(_any_differs([name for name in columns if name in LABELS]) & ~_any_differs(figures))
    return Difference(
        rows_added=added.height,
        rows_removed=removed.height,
        rows_changed=changed.height,
        rows_relabelled=relabelled.height,
        organisations=_organisations([added, removed, changed], source),
        largest=_largest(changed, figures, source),
    )


def _numbered(frame: pl.DataFrame, source: Source) -> pl.DataFrame:
    """With a number for each row of a key that a publisher repeats, so that each finds its counterpart."""
    return frame.sort(pl.all()).with_columns(pl.int_range(pl.len()).over(source.key).alias(NTH))


def _any_differs(names: list[str]) -> pl.Expr:
    differs = [pl.col(name).ne_missing(pl.col(f"{name}:old")) for name in names]
    return pl.any_horizontal(differs) if differs else pl.lit(False)


def _organisations(parts: list[pl.DataFrame], source: Source) -> int:
    name = organisation_column(source)
    return pl.concat([part.select(name) for part in parts]).n_unique() if name else 0


def _largest(changed: pl.DataFrame, figures: list[str], source: Source) -> str:
    """Such as `RTD numerator 19,923 to 20,974`; empty where no number changed."""
    numbers = [name for name in figures if changed.schema[name].is_numeric()]
    key = pl.concat_str([pl.col(name).cast(pl.String) for name in source.key], separator=" ", ignore_nulls=True)
    parts = [
        changed.select(
            key.alias("key"),
            pl.lit(name).alias("name"),
            pl.col(f"{name}:old").cast(pl.Float64).alias("old"),
            pl.col(name).cast(pl.Float64).alias("new"),
        )
        for name in numbers
    ]
    if not parts:
        return ""
    by_size = pl.concat(parts).with_columns((pl.col("new") - pl.col("old")).abs().alias("size"))
    top = by_size.filter(pl.col("size") > 0).sort(["size", "key", "name"], descending=[True, False, False])
    rows = top.head(LARGEST).iter_rows(named=True)
    return "; ".join(f"{row['key']} {row['name']} {row['old']:,.10g} to {row['new']:,.10g}" for row in rows)
