"""One pandera model for each shape of data, and the columns that make it up.

Belongs here: what must hold of one staged row, and of one value in it, whatever the publisher.
Does not belong here: a narrower range for one source (its YAML), rules across sources (dbt).
Validate eager frames only, through pipelines/harmonise/door.py: pandera skips values on a LazyFrame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

import pandera.polars as pa
import polars as pl

from schemas.fields import FIELDS
from schemas.source import ValueStatus

CODE = r"^[A-Z0-9]{3,10}$"
REGION = r"^[A-Z0-9]{3}$"
# With a digit, so that no word can stand here.
PART = r"^[A-Z0-9]*[0-9][A-Z0-9]*$"
MAY_BE_EMPTY = {
    "region_code",
    "region_name",
    "icb_code",
    "icb_name",
    "postcode",
    "opened_on",
    "closed_on",
    "published_value",
    "commissioner_code",
    "from_weeks",
    "to_weeks",
    "location_ods_code",
    "item_id",
    "level",
    "org_name",
    "value",
    "numerator",
    "denominator",
    "pathway_count",
    "category",
    "unit_code",
}


@dataclass(frozen=True)
class Shape:
    """Columns of a staged table, after its provenance.

    checks: on one column's values. rows: over several columns of a row.
    value: the column whose emptiness `value_status` explains, if the shape has one.
    hashed: columns that are a hash of others, so that no YAML gives them.
    """

    columns: tuple[str, ...]
    checks: dict[str, tuple[pa.Check, ...]]
    rows: tuple[pa.Check, ...] = ()
    value: str | None = None
    hashed: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def model(self) -> pa.DataFrameSchema:
        """The pandera model: types, emptiness, and checks on values and on rows."""
        columns = {
            name: pa.Column(
                FIELDS[name].dtype,
                checks=list(self.checks.get(name, ())),
                nullable=name in MAY_BE_EMPTY,
            )
            for name in self.columns
        }
        return pa.DataFrameSchema(columns, checks=list(self.rows), strict=False)


def _matches(pattern: str, says: str) -> tuple[pa.Check, ...]:
    return (pa.Check.str_matches(pattern, error=says),)


def _among(values: tuple[str, ...]) -> tuple[pa.Check, ...]:
    return (pa.Check.isin(values, error=f"one of {', '.join(values)}"),)


def _row_rule(column: str, holds: pl.Expr, says: str) -> pa.Check:
    """A rule over several columns; nulls in them are the concern of other rules."""
    return pa.Check(lambda data: data.lazyframe.select(holds.fill_null(True)), error=f"{column}: {says}")


def _at_least_zero() -> tuple[pa.Check, ...]:
    return (pa.Check.ge(0, error="a number of 0 or more"),)


STATUSES = _among(get_args(ValueStatus))
ORG = {"org_code": _matches(CODE, "an ODS code: 3 to 10 capitals and digits")}

SHAPES: dict[str, Shape] = {
    "provider_counts": Shape(
        columns=(
            "period_start",
            "period_end",
            "org_code",
            "org_name",
            "org_kind",
            "region_code",
            "region_name",
            "icb_code",
            "icb_name",
            "numerator",
            "denominator",
            "published_value",
            "value_status",
        ),
        checks={
            **ORG,
            "numerator": _at_least_zero(),
            "denominator": _at_least_zero(),
            "value_status": STATUSES,
        },
        rows=(
            _row_rule(
                "numerator",
                pl.col("numerator") <= pl.col("denominator"),
                "no more than the denominator",
            ),
        ),
        value="numerator",
    ),
    "provider_items": Shape(
        columns=(
            "period_start",
            "period_end",
            "org_code",
            "org_name",
            "category",
            "item_name",
            "value",
            "value_status",
        ),
        checks={**ORG, "value": _at_least_zero(), "value_status": STATUSES},
        value="value",
    ),
    "waiting_bands": Shape(
        columns=(
            "period_start",
            "period_end",
            "org_code",
            "org_name",
            "icb_code",
            "commissioner_code",
            "pathway_part",
            "treatment_function_code",
            "band_label",
            "from_weeks",
            "to_weeks",
            "pathway_count",
            "value_status",
        ),
        checks={**ORG, "pathway_count": _at_least_zero(), "value_status": STATUSES},
        value="pathway_count",
    ),
    "survey_results": Shape(
        columns=(
            "survey_year",
            "org_code",
            "org_name",
            "benchmark_group",
            "region_name",
            "icb_name",
            "weighting",
            "question_id",
            "question_text",
            "response_option",
            "statistic",
            "value",
            "value_status",
        ),
        checks={
            # Joint returns print several codes with a slash between them.
            "org_code": _matches(r"^[A-Z0-9]{3,10}(/[A-Z0-9]{2,10})*$", "an ODS code: capitals and digits"),
            "question_id": _matches(r"^[a-z][a-z0-9_]*$", "a question id such as q3f or pp4_2"),
            "statistic": _among(("percent", "score", "base")),
            "value_status": STATUSES,
        },
        rows=(
            _row_rule(
                "value",
                (pl.col("statistic") != "percent") | pl.col("value").is_between(0, 100.000001),
                "a percentage from 0 to 100",
            ),
            _row_rule(
                "value",
                (pl.col("statistic") != "score") | pl.col("value").is_between(0, 10),
                "a score from 0 to 10",
            ),
            _row_rule(
                "value",
                (pl.col("statistic") != "base") | (pl.col("value") >= 0),
                "a number of responses of 0 or more",
            ),
        ),
        value="value",
    ),
    "ratings": Shape(
        columns=(
            "location_code",
            "location_ods_code",
            "location_name",
            "location_type",
            "inspection_category",
            "is_care_home",
            "location_region",
            "service_group",
            "domain",
            "rating",
            "publication_date",
            "report_type",
            "is_inherited",
            "provider_code",
            "provider_name",
            "value_status",
        ),
        checks={"value_status": STATUSES},
        value="rating",
    ),
    "organisations": Shape(
        columns=(
            "org_code",
            "org_name",
            "region_code",
            "icb_code",
            "postcode",
            "opened_on",
            "closed_on",
            "edition_date",
        ),
        checks={**ORG, "region_code": _matches(REGION, "a region code such as Y62")},
        rows=(
            _row_rule(
                "closed_on",
                pl.col("closed_on") >= pl.col("opened_on"),
                "not before the day of opening",
            ),
        ),
    ),
    "assessments": Shape(
        columns=(
            "submission_id",
            "org_code",
            "unit_code",
            "instrument_version",
            "assessment_date",
            "submission_status",
            "sharing_scope",
            "item_id",
            "level",
            "value_status",
        ),
        checks={
            **ORG,
            "submission_status": _among(("draft", "board_approved", "reassessment", "withdrawn")),
            "sharing_scope": _among(("private", "system", "national_aggregate", "national_named", "published")),
            "unit_code": _matches(PART, "the ODS code of a part, or nothing for the whole organisation"),
            "level": (pa.Check.ge(1, error="a level of 1 or more"),),
            "value_status": STATUSES,
        },
        rows=(
            _row_rule(
                "item_id",
                pl.col("item_id").is_not_null() | (pl.col("submission_status") == "withdrawn"),
                "an item, unless the submission is a withdrawal",
            ),
        ),
        value="level",
        hashed={
            "submission_id": ("org_code", "unit_code", "instrument_version", "assessment_date", "submission_status")
        },
    ),
}
