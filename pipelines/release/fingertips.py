"""All figures in the shape of Fingertips: its 27 columns, and the columns of its metadata.

Belongs here: how a figure is said in Fingertips' words. Does not belong here: figures (values.py), and what the columns
are (schemas/interface.py).

Compared with England: "Better", "Worse" or "Similar" where an interval exists, as its 95 % interval lies beside or
around England's value of the same period. With large denominators nearly every interval lies beside it: chance is then
the least of the reasons why organisations differ, and pub_variation has the limits that allow for that.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.release.api import API, read_figures
from pipelines.release.documents import write_csv
from pipelines.release.record import Indicator, Record
from pipelines.release.shorthand import MEANINGS
from schemas.interface import FINGERTIPS, FINGERTIPS_METADATA
from schemas.published import ENGLAND

DATA = API / "fingertips" / "data.csv"
METADATA = API / "fingertips" / "metadata.csv"

NOT_COMPARED = "Not compared"
SIDES = {"higher_is_better": ("Better", "Worse"), "lower_is_better": ("Worse", "Better")}
"""What it is called to lie above and below, by polarity."""
RANGES = {"month": "1m", "quarter": "3m", "rolling_year": "1y", "survey_year": "1y", "financial_year": "1y"}
VALUE_TYPES = {"percent": "Proportion", "ratio": "Ratio", "score": "Score", "index": "Index", "rating": "Ordinal score"}
POLARITIES = {"higher_is_better": "High is good", "lower_is_better": "Low is good"}
PERIOD = ("period_type", "period_key")
MONTHS_IN_A_YEAR = 12


def write_fingertips(candidate: Path, record: Record) -> list[Path]:
    """Write both files from the figures of the static interface, which must be there, and return them."""
    frames, metadata = [], []
    for number, indicator in enumerate(record.indicators, start=1):
        figures = read_figures(candidate, indicator)
        frames.append(_shaped(figures, indicator, record))
        metadata.append(_metadata(number, indicator, figures, record))
    return [
        write_csv(candidate / DATA, pl.concat(frames)),
        write_csv(candidate / METADATA, pl.DataFrame(metadata, schema=_schema())),
    ]


def _schema() -> dict[str, type[pl.DataType]]:
    return {column.name: pl.String for column in FINGERTIPS_METADATA.columns}


def _shaped(figures: pl.DataFrame, indicator: Indicator, record: Record) -> pl.DataFrame:
    """Column for column in Fingertips' order."""
    nothing = pl.lit(None, pl.String)
    columns = (
        pl.col("indicator_id"),
        pl.lit(record.mark + indicator.name),
        *(pl.col(name) for name in ("parent_code", "parent_name", "area_code", "area_name", "area_type")),
        pl.lit("Not applicable"),
        pl.lit("Not applicable"),
        nothing,
        nothing,
        *(pl.col(name) for name in ("period_key", "value", "lower_95", "upper_95", "lower_998", "upper_998")),
        *(pl.col(name) for name in ("numerator", "denominator")),
        _note(),
        pl.lit("Cannot be calculated"),
        _compared("england", indicator.polarity),
        _compared("parent", indicator.polarity),
        pl.col("period_end").dt.strftime("%Y%m%d").cast(pl.Int64),
        nothing,
        pl.lit(NOT_COMPARED),
        pl.coalesce(
            pl.when(pl.col("n_periods") < MONTHS_IN_A_YEAR).then(pl.format("{}m", "n_periods")),
            pl.col("period_type").replace_strict(RANGES, default=None, return_dtype=pl.String),
        ),
    )
    named = [column.alias(spec.name) for column, spec in zip(columns, FINGERTIPS.columns, strict=True)]
    return _with_references(figures).select(named)


def _note() -> pl.Expr:
    """Why there is no figure or what is to be known of it; of a part year, of how many months it is made."""
    part = pl.when(pl.col("n_periods") < MONTHS_IN_A_YEAR).then(
        pl.format("{} of {} months", "n_periods", pl.lit(MONTHS_IN_A_YEAR))
    )
    meaning = pl.col("note").replace_strict(MEANINGS, default=None, return_dtype=pl.String)
    return pl.concat_list(meaning, part).list.drop_nulls().list.join("; ").replace("", None)


def _with_references(figures: pl.DataFrame) -> pl.DataFrame:
    """With England's value and the parent's, of the same period."""
    values = figures.select("area_code", *PERIOD, "value")
    england = values.filter(pl.col("area_code") == ENGLAND).select(*PERIOD, england="value")
    parents = values.rename({"area_code": "parent_code", "value": "parent"})
    joined = figures.join(england, on=PERIOD, how="left", maintain_order="left")
    return joined.join(parents, on=("parent_code", *PERIOD), how="left", maintain_order="left")


def _compared(reference: str, polarity: str) -> pl.Expr:
    above, below = SIDES[polarity]
    comparable = pl.col("lower_95").is_not_null() & pl.col(reference).is_not_null()
    return (
        pl.when(~comparable | (pl.col("area_code") == ENGLAND))
        .then(pl.lit(NOT_COMPARED))
        .when(pl.col("lower_95") > pl.col(reference))
        .then(pl.lit(above))
        .when(pl.col("upper_95") < pl.col(reference))
        .then(pl.lit(below))
        .otherwise(pl.lit("Similar"))
    )


def _metadata(number: int, indicator: Indicator, figures: pl.DataFrame, record: Record) -> dict[str, str | None]:
    source = indicator.source
    return {
        "Indicator ID": indicator.indicator_id,
        "Indicator": record.mark + indicator.name,
        "Definition": indicator.description,
        "Rationale": indicator.rationale,
        "Data source": source.source_name,
        "Indicator source": record.policy["publisher"],
        "Methodology": indicator.methodology,
        "Confidence interval details": "Wilson's score interval" if indicator.interval_method == "wilson" else "None",
        "Source of numerator": source.source_name,
        "Definition of numerator": indicator.numerator_definition,
        "Source of denominator": source.source_name,
        "Definition of denominator": indicator.denominator_definition,
        "Disclosure control": "Figures that are not shown are empty, and Value note says why",
        "Caveats": indicator.limitations,
        "Copyright": source.attribution,
        "Data re-use": source.licence,
        "Links": source.landing_page,
        "Indicator number": str(number),
        "Notes": indicator.interpretation,
        "Frequency": indicator.frequency,
        "Rounding": "None beyond the publisher's and that of disclosure control",
        "Indicator Content": f"{indicator.kind}, {indicator.domain}",
        "Specific rationale": indicator.perverse_incentive,
        "Unit": indicator.unit,
        "Value type": VALUE_TYPES.get(indicator.unit, "Other"),
        "Year type": ", ".join(figures["period_type"].unique().sort()),
        "Polarity": POLARITIES[indicator.polarity],
        "parent_type": ", ".join(_parent_types(figures)),
    }


def _parent_types(figures: pl.DataFrame) -> list[str]:
    """England is the parent of regions and types, and a region that of organisations."""
    codes = figures["parent_code"].drop_nulls()
    return ["england"] * bool((codes == ENGLAND).any()) + ["region"] * bool((codes != ENGLAND).any())
