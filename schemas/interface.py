"""What the static interface of a release promises: the columns of its data files.

Belongs here: names, types and meanings of columns that are not those of a released table. Does not belong here: tables
(published.py), how a file is written (pipelines/release/api.py and fingertips.py).

FINGERTIPS has the 27 columns of the export of the Office for Health Improvement and Disparities' Fingertips, in its
order. The name of its column 23 varies there with the type of the parent area; here it is always the same.
"""

from __future__ import annotations

from schemas.published import (
    DATA_ORIGIN,
    DENOMINATOR,
    NUMERATOR,
    PERIOD_END,
    PERIOD_KEY,
    PERIOD_START,
    PUBLISHED_ON,
    RELEASE_ID,
    VALUE,
    VALUE_STATUS,
    Column,
    Table,
)

PERIOD_TYPES = ("month", "quarter", "rolling_year", "year_to_date", "survey_year", "financial_year", "as_of", "round")


def _text(name: str, meaning: str, *, nullable: bool = False) -> Column:
    return Column(name, "VARCHAR", meaning, nullable)


def _number(name: str, meaning: str) -> Column:
    return Column(name, "DOUBLE", meaning, nullable=True)


INDICATOR_VALUES = Table(
    "indicator_values",
    "area and period of one indicator",
    (
        _text("indicator_id", "indicator"),
        _text(
            "area_code", "ODS code as reported; ENG is England; of maturity also a region or a type of organisations"
        ),
        _text("area_name", "name as reported; never a key"),
        _text("area_type", "england, region, type (all organisations of a type together), or the organisation's type"),
        _text("parent_code", "region that the organisation is in today; of a region or type ENG", nullable=True),
        _text("parent_name", "name of the parent", nullable=True),
        Column("period_type", "VARCHAR", "kind of period", allowed=PERIOD_TYPES),
        PERIOD_KEY,
        PERIOD_START,
        PERIOD_END,
        Column(
            "n_periods",
            "INTEGER",
            "of how many months a financial year made of months consists: below 12 in a part year; empty for others",
            nullable=True,
        ),
        VALUE,
        _number(
            "lower_95", "lower end of the 95 % interval, in the unit of the value; see the indicator's methodology"
        ),
        _number("upper_95", "upper end of the 95 % interval"),
        _number("lower_998", "lower end of the 99.8 % interval"),
        _number("upper_998", "upper end of the 99.8 % interval"),
        NUMERATOR,
        DENOMINATOR,
        VALUE_STATUS,
        _text(
            "note",
            "shorthand letters: c suppressed, x not available, z not applicable, p provisional, r revised",
            nullable=True,
        ),
        PUBLISHED_ON,
        DATA_ORIGIN,
        RELEASE_ID,
    ),
    key=("area_code", "area_type", "period_type", "period_key"),
)

REVISIONS = Table(
    "revisions",
    "table, row and column that differs from the last release",
    (
        _text("table_name", "table whose row differs"),
        _text("indicator_id", "measure, driver or question the row is about", nullable=True),
        _text("row_key", "key of the row"),
        _text("org_code", "ODS code, where the table has one", nullable=True),
        _text("period_key", "period, where the table has one", nullable=True),
        _text("column_name", "column that differs; null where the row came or went", nullable=True),
        _text("old_value", "what the last release said, as text", nullable=True),
        _text("new_value", "what this release says, as text", nullable=True),
        _number("old_number", "the same as a number, where it is one"),
        _number("new_number", "the same as a number, where it is one"),
        _text("old_status", "value_status in the last release", nullable=True),
        _text("new_status", "value_status in this release", nullable=True),
        _text("change", "what became of the row"),
        _text("reason", "why it differs, by rule"),
        _text("release_from", "release that this one is compared with; null in the first", nullable=True),
        _text("release_to", "this release"),
        DATA_ORIGIN,
    ),
)

COMPARISONS = ("Better", "Similar", "Worse", "Not compared")
FINGERTIPS = Table(
    "fingertips_data",
    "indicator, area and period",
    (
        _text("Indicator ID", "indicator"),
        _text("Indicator Name", "name of the indicator, marked where figures are SYNTHETIC"),
        _text("Parent Code", "region or England", nullable=True),
        _text("Parent Name", "name of the parent", nullable=True),
        _text("Area Code", "ODS code; ENG is England"),
        _text("Area Name", "name as reported"),
        _text("Area Type", "as area_type of the indicator's data"),
        _text("Sex", "always Not applicable: no figure is broken down"),
        _text("Age", "always Not applicable: no figure is broken down"),
        _text("Category Type", "always empty: no figure is broken down", nullable=True),
        _text("Category", "always empty: no figure is broken down", nullable=True),
        _text("Time period", "period in a form that sorts by time within its type"),
        _number("Value", "the figure in the indicator's unit"),
        _number("Lower CI 95.0 limit", "lower end of the 95 % interval"),
        _number("Upper CI 95.0 limit", "upper end of the 95 % interval"),
        _number("Lower CI 99.8 limit", "lower end of the 99.8 % interval"),
        _number("Upper CI 99.8 limit", "upper end of the 99.8 % interval"),
        _number("Count", "numerator"),
        _number("Denominator", "denominator"),
        _text("Value note", "why there is no figure, or that it is not final", nullable=True),
        Column("Recent Trend", "VARCHAR", "no trend is tested here", allowed=("Cannot be calculated",)),
        Column(
            "Compared to England value or percentiles",
            "VARCHAR",
            "whether the 95 % interval lies on one side of England's value of the same period",
            allowed=COMPARISONS,
        ),
        Column("compared_to_parent", "VARCHAR", "the same against the parent's value", allowed=COMPARISONS),
        Column("Time period Sortable", "BIGINT", "last day of the period as YYYYMMDD", nullable=True),
        _text("New data", "always empty: the table of revisions tells what is new", nullable=True),
        Column("Compared to goal", "VARCHAR", "no goal is compared here", allowed=("Not compared",)),
        _text("Time period range", "length of the period, such as 1m or 1y; empty where it varies", nullable=True),
    ),
)

FINGERTIPS_METADATA = Table(
    "fingertips_metadata",
    "indicator",
    tuple(
        _text(name, meaning, nullable=True)
        for name, meaning in {
            "Indicator ID": "indicator",
            "Indicator": "name, marked where figures are SYNTHETIC",
            "Definition": "what the figure is",
            "Rationale": "why it is measured",
            "Data source": "source of the figures",
            "Indicator source": "who made the indicator",
            "Methodology": "how it is made",
            "Standard population/values": "what a standardised figure is standardised to",
            "Confidence interval details": "how intervals are made",
            "Source of numerator": "source of the numerator",
            "Definition of numerator": "what is counted",
            "Source of denominator": "source of the denominator",
            "Definition of denominator": "out of what",
            "Disclosure control": "what is hidden",
            "Caveats": "limitations",
            "Copyright": "words that the licence asks for",
            "Data re-use": "licence",
            "Links": "page of the source",
            "Indicator number": "place in the list",
            "Notes": "what it shows and what it does not show",
            "Frequency": "how often new figures come",
            "Rounding": "how figures are rounded",
            "Indicator Content": "kind of indicator and domain",
            "Specific rationale": "what it may tempt to",
            "Unit": "unit of the value",
            "Value type": "kind of value",
            "Year type": "kinds of period",
            "Polarity": "which direction is better",
            "Impact of COVID-19": "what is known of it",
            "parent_type": "type of the parent areas in the data",
        }.items()
    ),
    key=("Indicator ID",),
)
