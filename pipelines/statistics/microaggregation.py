"""Groups of like organisations, of which only the mean is used, so that none of a group can be told from another.

Belongs here: forming the groups. Does not belong here: who takes part, and what is made of the groups, all of which is
SQL. One set of groups serves every outcome: were each outcome grouped by itself, what several of them say of the same
secret set of organisations could be solved for its members.
"""

from __future__ import annotations

import numpy as np
import polars as pl

POPULATION = ("exposure_year", "organisation_type")


def grouped(outcomes: pl.DataFrame, smallest: int) -> pl.DataFrame:
    """One row per organisation of each population of at least `smallest`: POPULATION, org_code and blur_group.

    outcomes: one row per organisation and outcome: POPULATION, org_code, outcome_key and outcome_value, in any units
    and null where there is none. Groups are alike in all outcomes, each in units of its standard deviation.
    """
    parts = [
        _of_one_population(rows, smallest).with_columns(
            pl.lit(year, pl.Int32).alias("exposure_year"), pl.lit(kind).alias("organisation_type")
        )
        for (year, kind), rows in outcomes.sort(*POPULATION, "org_code", "outcome_key").group_by(
            POPULATION, maintain_order=True
        )
    ]
    empty = {"exposure_year": pl.Int32, "organisation_type": pl.String, "org_code": pl.String, "blur_group": pl.Int32}
    return pl.concat([pl.DataFrame(schema=empty), *(part.select(*empty) for part in parts)])


def mdav(points: np.ndarray, smallest: int) -> np.ndarray:
    """The group of each row, from 0; groups have `smallest` rows, or fewer than twice as many. All -1 if too few rows.

    Maximum distance to average vector: Domingo-Ferrer and Torra 2005, Data Mining and Knowledge Discovery 11:195-212,
    the fixed-size form of Domingo-Ferrer and Mateo-Sanz 2002, IEEE TKDE 14:189-201.
    """
    groups, left, number = np.full(len(points), -1), np.arange(len(points)), 0
    while len(left) >= 2 * smallest:
        far = left[_distances(points[left], points[left].mean(axis=0)).argmax()]
        chosen = left[np.argsort(_distances(points[left], points[far]), kind="stable")[:smallest]]
        groups[chosen], number = number, number + 1
        left = np.setdiff1d(left, chosen)
    if len(left) >= smallest:
        groups[left] = number
    return groups


def _of_one_population(rows: pl.DataFrame, smallest: int) -> pl.DataFrame:
    wide = rows.pivot(on="outcome_key", index="org_code", values="outcome_value")
    points = wide.drop("org_code").cast(pl.Float64).to_numpy()
    groups = pl.Series("blur_group", mdav(_standardised(points), smallest), dtype=pl.Int32)
    return wide.select("org_code", groups).filter(pl.col("blur_group") >= 0)


def _standardised(points: np.ndarray) -> np.ndarray:
    """Each column in standard deviations from its mean; what is missing counts as average."""
    is_there = ~np.isnan(points)
    count = np.maximum(is_there.sum(axis=0), 1)
    centred = np.where(is_there, points - np.where(is_there, points, 0).sum(axis=0) / count, 0)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    return centred / np.where(spread > 0, spread, 1)


def _distances(points: np.ndarray, centre: np.ndarray) -> np.ndarray:
    return ((points - centre) ** 2).sum(axis=1)
