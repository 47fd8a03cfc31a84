"""The outcome of the organisations at each level of an exposure: median, quartiles and an interval of the median.

Belongs here: order statistics of groups that are given. Does not belong here: which organisations are at a level, how
their outcomes are blurred and which rows may be shown, all of which is SQL.
"""

from __future__ import annotations

import polars as pl

KEYS = (
    "basis",
    "exposure_kind",
    "exposure_id",
    "measure_id",
    "alignment",
    "exposure_period_key",
    "outcome_period_key",
    "instrument_version",
    "organisation_type",
    "level",
)
QUARTILES = {"outcome_lower_quartile": 0.25, "outcome_median": 0.5, "outcome_upper_quartile": 0.75}


def median_interval_place(n: int) -> int | None:
    """Place k of the order statistics k and n + 1 - k that hold the median with a probability of at least 95 %.

    The number of values below the median is binomial with one half (Conover 1999, Practical Nonparametric Statistics,
    section 3.2); nothing is taken of the values but their order. None for fewer than six: no two of them hold it.
    """
    from scipy.stats import binom

    return int(binom.ppf(0.025, n, 0.5)) or None


def summarise(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per group of KEYS: n, the quartiles, and the interval of the median, in the outcome's own unit.

    `frame` has one row per organisation in a group: KEYS, is_blurred and outcome_value. Blurred values are not
    interpolated: a quantile is then one of them, and so is the mean of a blurred group.
    """
    parts = [
        _summarised(frame.filter("is_blurred"), "lower"),
        _summarised(frame.filter(~pl.col("is_blurred")), "linear"),
    ]
    return pl.concat(parts).sort(KEYS)


def _summarised(frame: pl.DataFrame, interpolation: str) -> pl.DataFrame:
    value = pl.col("outcome_value")
    groups = frame.group_by(KEYS).agg(
        pl.len().cast(pl.Int32).alias("n"),
        *(value.quantile(share, interpolation=interpolation).alias(name) for name, share in QUARTILES.items()),
        value.sort().alias("ordered"),
    )
    sizes = groups["n"].unique().to_list()
    places = {n: median_interval_place(n) for n in sizes}
    place = pl.col("n").replace_strict(places, return_dtype=pl.Int32)
    return groups.with_columns(
        outcome_median_low=pl.col("ordered").list.get(place - 1),
        outcome_median_high=pl.col("ordered").list.get(pl.col("n") - place),
    ).drop("ordered")
